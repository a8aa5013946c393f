"""Which principal a pattern means, and how grants are written as tags."""

import pytest

from larder.access.grants import Grants, Principals, Right, pattern_problem
from larder.groups.group_rules import tag_problems
from larder.groups.reserved_tags import as_tags, granted_by

ACCOUNT = "arn:aws:iam::123456789012"
SESSIONS = "arn:aws:sts::123456789012"


@pytest.mark.parametrize(
    ("pattern", "caller"),
    [
        (f"{ACCOUNT}:user/ann", f"{ACCOUNT}:user/ann"),
        (f"{ACCOUNT}:user/team/*", f"{ACCOUNT}:user/team/sub/ann"),
        (f"{ACCOUNT}:role/Trainer", f"{SESSIONS}:assumed-role/Trainer/nightly"),
        (f"{ACCOUNT}:role/ml/jobs/Trainer", f"{SESSIONS}:assumed-role/Trainer/nightly"),
        (f"{ACCOUNT}:role/Trai*r", f"{SESSIONS}:assumed-role/Trainer/nightly"),
        (f"{ACCOUNT}:*", f"{SESSIONS}:assumed-role/Trainer/nightly"),
        (f"{ACCOUNT}:*", f"{ACCOUNT}:root"),
        (f"{ACCOUNT}:root", f"{ACCOUNT}:root"),
        ("arn:*:iam::*:role/Trainer", f"{SESSIONS}:assumed-role/Trainer/nightly"),
        (f"{SESSIONS}:assumed-role/Trainer/*", f"{SESSIONS}:assumed-role/Trainer/nightly"),
        (
            f"{SESSIONS}:assumed-role/Trainer/ann@x.org",
            f"{SESSIONS}:assumed-role/Trainer/ann@x.org",
        ),
        (f"{SESSIONS}:federated-user/ann", f"{SESSIONS}:federated-user/ann"),
        ("*", "arn:aws:sts::999999999999:assumed-role/Any/one"),
    ],
)
def test_a_pattern_includes_the_principals_it_names(pattern, caller):
    assert pattern_problem(pattern) is None
    assert Principals([pattern]).include(caller)


@pytest.mark.parametrize(
    ("pattern", "caller"),
    [
        (f"{ACCOUNT}:user/ann", f"{ACCOUNT}:user/anna"),
        (f"{ACCOUNT}:user/ann", f"{ACCOUNT}:user/team/ann"),
        (f"{ACCOUNT}:user/*", f"{ACCOUNT}:root"),
        (f"{ACCOUNT}:user/Trainer", f"{SESSIONS}:assumed-role/Trainer/nightly"),
        (f"{ACCOUNT}:role/Trainer", f"{SESSIONS}:assumed-role/TrainerX/nightly"),
        (f"{ACCOUNT}:role/Trainer", "arn:aws:sts::999999999999:assumed-role/Trainer/nightly"),
        (f"{ACCOUNT}:role/Trainer", "arn:aws-cn:sts::123456789012:assumed-role/Trainer/x"),
        (f"{ACCOUNT}:role/nightly", f"{SESSIONS}:assumed-role/Trainer/nightly"),
        (f"{ACCOUNT}:role/Tr*ainer*r", f"{SESSIONS}:assumed-role/Trainer/nightly"),
        (f"{ACCOUNT}:root", f"{ACCOUNT}:user/ann"),
        (f"{SESSIONS}:assumed-role/Trainer/ann", f"{SESSIONS}:assumed-role/Trainer/bob"),
        (f"{ACCOUNT}:*", "anonymous"),
        ("arn:aws:iam::*:user/ann", "arn:aws:iam::1:x:user/ann"),
    ],
)
def test_a_pattern_includes_nobody_else(pattern, caller):
    assert pattern_problem(pattern) is None
    assert not Principals([pattern]).include(caller)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "ann",
        "**",
        "123456789012",
        "arn:aws:iam::123456789012",
        "arn:aws:s3:::bucket",
        "arn:aws:iam:us-east-1:123456789012:user/ann",
        "arn:aws:iam::12345:user/ann",
        "arn:gcp:iam::123456789012:user/ann",
        f"{ACCOUNT}:user/",
        f"{ACCOUNT}:user/ann bob",
        f"{ACCOUNT}:user/ann\n",
        f"{ACCOUNT}:user/a:b",
        f"{ACCOUNT}:group/team",
        f"{SESSIONS}:role/Trainer",
        f"{ACCOUNT}:assumed-role/Trainer/x",
        f"{ACCOUNT}:user/" + "a" * 2048,
    ],
)
def test_what_names_no_principal_is_no_pattern(pattern):
    assert "Member must be * or the ARN of an IAM user or role" in pattern_problem(pattern)


@pytest.mark.parametrize("name", ["team/*", "team/Train*", "*/Trainer"])
def test_a_roles_path_cannot_be_checked_so_it_goes_with_no_star(name):
    assert "without its path where it has a *" in pattern_problem(f"{ACCOUNT}:role/{name}")


def test_patterns_that_would_make_a_matcher_backtrack_take_no_time():
    pattern = f"{ACCOUNT}:user/" + "a*" * 900 + "b"
    assert pattern_problem(pattern) is None
    assert not Principals([pattern]).include(f"{ACCOUNT}:user/" + "a" * 100_000)


def test_an_administrator_may_do_all_a_writer_may_not_read_and_each_may_see():
    grants = Grants(read=("r",), write=("w",), admin=("a",))
    assert {right: set(grants.patterns(right)) for right in Right} == {
        Right.SEE: {"r", "w", "a"},
        Right.READ: {"r", "a"},
        Right.WRITE: {"w", "a"},
        Right.ADMIN: {"a"},
    }


def test_grants_are_the_same_after_their_way_through_tags():
    grants = Grants(
        read=("*", f"{ACCOUNT}:user/a=b,c+d@e_*"),
        admin=(f"{ACCOUNT}:role/Admin",),
    )
    tags = as_tags(grants)
    assert tags == (
        ("larder:read:file-1", "=2A"),
        ("larder:read:file-2", f"{ACCOUNT}:user/a=3Db=2Cc+d@e_=2A"),
        ("larder:admin:file-1", f"{ACCOUNT}:role/Admin"),
    )
    assert granted_by((("team", "ops"), *tags)) == grants
    assert list(tag_problems(tags)) == []


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("larder:", "=2A", "larder:read:<label>"),
        ("larder:own:1", "=2A", "larder:read:<label>"),
        ("larder:read", "=2A", "larder:read:<label>"),
        ("larder:read:", "=2A", "larder:read:<label>"),
        ("Larder:read:1", "=2A", "larder:read:<label>"),
        ("larder:read:1", "everybody", "the ARN of an IAM user or role"),
        ("larder:read:1", "", "the ARN of an IAM user or role"),
        ("larder:read:1", "=2", "two hexadecimal digits, in capitals"),
        ("larder:read:1", "=2a", "two hexadecimal digits, in capitals"),
        ("larder:read:1", f"{ACCOUNT}:role/team/=2A", "without its path"),
    ],
)
def test_a_tag_of_the_reserved_prefix_that_grants_nothing_is_refused(key, value, words):
    (problem,) = tag_problems(((key, value),))
    assert words in str(problem)


def test_other_tags_are_free():
    assert list(tag_problems((("larders:x", "y"), ("team", "larder:read:1")))) == []
