"""The operations on transform jobs, as SageMaker's model has them."""

from __future__ import annotations

from dataclasses import dataclass

from larder.groups.api.answers import present
from larder.models.api.control_requests import list_ask, list_criteria, list_order
from larder.transforms.api import answers
from larder.transforms.api.requests import job_spec
from larder.transforms.manage_jobs import TransformJobs
from larder.wire.json_rpc import Answer, Members, Operation


def transform_operations(jobs: TransformJobs) -> dict[str, Operation]:
    """The operations on transform jobs, by SageMaker's names."""
    operations = _Operations(jobs)
    return {
        "CreateTransformJob": operations.create,
        "DescribeTransformJob": operations.describe,
        "ListTransformJobs": operations.list,
        "StopTransformJob": operations.stop,
    }


@dataclass(frozen=True, slots=True)
class _Operations:
    jobs: TransformJobs

    def create(self, members: Members) -> Answer:
        job = self.jobs.create(job_spec(members))
        return {"TransformJobArn": self.jobs.items.arn(job.name)}

    def describe(self, members: Members) -> Answer:
        job = self.jobs.get(members["TransformJobName"])
        return answers.described(job, self.jobs.items.arn(job.name))

    def list(self, members: Members) -> Answer:
        items = self.jobs.items
        page = items.page(list_order(members), list_ask(members), list_criteria(members))
        entries = [answers.summarized(each, items.arn(each.name)) for each in page.entries]
        return present({"TransformJobSummaries": entries, "NextToken": page.next_token})

    def stop(self, members: Members) -> Answer:
        self.jobs.stop(members["TransformJobName"])
        return None
