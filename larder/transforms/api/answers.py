"""The answers on transform jobs. Times are epoch seconds, as for groups."""

from __future__ import annotations

from typing import Any

from larder.groups.api.answers import present, seconds
from larder.transforms.job import TransformJob

Members = dict[str, Any]


def described(job: TransformJob, arn: str) -> Members:
    """DescribeTransformJob's answer: what was sent, and how far the job has come."""
    return present(
        {
            "TransformJobName": job.name,
            "TransformJobArn": arn,
            "TransformJobStatus": job.status,
            "FailureReason": job.failure,
            **job.sent,
            "CreationTime": seconds(job.created),
            "TransformStartTime": _moment(job.started),
            "TransformEndTime": _moment(job.ended),
        }
    )


def summarized(job: TransformJob, arn: str) -> Members:
    """A job as ListTransformJobs answers it."""
    return present(
        {
            "TransformJobName": job.name,
            "TransformJobArn": arn,
            "CreationTime": seconds(job.created),
            "TransformEndTime": _moment(job.ended),
            "LastModifiedTime": seconds(job.modified),
            "TransformJobStatus": job.status,
            "FailureReason": job.failure,
        }
    )


def _moment(micros: int) -> float | None:
    return seconds(micros) if micros else None
