"""What the gap stack has of the in-memory tier: a cache, its network, a consumer with a filter."""

import json
from typing import Any

REFUSES = """
def handler(event, context):
    raise ValueError("every record goes to the failure destination")
"""


def _ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def _group(name: str) -> dict[str, Any]:
    return {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"GroupDescription": name, "VpcId": _ref("Vpc")},
    }


def _rule(kind: str, group: str, other: str, role: str) -> dict[str, Any]:
    return {
        "Type": f"AWS::EC2::SecurityGroup{kind}",
        "Properties": {
            "GroupId": {"Fn::GetAtt": [group, "GroupId"]},
            role: {"Fn::GetAtt": [other, "GroupId"]},
            "IpProtocol": "tcp",
            "FromPort": 6379,
            "ToPort": 6380,
        },
    }


def _subnet(number: int) -> dict[str, Any]:
    return {
        "Type": "AWS::EC2::Subnet",
        "Properties": {
            "VpcId": _ref("Vpc"),
            "CidrBlock": f"10.9.{number}.0/24",
            "AvailabilityZone": {"Fn::Select": [number, {"Fn::GetAZs": ""}]},
        },
    }


RESOURCES: dict[str, Any] = {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}},
    "First": _subnet(0),
    "Second": _subnet(1),
    "Clients": _group("clients"),
    "CacheGroup": _group("cache"),
    "In": _rule("Ingress", "CacheGroup", "Clients", "SourceSecurityGroupId"),
    "Out": _rule("Egress", "Clients", "CacheGroup", "DestinationSecurityGroupId"),
    "FlowLog": {
        "Type": "AWS::EC2::FlowLog",
        "Properties": {
            "ResourceId": _ref("Vpc"),
            "ResourceType": "VPC",
            "TrafficType": "REJECT",
            "LogGroupName": "refused",
        },
    },
    "User": {
        "Type": "AWS::ElastiCache::User",
        "Properties": {
            "Engine": "valkey",
            "UserId": "gap-user",
            "UserName": "gap-user",
            "AuthenticationMode": {"Type": "iam"},
            "AccessString": "on ~* -@all +get",
        },
    },
    "Users": {
        "Type": "AWS::ElastiCache::UserGroup",
        "Properties": {"Engine": "valkey", "UserGroupId": "gap-users", "UserIds": [_ref("User")]},
    },
    "Cache": {
        "Type": "AWS::ElastiCache::ServerlessCache",
        "Properties": {
            "Engine": "valkey",
            "MajorEngineVersion": "8",
            "ServerlessCacheName": "gap-cache",
            "UserGroupId": _ref("Users"),
            "SubnetIds": [_ref("First"), _ref("Second")],
            "SecurityGroupIds": [{"Fn::GetAtt": ["CacheGroup", "GroupId"]}],
            "CacheUsageLimits": {"DataStorage": {"Unit": "GB", "Maximum": 1}},
        },
    },
    "Tier": {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"ZipFile": REFUSES},
        },
    },
    "TierMapping": {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {
            "FunctionName": _ref("Tier"),
            "EventSourceArn": {"Fn::GetAtt": ["Global", "StreamArn"]},
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": 100,
            "BisectBatchOnFunctionError": True,
            "MaximumRetryAttempts": 0,
            "FilterCriteria": {
                "Filters": [
                    {
                        "Pattern": json.dumps(
                            {"dynamodb": {"NewImage": {"m": {"N": [{"exists": True}]}}}}
                        )
                    }
                ]
            },
            "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["Bucket", "Arn"]}}},
        },
    },
}
OUTPUTS: dict[str, Any] = {
    "CacheAddress": {"Value": {"Fn::GetAtt": ["Cache", "Endpoint.Address"]}},
    "CachePort": {"Value": {"Fn::GetAtt": ["Cache", "Endpoint.Port"]}},
}
