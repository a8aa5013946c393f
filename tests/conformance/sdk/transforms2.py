"""The ``sagemaker`` SDK, version 2: a ``Transformer`` that is run, waited for and attached to."""

from sagemaker.model import Model
from sagemaker.session import Session
from sagemaker.transformer import Transformer

from tests.conformance.sdk.story import settings, tell


class Context:
    def __init__(self, told):
        self.told = told
        self.session = Session()
        self.name = told["name"]

    def transformer(self, output):
        return Transformer(
            model_name=self.told["model"],
            instance_count=1,
            instance_type="ml.m5.large",
            strategy="MultiRecord",
            assemble_with="Line",
            accept="text/csv",
            output_path=f"{self.told['folder']}/{output}",
            sagemaker_session=self.session,
        )

    def described(self, name):
        return self.session.sagemaker_client.describe_transform_job(TransformJobName=name)

    def run(self, transformer, name, source="in", **more):
        transformer.transform(
            f"{self.told['folder']}/{source}",
            content_type="text/csv",
            split_type="Line",
            job_name=f"{self.name}-{name}",
            **more,
        )


def run_and_wait_with_logs(c):
    transformer = c.transformer("logs")
    c.run(transformer, "logs", wait=True, logs=True)
    return c.described(f"{c.name}-logs")["TransformJobStatus"]


def run_and_wait_without_logs(c):
    transformer = c.transformer("quiet")
    processing = {"input_filter": "$", "join_source": "Input", "output_filter": "$[-1]"}
    c.run(transformer, "quiet", wait=True, logs=False, **processing)
    return c.described(f"{c.name}-quiet")["TransformJobStatus"]


def attach(c):
    again = Transformer.attach(f"{c.name}-logs", c.session)
    again.wait(logs=False)
    return [again.model_name, again.output_path, again.accept, again.assemble_with]


def a_models_own_transformer(c):
    model = Model(
        image_uri=c.told["image"],
        model_data=c.told["data"],
        role=c.told["role"],
        name=f"{c.name}-own",
        sagemaker_session=c.session,
    )
    transformer = model.transformer(
        1, "ml.m5.large", accept="text/csv", output_path=f"{c.told['folder']}/own"
    )
    c.run(transformer, "own", wait=True, logs=False)
    return c.described(f"{c.name}-own")["TransformJobStatus"]


def stop(c):
    transformer = c.transformer("stopped")
    c.run(transformer, "stopped", "large", wait=False, logs=False)
    transformer.stop_transform_job(wait=True)
    return c.described(f"{c.name}-stopped")["TransformJobStatus"]


STEPS = (
    run_and_wait_with_logs,
    run_and_wait_without_logs,
    attach,
    a_models_own_transformer,
    stop,
)

if __name__ == "__main__":
    told, path = settings()
    tell(STEPS, Context(told), path)
