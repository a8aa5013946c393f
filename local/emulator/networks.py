"""CloudFormation types of a VPC that ministack lacks: rules between security groups, flow logs.

They are stored and described as on AWS. Nothing is enforced, for functions are processes of this
machine: the templates' own tests say who may reach whom.
"""

import secrets
from typing import Any

from ministack.services import ec2
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]


def install() -> None:
    """Register the types."""
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::EC2::SecurityGroupIngress"] = _rule_handlers("IpPermissions")
    handlers["AWS::EC2::SecurityGroupEgress"] = _rule_handlers("IpPermissionsEgress")
    handlers["AWS::EC2::FlowLog"] = {
        "create": _create_flow_log,
        "update": lambda name, _old, _new, _stack, **_extra: (name, {"Id": name}),
        "delete": lambda name, _properties: ec2._flow_logs.pop(name, None),
    }
    # AWS changes a flow log's tags only.
    provisioners._REPLACING_PROPERTIES["AWS::EC2::FlowLog"] = (
        "LogDestinationType",
        "LogGroupName",
        "ResourceId",
        "TrafficType",
    )


def _rule_handlers(direction: str) -> Properties:
    """Handlers of one rule of a group; ``direction`` is the group's list that has it."""

    def add(rule_id: str, properties: Properties) -> None:
        (rule,) = provisioners._ec2_sg_permissions([properties])
        _group(properties)[direction].append({**rule, "SecurityGroupRuleId": rule_id})

    def remove(rule_id: str, properties: Properties) -> None:
        group = ec2._security_groups.get(properties["GroupId"])
        if group is not None:  # else it has gone with its rules
            rules = group[direction]
            rules[:] = [rule for rule in rules if rule.get("SecurityGroupRuleId") != rule_id]

    def create(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Properties]:
        rule_id = f"sgr-{secrets.token_hex(9)[:17]}"
        add(rule_id, properties)
        return rule_id, {"Id": rule_id}

    def update(
        rule_id: str, old: Properties, new: Properties, _stack: str, **_extra: str
    ) -> tuple[str, Properties]:
        remove(rule_id, old)
        add(rule_id, new)
        return rule_id, {"Id": rule_id}

    return {"create": create, "update": update, "delete": remove}


def _group(properties: Properties) -> Properties:
    group: Properties | None = ec2._security_groups.get(properties["GroupId"])
    if group is None:
        message = f"security group {properties['GroupId']} does not exist"
        raise ValueError(message)
    return group


def _create_flow_log(
    _logical_id: str, properties: Properties, _stack: str
) -> tuple[str, Properties]:
    known = set(ec2._flow_logs)
    request = {key: [value] for key, value in properties.items() if isinstance(value, str)}
    ec2._create_flow_logs({**request, "ResourceId.1": [properties["ResourceId"]]})
    (name,) = set(ec2._flow_logs) - known
    return name, {"Id": name}
