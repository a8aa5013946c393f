"""An installed larder, tried from outside: a published stage in moto, and a program that uses it.

``python -m tests.support.installed INTERPRETER`` runs the program by another environment's Python
(``.ci/package``).
"""

import os
import subprocess
import sys
from contextlib import contextmanager

import boto3
import orjson

from larder.aws.dynamodb.boto import BotoDynamo
from larder.groups.adapters.dynamodb_registry import DynamoRegistry
from larder.settings.published import client_parameter
from tests.support.direct import PUBLISHED
from tests.support.groups import feature_group
from tests.support.moto_cloud import moto_cloud
from tests.support.tables import create_records_table, create_registry_table

STAGE = "qa"
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
PROGRAM = f"""
import sys
import larder
with larder.connect("{STAGE}") as platform:
    platform.records.put(
        "customers",
        {{"customer_id": "ada", "event_time": "2024-01-01T00:00:00Z", "clicks": 3}},
    )
    print(platform.records.get("customers", "ada", ["clicks"]))
    print([*platform.records.get_many("customers", ["ada", "bob"], ["clicks"])])
print(*sorted({{name.partition(".")[0] for name in sys.modules}} - set(sys.stdlib_module_names)))
"""
TOLD = ["{'clicks': 3}", "[{'clicks': 3}, None]"]


@contextmanager
def published_stage():
    """The variables by which a process finds a stage that has the group ``customers``."""
    with moto_cloud() as endpoint:
        session = boto3.Session("testing", "testing", region_name=PUBLISHED.region)
        dynamodb = session.client("dynamodb", endpoint_url=endpoint)
        create_registry_table(dynamodb, PUBLISHED.registry_table)
        create_records_table(dynamodb, PUBLISHED.records_table)
        DynamoRegistry(BotoDynamo(dynamodb), PUBLISHED.registry_table).create(feature_group())
        session.client("ssm", endpoint_url=endpoint).put_parameter(
            Name=client_parameter(STAGE),
            Value=orjson.dumps(PUBLISHED.to_env()).decode(),
            Type="String",
        )
        yield {**KEYS, "AWS_DEFAULT_REGION": PUBLISHED.region, "AWS_ENDPOINT_URL": endpoint}


def run(command, variables=None):
    """What a command prints, away from the checkout, with these variables of AWS alone."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "LARDER_", "PYTHON"))}
    done = subprocess.run(
        command,
        env={**kept, **(variables or {})},
        cwd=os.path.sep,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def main(interpreter):
    """Run the program by that interpreter, and hold what it prints against what it should."""
    with published_stage() as variables:
        *told, loaded = run([interpreter, "-I", "-c", PROGRAM], variables).splitlines()
    assert told == TOLD, told
    print(f"put, get and get_many by an installed larder; it loaded {loaded}")


if __name__ == "__main__":
    main(sys.argv[1])
