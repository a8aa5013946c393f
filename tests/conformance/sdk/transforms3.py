"""The ``sagemaker`` SDK, version 3 (sagemaker-core): a ``TransformJob``."""

from sagemaker.core.resources import TransformJob
from sagemaker.core.shapes import (
    TransformDataSource,
    TransformInput,
    TransformOutput,
    TransformResources,
    TransformS3DataSource,
)

from tests.conformance.sdk.story import settings, tell


class Context:
    def __init__(self, told):
        self.told = told
        self.name = told["name"]

    def create(self, name, source="in"):
        folder = self.told["folder"]
        source = TransformS3DataSource(s3_data_type="S3Prefix", s3_uri=f"{folder}/{source}")
        return TransformJob.create(
            transform_job_name=f"{self.name}-{name}",
            model_name=self.told["model"],
            transform_input=TransformInput(
                data_source=TransformDataSource(s3_data_source=source),
                content_type="text/csv",
                split_type="Line",
            ),
            transform_output=TransformOutput(
                s3_output_path=f"{folder}/{name}", accept="text/csv", assemble_with="Line"
            ),
            transform_resources=TransformResources(instance_type="ml.m5.large", instance_count=1),
        )


def create_and_wait(c):
    job = c.create("three")
    job.wait(poll=1, timeout=300)
    return job.transform_job_status


def get(c):
    job = TransformJob.get(transform_job_name=f"{c.name}-three")
    return [job.model_name, job.transform_input.split_type, job.transform_job_status]


def get_all(c):
    found = TransformJob.get_all(name_contains=c.name)
    return [each.transform_job_name for each in found]


def stop(c):
    job = c.create("stopped", "large")
    job.stop()
    job.wait(poll=1, timeout=300)
    return job.transform_job_status


STEPS = (create_and_wait, get, get_all, stop)

if __name__ == "__main__":
    told, path = settings()
    tell(STEPS, Context(told), path)
