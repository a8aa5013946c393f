"""S4: the policies that fence a group name what they should, and nothing wider."""

import json

import pytest

from larder.access.grants import Right
from larder.access.operations import DATA_PLANE
from larder.access.policy import fenced, identity_policy, resource_policies
from larder.cli.main import main
from larder.errors import ConfigurationError
from larder.groups.api.answers import described
from larder.wiring.access import FenceSettings, open_fence
from larder.wiring.location import Location
from tests.support.groups import HOME, OFFLINE, feature_group

KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
KNOWN = {
    "partition": "aws",
    "region": "us-east-1",
    "account_id": "123456789012",
    "api_id": "abc",
    "workgroup": "larder-dev",
    "offline_bucket": "lake",
    "results": "athena-results/",
    "kms_key_arn": KEY,
}
API = "arn:aws:execute-api:us-east-1:123456789012:abc/$default"
FOLDER = OFFLINE.location.removeprefix("s3://lake/")
PRINCIPAL = "arn:aws:iam::210987654321:role/Trainer"


def group_of(**changes):
    return fenced(described(feature_group(**changes)), **KNOWN)


def resources(document, prefix):
    return {
        resource
        for statement in document["Statement"]
        for resource in statement["Resource"]
        if resource.startswith(prefix)
    }


@pytest.mark.parametrize("right", [Right.READ, Right.WRITE])
def test_s4_a_policy_has_every_path_of_its_right_in_every_form_and_no_other(right):
    encoded = "arn%3Aaws%3Asagemaker%3Aus-east-1%3A123456789012%3Afeature-group%2Fcustomers"
    names = ("customers", HOME.arn("customers"), encoded)
    wanted = {
        f"{API}/{each.method}/FeatureGroup/{name}{each.path.partition('{group}')[2]}"
        for each in DATA_PLANE.values()
        if each.right is right and each.names_its_group
        for name in names
    }
    assert resources(identity_policy(group_of(), right), API) == wanted


@pytest.mark.parametrize(
    ("right", "batch"), [(Right.READ, "BatchGetRecord"), (Right.WRITE, "BatchWriteRecord")]
)
def test_s4_what_names_groups_in_its_body_comes_where_it_is_asked_for(right, batch):
    plain, more = (identity_policy(group_of(), right, unfenced=each) for each in (False, True))
    added = resources(more, API) - resources(plain, API)
    assert added == {f"{API}/POST/{batch}", f"{API}/POST/"}


def test_s4_a_readers_history_is_its_own_folder_and_table():
    document = identity_policy(group_of(), Right.READ)
    assert resources(document, "arn:aws:s3:") == {
        "arn:aws:s3:::lake",
        "arn:aws:s3:::lake/athena-results/*",
        f"arn:aws:s3:::lake/{FOLDER}/*",
    }
    glue = "arn:aws:glue:us-east-1:123456789012:"
    assert resources(document, glue) == {
        f"{glue}catalog",
        f"{glue}database/larder_dev",
        f"{glue}table/larder_dev/customers_1700000000",
    }
    (listing,) = [each for each in document["Statement"] if each["Action"] == ["s3:ListBucket"]]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": [FOLDER, f"{FOLDER}/*"]}}
    assert {each["Effect"] for each in document["Statement"]} == {"Allow"}
    (key,) = [each for each in document["Statement"] if KEY in each["Resource"]]
    assert key["Condition"] == {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}


@pytest.mark.parametrize(("right", "changes"), [(Right.WRITE, {}), (Right.READ, {"offline": None})])
def test_s4_a_writer_and_a_group_without_history_need_the_api_alone(right, changes):
    document = identity_policy(group_of(**changes), right)
    assert [each["Action"] for each in document["Statement"]] == [["execute-api:Invoke"]]


def test_s4_no_policy_allows_every_action_or_resource():
    documents = [identity_policy(group_of(), right) for right in (Right.READ, Right.WRITE)]
    documents += resource_policies(group_of(), PRINCIPAL).values()
    for document in documents:
        for statement in document["Statement"]:
            assert not [each for each in statement["Action"] if "*" in each]
            assert not [each for each in statement["Resource"] if each in ("*", "arn:aws:s3:::*")]


def test_s4_resource_policies_name_the_principal_and_what_they_belong_to():
    documents = resource_policies(group_of(), PRINCIPAL)
    assert set(documents) == {"bucket", "key", "catalog"}
    for place, service in (("bucket", "s3"), ("key", "kms"), ("catalog", "glue")):
        for statement in documents[place]["Statement"]:
            assert statement["Principal"] == {"AWS": PRINCIPAL}
            assert {each.split(":")[2] for each in statement["Resource"]} == {service}
    assert resource_policies(group_of(offline=None), PRINCIPAL) == {}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["read", "--principal", "ann"], "'ann': Member must be"),
        (["read", "--principal", "arn:aws:iam::123456789012:role/*"], "takes no pattern"),
        (["write", "--principal", PRINCIPAL], "takes no resource policy"),
        (["read", "--principal", PRINCIPAL, "--unfenced"], "without --unfenced"),
    ],
)
def test_s4_what_makes_no_policy_is_refused_in_words(more, words, capsys):
    assert main(["access", "policy", "customers", "--right", *more]) == 2
    assert words in capsys.readouterr().err


def test_s4_settings_of_an_older_release_are_refused_with_the_cure():
    settings = FenceSettings(
        partition="aws", account_id="123456789012", offline_bucket="lake", workgroup="w"
    )
    with pytest.raises(ConfigurationError, match=r"api_id and kms_key_arn missing.* Deploy it"):
        open_fence(Location(settings.to_env(), "the parameter", "Deploy it again."), "customers")


def test_s4_a_policy_is_json_of_less_than_a_roles_limit():
    longest = group_of(name="g" * 64, arn=HOME.arn("g" * 64))
    for right in (Right.READ, Right.WRITE):
        document = json.dumps(identity_policy(longest, right, unfenced=True))
        assert len(document.replace(" ", "")) < 6_144  # IAM: a managed policy
