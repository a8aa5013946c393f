"""The platform uses no folder of its bucket that a feature group could lie under."""

import re
from itertools import pairwise
from pathlib import Path

from larder.bucket_folders import OWN

ROOT = Path(__file__).parents[2]
BUCKET = "Bucket83908E77"
"""The offline bucket's logical id, which never changes."""
_ADDRESS = re.compile(r"s3://\{[^}]+\}/([a-z][a-z-]*)/")


def paths_in(node):
    """What comes after the offline bucket's name or ARN, anywhere in a template."""
    if isinstance(node, dict):
        parts = node.get("Fn::Join", [None, []])[1]
        for name, path in pairwise(parts):
            if isinstance(name, dict) and BUCKET in str(name) and str(path).startswith("/"):
                yield path.removeprefix("/")
        yield from (path for each in node.values() for path in paths_in(each))
    elif isinstance(node, list):
        yield from (path for each in node for path in paths_in(each))


def rules_of(templates):
    for _, logical_id, bucket in templates.of_type("AWS::S3::Bucket"):
        if logical_id.startswith("Bucket"):
            for rule in bucket["Properties"]["LifecycleConfiguration"]["Rules"]:
                if "Prefix" in rule:
                    yield rule["Prefix"]


def test_templates_name_no_other_folder_of_the_bucket(templates):
    named = {path for name in templates for path in paths_in(templates[name])}
    groups = {path for path in named if path.startswith("*")}
    expired = set(rules_of(templates))

    assert groups == {"*"}  # then {account}/sagemaker/{region}/offline-store, or all of it
    tops = {path.partition("/")[0] for path in (named - groups) | expired}
    assert {"aws", "quarantine", "training-sets", "athena-results"} <= tops
    assert tops <= set(OWN)


def test_the_library_writes_to_no_other_folder_of_the_bucket():
    found = {
        top
        for path in (ROOT / "larder").rglob("*.py")
        for top in _ADDRESS.findall(path.read_text())
    }
    assert found - {"offline"} <= set(OWN)
