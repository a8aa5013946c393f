"""docs/models.md names every member of the requests, and says of each what becomes of it."""

import re
from pathlib import Path

import pytest

from larder.models.api import control_parts as part
from larder.models.api import package_parts
from larder.models.api.control_requests import config_spec, model_spec
from larder.models.api.control_shapes import REQUESTS
from larder.models.api.runtime_shapes import INVOKE_ENDPOINT
from larder.models.api.runtime_shapes import REFUSED as REFUSED_OF_RUNTIME
from larder.models.specification import _INPUT_MEMBERS, _MEMBERS
from larder.wire.shapes import Many, Refused, Struct

PAGE = (Path(__file__).parents[3] / "docs/models.md").read_text(encoding="utf-8")
NAMED = {
    "ContainerDefinition": part.CONTAINER,
    "S3DataSource": part.MODEL_DATA_SOURCE.members["S3DataSource"],
    "ProductionVariant": part.PRODUCTION_VARIANT,
    "DataCaptureConfig": part.DATA_CAPTURE,
    "DeploymentConfig": part.DEPLOYMENT,
    "ModelPackageContainerDefinition": package_parts.CONTAINER,
    "DesiredWeightsAndCapacities": REQUESTS["UpdateEndpointWeightsAndCapacities"]
    .members["DesiredWeightsAndCapacities"]
    .item,
}
CREATING = (
    "CreateModel",
    "CreateEndpointConfig",
    "CreateEndpoint",
    "UpdateEndpoint",
    "UpdateEndpointWeightsAndCapacities",
    "CreateModelPackageGroup",
    "CreateModelPackage",
    "UpdateModelPackage",
)
STRUCTURES = {**{name: REQUESTS[name] for name in CREATING}, **NAMED}
MEMBERS = {f"{name}.{each}": m for name, s in STRUCTURES.items() for each, m in s.members.items()}


def section(heading):
    return PAGE.partition(f"\n### {heading}\n")[2].partition("\n#")[0]


def rows(heading):
    """Structure, members and words of each row of a section's table."""
    found = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", section(heading), flags=re.MULTILINE)
    return [(each[0], re.findall(r"`(\w+)`", each[1]), each[2]) for each in found]


def paths(heading):
    return [f"{structure}.{name}" for structure, names, _ in rows(heading) for name in names]


def refused():
    return {path: shape.why for path, shape in MEMBERS.items() if isinstance(shape, Refused)}


def test_every_refused_member_is_on_the_page_with_its_cure():
    told = {f"{each}.{n}": why for each, names, why in rows("Refused members") for n in names}

    assert {path: why for path, why in told.items() if path in refused()} == refused()
    assert told.keys() == refused().keys()


def test_every_other_member_is_on_the_page_once():
    told = paths("Members that are kept without effect") + paths("Members that have their effect")

    assert sorted(told) == sorted(MEMBERS.keys() - refused().keys())


def test_refused_members_are_in_the_structures_of_the_page_and_nowhere_else():
    """A structure that comes to the shapes with a refused member comes to ``NAMED`` too."""

    def count(shape):
        match shape:
            case Refused():
                return {id(shape)}
            case Many():
                return count(shape.item)
            case Struct():
                return set().union(*map(count, shape.members.values()))
        return set()

    everywhere = set().union(*map(count, REQUESTS.values()))
    assert everywhere == {id(shape) for shape in MEMBERS.values() if isinstance(shape, Refused)}


@pytest.mark.parametrize("member", INVOKE_ENDPOINT.members)
def test_every_member_of_an_invocation_is_on_the_page(member):
    text = section("InvokeEndpoint")

    assert f"`{member}`" in text
    assert REFUSED_OF_RUNTIME.get(member, "") in text


@pytest.mark.parametrize("member", (*_MEMBERS, *_INPUT_MEMBERS))
def test_every_member_of_a_specification_is_on_the_page(member):
    text = PAGE.partition("\n## The feature specification\n")[2].partition("\n## ")[0]

    assert f"\n| `{member}` |" in text


def _value(shape):
    """A value of a shape, whatever it is."""
    match shape:
        case Struct():
            return {name: _value(shape.members[name]) for name in shape.required} or {"any": 1}
        case Many():
            return [_value(shape.item)]
    return shape.enum[0] if getattr(shape, "enum", None) else 1


KEPT = [
    path.split(".")
    for path in paths("Members that are kept without effect")
    if path.startswith(("CreateModel.", "CreateEndpointConfig.", "Container", "Production"))
]


@pytest.mark.parametrize(("structure", "member"), KEPT)
def test_what_is_kept_without_effect_is_in_the_description(structure, member):
    value = _value(STRUCTURES[structure].members[member])
    container = {"Image": "larder:1", "ModelDataUrl": "s3://b/k"}
    variant = {"VariantName": "v", "ModelName": "m"}
    if member not in {"InstanceType", "InitialInstanceCount", "ServerlessConfig"}:
        variant |= {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    own = {member: value}
    if member in {"InstanceType", "InitialInstanceCount"}:
        own = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 3}
    if member == "ServerlessConfig":
        own = {member: {"MemorySizeInMB": 2048, "MaxConcurrency": 1}}
    if member == "EnableSSMAccess":
        own = {member: False}
    match structure:
        case "CreateModel":
            spec = model_spec({"ModelName": "m", "PrimaryContainer": container, **own})
            kept = spec.sent
        case "ContainerDefinition":
            given = {"ModelName": "m", "PrimaryContainer": {**container, **own}}
            kept = model_spec(given).sent["PrimaryContainer"]
        case "CreateEndpointConfig":
            if member == "DataCaptureConfig":
                own = {member: {"EnableCapture": False, "InitialSamplingPercentage": 1}}
            given = {"EndpointConfigName": "c", "ProductionVariants": [variant], **own}
            kept = config_spec(given).sent
        case "ProductionVariant":
            given = {"EndpointConfigName": "c", "ProductionVariants": [{**variant, **own}]}
            kept = config_spec(given).sent["ProductionVariants"][0]
    assert own.items() <= kept.items()
