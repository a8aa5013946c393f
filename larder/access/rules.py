"""What a caller may do with a feature group: the group's grants under the platform's rules.

The caller is the principal that signed the request. A group to which nothing is granted is open to
every caller that IAM admits. On a stage that chooses so, it is closed to all but administrators.
Once anything is granted, only what is granted is allowed. A call without a caller did not come
through an endpoint: a principal that may invoke the function itself acts for the account.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

from larder.access.grants import EVERYBODY, Principals, Right, pattern_problem
from larder.errors import AccessForbidden, ConfigurationError, ValidationError

GROUP: Final = "FeatureGroup"


class Account(Protocol):
    """The account that the resources are in."""

    @property
    def partition(self) -> str:
        """The partition of its ARNs, such as ``aws``."""

    @property
    def account_id(self) -> str:
        """Its twelve digits."""


class Guarded(Protocol):
    """A resource that rights are granted on: a feature group, later a model or a pipeline."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def principals(self) -> Mapping[Right, Principals] | None:
        """Who has which right; ``None`` where nothing was granted to anybody."""


@dataclass(frozen=True)
class AccessRules:
    """A platform's rules.

    Attributes:
        administrators: patterns of principals that may do all, as the root user may.
        missing_grants_deny: whether a group without grants is closed to everyone else.
        creators: patterns of principals that may create groups, beside administrators. Without
            any, everyone may where groups without grants are open, and administrators alone where
            they are closed.
    """

    home: Account
    administrators: tuple[str, ...] = ()
    missing_grants_deny: bool = False
    creators: tuple[str, ...] = ()

    @classmethod
    def read(
        cls,
        home: Account,
        administrators: tuple[str, ...],
        missing_grants_deny: int,
        creators: tuple[str, ...] = (),
    ) -> AccessRules:
        """The rules that a function's settings state: patterns of principals, and 0 or 1.

        Raises:
            ConfigurationError: a pattern is malformed.
        """
        for name, patterns in (("administrators", administrators), ("creators", creators)):
            for pattern in patterns:
                if problem := pattern_problem(pattern):
                    raise ConfigurationError(f"{name}: {pattern!r}: {problem}")
        return cls(home, administrators, bool(missing_grants_deny), creators)

    def access_of(self, caller: str | None) -> Access:
        """What the caller of that ARN may do; ``None`` is the account itself."""
        return Access(self, caller)

    @cached_property
    def administering(self) -> Principals:
        """Who may do all."""
        root = f"arn:{self.home.partition}:iam::{self.home.account_id}:root"
        return Principals((root, *self.administrators))

    @cached_property
    def creating(self) -> Principals:
        """Who may create groups, administrators aside."""
        everyone = not self.creators and not self.missing_grants_deny
        return Principals((EVERYBODY,) if everyone else self.creators)


@dataclass(frozen=True, slots=True)
class Access:
    """What one caller may do; ``rules`` are ``None`` for one who may do all."""

    rules: AccessRules | None = None
    caller: str | None = None

    @property
    def is_unrestricted(self) -> bool:
        """Whether the caller may do all with every group, whatever its grants."""
        if self.rules is None or self.caller is None:
            return True
        return self.rules.administering.include(self.caller)

    def may(self, right: Right, group: Guarded) -> bool:
        """Whether the caller has a right on a group."""
        if self.rules is None or self.caller is None:
            return True
        principals = group.principals
        if principals is None and not self.rules.missing_grants_deny:
            return True
        granted = principals is not None and principals[right].include(self.caller)
        return granted or self.rules.administering.include(self.caller)

    def check(self, right: Right, name: str, group: Guarded | None, *, kind: str = GROUP) -> None:
        """Nothing where the caller has the right on the group of that name, which may be none.

        ``kind`` is what messages call it, for a resource of another kind is guarded alike.

        Raises:
            AccessForbidden: the caller has not. Where groups without grants are closed, a group
                that does not exist is refused alike. Administrators alone learn that it does not
                exist.
        """
        if group is None:
            if self._sees_names():
                return
        elif self.may(right, group):
            return
        elif right is not Right.SEE and self.may(Right.SEE, group):
            raise AccessForbidden(
                f"{self.caller} lacks the {right} right on {kind} {name}: ask one of its "
                f"administrators for a grant."
            )
        article = "an" if kind[0] in "aeiou" else "a"
        raise AccessForbidden(
            f"{self.caller} has no rights on {article} {kind} with name {name}, if there is one: "
            f"check the name, or ask an administrator for a grant."
        )

    def check_create(self, *, kinds: str = "feature groups") -> None:
        """Nothing where the caller may create groups; ``kinds`` is what a message calls them.

        Raises:
            AccessForbidden: the caller may not, whatever the group is called.
        """
        if self.rules is None or self.caller is None:
            return
        if any(who.include(self.caller) for who in (self.rules.creating, self.rules.administering)):
            return
        raise AccessForbidden(
            f"{self.caller} may not create {kinds} on this stage: ask an administrator to "
            "create it, or to name you in access.creators of the stage's configuration."
        )

    def check_hold(self, group: Guarded, *, kind: str = GROUP) -> None:
        """Nothing where the caller could still administer a group that was made or changed so.

        Raises:
            ValidationError: the caller could not, so that the step could not be taken back.
        """
        if not self.may(Right.ADMIN, group):
            raise ValidationError(
                f"{self.caller} could not administer {kind} {group.name} any more: grant "
                f"it to yourself in the same request, by a tag larder:admin:<label>."
            )

    def _sees_names(self) -> bool:
        return self.is_unrestricted or (
            self.rules is not None and not self.rules.missing_grants_deny
        )


UNRESTRICTED = Access()
"""The access of the platform's own functions."""
