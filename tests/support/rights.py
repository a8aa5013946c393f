"""Who may do what, written by hand from docs/access.md, and the account of what was tried.

Nothing here comes from the product: this is what the matrices of roles and actions expect of it.
"""

from dataclasses import dataclass, field

import pytest

ROLES = ("Nobody", "Creator", "Reader", "Writer", "Owner", "Platform")
"""Nobody has no rights, Creator may only create, Platform administers the platform."""

NEEDS = {
    "GetRecord": "read",
    "BatchGetRecord": "read",
    "ListRecords": "read",
    "PutRecord": "write",
    "BatchWriteRecord": "write",
    "UpdateRecord": "write",
    "DeleteRecord": "write",
    "DescribeFeatureGroup": "see",
    "DescribeFeatureMetadata": "see",
    "ListTags": "see",
    "ListFeatureGroups": "see",
    "Search": "see",
    "UpdateFeatureGroup": "admin",
    "DeleteFeatureGroup": "admin",
    "UpdateFeatureMetadata": "admin",
    "AddTags": "admin",
    "DeleteTags": "admin",
    "CreateFeatureGroup": "create",
}
_HAVE = {
    "Nobody": (),
    "Creator": (),
    "Reader": ("see", "read"),
    "Writer": ("see", "write"),
    "Owner": ("see", "read", "write", "admin"),
}


def may(role, need, kind, *, closed):
    """Whether a role may do what needs a right on a group of a kind.

    ``granted`` and ``tagged`` groups name Reader, Writer and Owner; a ``foreign`` one names others;
    a ``bare`` one names nobody, and is open where the stage is not closed.
    """
    if role == "Platform":
        return True
    if kind == "bare":
        return not closed
    return kind != "foreign" and need in _HAVE[role]


def may_create(role, *, closed, named):
    """Whether a role may create: everybody on an open stage that names no creators."""
    return role == "Platform" or (role == "Creator" if named else not closed)


@dataclass
class Account:
    """What was tried, by whom, and what came out otherwise than it should."""

    tried: int = 0
    leaks: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def note(self, what, *, should, did):
        """One try: whether it should be allowed, and whether it was."""
        self.tried += 1
        if did and not should:
            self.leaks.append(what)
        elif should and not did:
            self.refused.append(what)

    def leak(self, what):
        """Something was told or changed that should not be."""
        self.leaks.append(what)

    def close(self, record_property):
        """Tell the run's summary, and fail on anything that came out otherwise."""
        record_property(_PROPERTY, (self.tried, len(self.leaks), len(self.refused)))
        shown = {"leaks": self.leaks[:20], "wrongly refused": self.refused[:20]}
        assert not self.leaks and not self.refused, shown


_PROPERTY = "roles x actions"


class RightsTried:
    """A pytest plugin that sums up the accounts of all workers at the end of a run."""

    def __init__(self):
        self._accounts = {}

    def pytest_runtest_logreport(self, report):
        for name, value in report.user_properties:
            if name == _PROPERTY:
                self._accounts[report.nodeid] = value

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter):
        if self._accounts:
            tried, leaks, refused = map(sum, zip(*self._accounts.values(), strict=True))
            terminalreporter.write_line(
                f"roles x actions tried: {tried}, leaks: {leaks}, wrongly refused: {refused}"
            )
