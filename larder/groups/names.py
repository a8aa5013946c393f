"""Names and ARNs of feature groups: what a request may call a group, and which group it means."""

from __future__ import annotations

import re
from dataclasses import dataclass

from larder.errors import ValidationError

NAME_PATTERN = "[a-zA-Z0-9]([_-]*[a-zA-Z0-9]){0,63}"
_NAME = re.compile("[a-zA-Z0-9](?:[_-]*[a-zA-Z0-9]){0,63}", re.ASCII)
_ARN = re.compile(
    r"arn:(aws[a-z\-]*):sagemaker:([a-z0-9\-]*):([0-9]{12}):feature-group/(.*)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Home:
    """The account and region whose groups these are."""

    partition: str
    region: str
    account_id: str

    def arn(self, name: str) -> str:
        """The ARN of a feature group of ours."""
        return f"{self._prefix}{name}"

    def group_name(self, name_or_arn: str) -> str:
        """The name that a request means.

        Raises:
            ValidationError: it is neither a name nor an ARN of a group in this account and region;
                an ARN of elsewhere never reaches local data.
        """
        match = _ARN.fullmatch(name_or_arn)
        name = match[4] if match else name_or_arn
        # the length is checked first: the pattern backtracks on long runs of separators
        if len(name) > 64 or _NAME.fullmatch(name) is None:
            raise ValidationError(
                f"Value {name_or_arn[:160]!r} at 'featureGroupName' failed to satisfy constraint: "
                f"Member must be a name of 1 to 64 characters that satisfies the pattern "
                f"{NAME_PATTERN}, or a feature group's ARN."
            )
        if match and name_or_arn != self.arn(name):
            raise ValidationError(
                f"Feature group {name_or_arn!r} is not of account {self.account_id} in "
                f"{self.region}: this endpoint serves {self._prefix}* only."
            )
        return name

    @property
    def _prefix(self) -> str:
        return f"arn:{self.partition}:sagemaker:{self.region}:{self.account_id}:feature-group/"
