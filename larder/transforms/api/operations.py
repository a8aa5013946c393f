"""The operations on transform jobs, as SageMaker's model has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from larder.errors import ValidationError
from larder.groups.api.answers import present, tag_list
from larder.groups.api.requests import tag_pairs
from larder.models.api.control_requests import list_ask, list_criteria, list_order
from larder.models.names import kind_of_arn
from larder.models.registry_items import Kind
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


def job_tag_operations(
    jobs: TransformJobs, others: Mapping[str, Operation]
) -> dict[str, Operation]:
    """AddTags, ListTags and DeleteTags for jobs; ``others`` tag the rest."""
    own = _TagOperations(jobs)
    mine = {"AddTags": own.add, "ListTags": own.list, "DeleteTags": own.remove}
    return {name: _by_arn(operation, others[name]) for name, operation in mine.items()}


def _by_arn(own: Operation, others: Operation) -> Operation:
    def tagging(members: Members) -> Answer:
        is_own = kind_of_arn(members["ResourceArn"]) is Kind.TRANSFORM_JOB
        return own(members) if is_own else others(members)

    return tagging


@dataclass(frozen=True, slots=True)
class _Operations:
    jobs: TransformJobs

    def create(self, members: Members) -> Answer:
        job = self.jobs.create(job_spec(members))
        return {"TransformJobArn": self.jobs.items.arn(job.name)}

    def describe(self, members: Members) -> Answer:
        job = self.jobs.items.get(members["TransformJobName"])
        return answers.described(job, self.jobs.items.arn(job.name))

    def list(self, members: Members) -> Answer:
        items = self.jobs.items
        page = items.page(list_order(members), list_ask(members), list_criteria(members))
        entries = [answers.summarized(each, items.arn(each.name)) for each in page.entries]
        return present({"TransformJobSummaries": entries, "NextToken": page.next_token})

    def stop(self, members: Members) -> Answer:
        self.jobs.stop(members["TransformJobName"])
        return None


@dataclass(frozen=True, slots=True)
class _TagOperations:
    jobs: TransformJobs

    def add(self, members: Members) -> Answer:
        tags = self.jobs.items.add_tags(members["ResourceArn"], tag_pairs(members["Tags"]))
        return {"Tags": tag_list(tags)}

    def list(self, members: Members) -> Answer:
        """All at once: a job has no more tags than the smallest page."""
        if "NextToken" in members:
            raise ValidationError(
                "NextToken is not one that ListTags gave: it answers all tags at once."
            )
        return {"Tags": tag_list(self.jobs.items.tags(members["ResourceArn"]))}

    def remove(self, members: Members) -> Answer:
        self.jobs.items.remove_tags(members["ResourceArn"], members["TagKeys"])
        return {}
