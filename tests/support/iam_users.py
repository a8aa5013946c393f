"""IAM users of the strict platform, made for one test."""

import json
import uuid


def make_user(iam, *statements):
    """The key of a new user who is allowed what the statements say; (key id, secret)."""
    name = f"user-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    if statements:
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_user_policy(UserName=name, PolicyName="allowed", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def allow(actions, *resources):
    """A statement that allows actions on resources, on all where none is named."""
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources) or "*"}
