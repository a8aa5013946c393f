"""Which AWS services call which resources of the templates, and whether each is allowed to.

A service calls by a role of the template, or as itself; then the resource's own policy, and that
of its key, must allow it. Nothing of this shows in a deployment: a call that is refused is lost.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from stacks.pipeline_machine import RUN_SPARK
from stacks.training_machine import INVOKE

# What these resources do is done by the principal that deploys or uses them, with its rights.
PASSIVE = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Integration",  # called by its routes
    "AWS::ApiGatewayV2::Stage",  # its access log: AWS writes the log's policy at deployment
    "AWS::Athena::WorkGroup",
    "AWS::CloudWatch::Dashboard",
    "AWS::DynamoDB::GlobalTable",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCEndpoint",
    "AWS::ElastiCache::ServerlessCache",
    "AWS::ElastiCache::User",
    "AWS::ElastiCache::UserGroup",
    "AWS::Glue::Database",
    "AWS::Glue::Table",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Lambda::Alias",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::Logs::LogGroup",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SSM::Parameter",
    "Custom::LarderFeatureGroups",  # CloudFormation calls with the rights of its role
}
# Where a policy is written, it replaces one that allowed something.
REPLACING = {
    "AWS::EC2::VPCEndpoint": "PolicyDocument",
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
}
_STREAM = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
_USES_KEY = ("kms:Decrypt", "kms:GenerateDataKey")


@dataclass(frozen=True)
class Calls:
    """The calls of one synth's templates; each check yields a text where something lacks.

    ``named`` are the functions and jobs, by their ARNs, that definition files have machines call.
    Such a call has its callee in the execution's input, so that no template shows it.
    """

    templates: object
    named: tuple[str, ...] = ()

    def refused(self) -> Iterator[str]:
        """Every call that would be refused, and every resource whose calls are not known."""
        for stack in self.templates:
            for logical_id, resource in self.templates[stack]["Resources"].items():
                kind, place = resource["Type"], f"{stack} {logical_id}"
                if kind in REPLACING:
                    yield from self._replaced(place, resource["Properties"], REPLACING[kind])
                if kind in PASSIVE:
                    continue
                check = CHECKS.get(kind)
                if check is None:
                    yield f"{place}: which services does an {kind} call? Say so here"
                    continue
                yield from (
                    f"{place}: {text}"
                    for text in check(self, stack, logical_id, resource["Properties"])
                )

    def _replaced(self, place, properties, name):
        statements = properties.get(name, {"Statement": [{"Effect": "Allow"}]})["Statement"]
        if not any(each["Effect"] == "Allow" for each in statements):
            yield f"{place}: its policy allows no caller anything, and replaces one that did"

    # --- references -----------------------------------------------------------------------

    def text(self, stack, value):
        """A value of a template, with each reference as ``stack:logical id``."""
        match value:
            case str() | int():
                return str(value)
            case {"Ref": name}:
                return f"<{name}>" if name.startswith("AWS::") else f"<{stack}:{name}>"
            case {"Fn::GetAtt": [name, "Arn"]}:
                return f"<{stack}:{name}>"
            case {"Fn::GetAtt": [name, attribute]}:
                return f"<{stack}:{name}.{attribute}>"
            case {"Fn::Join": [glue, parts]}:
                return glue.join(self.text(stack, part) for part in parts)
            case {"Fn::GetStackOutput": {"StackName": name, "OutputName": output}}:
                other = name.removeprefix("larder-").replace("-", "/", 1)
                found = self.templates[other]["Outputs"][output]["Value"]
                return self.text(other, found)
        return json.dumps(value)

    def at(self, reference):
        """The properties of ``<stack:logical id…>``."""
        stack, _, name = re.fullmatch(r"<([^:>]+)(:)([^.>]+)[^>]*>", reference).groups()
        return stack, self.templates[stack]["Resources"][name]["Properties"]

    def of_kind(self, kind):
        return [
            (stack, logical_id, resource["Properties"])
            for stack in self.templates
            for logical_id, resource in self.templates[stack]["Resources"].items()
            if resource["Type"] == kind
        ]

    # --- who may ---------------------------------------------------------------------------

    def role_may(self, role, action, resource):
        """Whether a role's policies allow an action on a resource, both as texts."""
        return any(
            statement["Effect"] == "Allow"
            and action in _listed(statement["Action"])
            and any(
                _matches(self.text(stack, pattern), resource)
                for pattern in _several(statement["Resource"])
            )
            for stack, _, policy in self.of_kind("AWS::IAM::Policy")
            if role in [self.text(stack, each) for each in policy.get("Roles", ())]
            for statement in policy["PolicyDocument"]["Statement"]
        )

    def lambda_permits(self, function, principal, source):
        """Whether a permission lets a service invoke a function or alias for that source."""
        return any(
            self.text(stack, each["FunctionName"]) == function
            and each["Principal"] == principal
            and each["Action"] == "lambda:InvokeFunction"
            and source in self.text(stack, each.get("SourceArn", ""))
            for stack, _, each in self.of_kind("AWS::Lambda::Permission")
        )

    # --- one check for each kind of caller ---------------------------------------------------

    def alarm(self, stack, _id, properties):
        for action in properties.get("AlarmActions", ()):
            yield from self._publishes("cloudwatch.amazonaws.com", self.text(stack, action))

    def _publishes(self, service, topic):
        policies = [
            statement
            for stack, _, each in self.of_kind("AWS::SNS::TopicPolicy")
            if topic in [self.text(stack, one) for one in each["Topics"]]
            for statement in each["PolicyDocument"]["Statement"]
        ]
        # without a policy of its own a topic allows its account's principals, and no service
        if not _service_allowed(policies, service, ["sns:Publish"]):
            yield f"no policy of {topic} lets {service} publish"
        stack, properties = self.at(topic)
        if "KmsMasterKeyId" in properties:
            key = self.text(stack, properties["KmsMasterKeyId"])
            _, found = self.at(key)
            if not _service_allowed(found["KeyPolicy"]["Statement"], service, _USES_KEY):
                yield f"the key {key} of {topic} does not let {service} use it"

    def rule(self, stack, logical_id, properties):
        for target in properties["Targets"]:
            if "RoleArn" in target:
                yield from self._begins(stack, target, "events.amazonaws.com")
                continue
            function = self.text(stack, target["Arn"])
            rule = f"<{stack}:{logical_id}>"
            if not self.lambda_permits(function, "events.amazonaws.com", rule):
                yield f"{function} does not let the rule invoke it"

    def log_subscription(self, stack, _id, properties):
        function = self.text(stack, properties["DestinationArn"])
        group = self.text(stack, properties["LogGroupName"]).rstrip(">")
        if not self.lambda_permits(function, "logs.amazonaws.com", group):
            yield f"{function} does not let the log group invoke it"

    def route(self, stack, _id, properties):
        integration = self.text(stack, properties["Target"]).removeprefix("integrations/")
        _, found = self.at(integration)
        function = self.text(stack, found["IntegrationUri"])
        path = properties["RouteKey"].split(" ")[1]
        source = f"<{stack}:{self._name(stack, properties['ApiId'])}>/*/*{path}"
        if not self.lambda_permits(function, "apigateway.amazonaws.com", source):
            yield f"{function} does not let the API invoke it for {path}"

    def _name(self, stack, reference):
        return self.text(stack, reference).partition(":")[2].rstrip(">")

    def url(self, stack, _id, properties):
        target = self.text(stack, properties["TargetFunctionArn"])
        if "Qualifier" in properties:
            (target,) = (
                f"<{where}:{name}>"
                for where, name, alias in self.of_kind("AWS::Lambda::Alias")
                if where == stack
                and self.text(stack, alias["FunctionName"]) == target
                and alias["Name"] == properties["Qualifier"]
            )
        allowed = {
            action
            for where, _, policy in self.of_kind("AWS::IAM::ManagedPolicy")
            for statement in policy["PolicyDocument"]["Statement"]
            if self.text(where, statement["Resource"]) == target
            for action in _listed(statement["Action"])
        }
        if not {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"} <= allowed:
            yield f"no policy for callers allows to call {target}"

    def mapping(self, stack, _id, properties):
        role = self._role_of(self.text(stack, properties["FunctionName"]))
        stream = self.text(stack, properties["EventSourceArn"])
        for action in _STREAM:
            if not self.role_may(role, action, stream):
                yield f"{role} may not {action} on {stream}"
        yield from self._decrypts(role, stream)
        failures = properties.get("DestinationConfig", {}).get("OnFailure")
        if failures:
            yield from self._spills(role, self.text(stack, failures["Destination"]))

    def _role_of(self, function):
        stack, properties = self.at(function)
        return self.text(stack, properties["Role"])

    def _decrypts(self, role, stream):
        stack, table = self.at(stream)
        (replica,) = table["Replicas"]
        key = self.text(stack, replica["SSESpecification"]["KMSMasterKeyId"])
        if not self.role_may(role, "kms:Decrypt", key):
            yield f"{role} may not decrypt by {key}"

    def _spills(self, role, bucket):
        needed = {"s3:PutObject": f"{bucket}/aws/lambda/any", "s3:ListBucket": bucket}
        stack, properties = self.at(bucket)
        (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        key = self.text(stack, rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"])
        for action, resource in (*needed.items(), *((one, key) for one in _USES_KEY)):
            if not self.role_may(role, action, resource):
                yield f"{role} may not {action} on {resource}"

    def function(self, stack, _id, properties):
        group = self.text(stack, properties["LoggingConfig"]["LogGroup"])
        role = self.text(stack, properties["Role"])
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            if not self.role_may(role, action, group):
                yield f"{role} may not {action} on {group}"
        yield from self._trusts(role, "lambda.amazonaws.com")

    def _trusts(self, role, service):
        _, properties = self.at(role)
        statements = properties["AssumeRolePolicyDocument"]["Statement"]
        if not _service_allowed(statements, service, ["sts:AssumeRole"]):
            yield f"{role} does not trust {service}"

    def bucket(self, stack, logical_id, properties):
        for unknown in {"NotificationConfiguration", "ReplicationConfiguration"} & set(properties):
            yield f"who allows the calls of {unknown}? Say so here"
        logging = properties.get("LoggingConfiguration")
        if logging:
            target = self.text(stack, logging["DestinationBucketName"])
            statements = [
                statement
                for where, _, each in self.of_kind("AWS::S3::BucketPolicy")
                if self.text(where, each["Bucket"]) == target
                for statement in each["PolicyDocument"]["Statement"]
            ]
            if not _service_allowed(statements, "logging.s3.amazonaws.com", ["s3:PutObject"]):
                yield f"{target} does not let S3 write access logs of {logical_id}"

    def flow_log(self, stack, _id, properties):
        role = self.text(stack, properties["DeliverLogsPermissionArn"])
        group = self.text(stack, properties["LogGroupName"])
        yield from self._trusts(role, "vpc-flow-logs.amazonaws.com")
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            if not self.role_may(role, action, group):
                yield f"{role} may not {action} on {group}"

    def state_machine(self, stack, _id, properties):
        role = self.text(stack, properties["RoleArn"])
        definition = json.loads(self.text(stack, properties["DefinitionString"]))
        yield from self._trusts(role, "states.amazonaws.com")
        for state in tasks_of(definition):
            given = state.get("Parameters", {})
            if "JobName.$" in given or "FunctionName.$" in given:
                yield from self._calls_what_files_name(role, state["Resource"])
            elif state["Resource"] == RUN_SPARK:
                yield from self._runs_job(role, given["JobName"])
            elif not self.role_may(role, "lambda:InvokeFunction", state["Resource"]):
                yield f"{role} may not invoke {state['Resource']}"

    def _calls_what_files_name(self, role, resource):
        for arn in self.named:
            if resource == RUN_SPARK and ":job/" in arn:
                yield from self._runs_job(role, arn.partition(":job/")[2])
            if resource == INVOKE and not self._may_invoke(role, arn):
                yield f"{role} may not invoke {arn}"

    def _may_invoke(self, role, arn):
        return ":function:" not in arn or self.role_may(role, "lambda:InvokeFunction", arn)

    def _runs_job(self, role, job):
        arn = f"arn:<AWS::Partition>:glue:<AWS::Region>:<AWS::AccountId>:job/{job}"
        for action in ("BatchStopJobRun", "GetJobRun", "GetJobRuns", "StartJobRun"):
            if not self.role_may(role, f"glue:{action}", arn):
                yield f"{role} may not {action} {job}"

    def job(self, stack, _id, properties):
        """What Glue does with a job's role before the job's own program runs."""
        role = self.text(stack, properties["Role"])
        yield from self._trusts(role, "glue.amazonaws.com")
        bucket, _, key = (
            self.text(stack, properties["Command"]["ScriptLocation"])
            .removeprefix("s3://")
            .partition("/")
        )
        logs = "arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:/aws-glue/jobs/*"
        needed = {
            "s3:GetObject": f"arn:<AWS::Partition>:s3:::{bucket}/{key}",
            "logs:CreateLogGroup": logs,
            "logs:CreateLogStream": logs,
            "logs:PutLogEvents": logs,
        }
        for action, resource in needed.items():
            if not self.role_may(role, action, resource):
                yield f"{role} may not {action} on {resource}"

    def schedule(self, stack, _id, properties):
        yield from self._begins(stack, properties["Target"], "scheduler.amazonaws.com")

    def _begins(self, stack, target, service):
        role, called = (self.text(stack, target[name]) for name in ("RoleArn", "Arn"))
        yield from self._trusts(role, service)
        calls = ("states:StartExecution", "lambda:InvokeFunction")
        if not any(self.role_may(role, each, called) for each in calls):
            yield f"{role} may not call {called}"

    def subscription(self, _stack, _id, properties):
        if properties["Protocol"] != "email":
            yield f"who lets SNS call {properties['Protocol']}? Say so here"


CHECKS = {
    "AWS::ApiGatewayV2::Route": Calls.route,
    "AWS::CloudWatch::Alarm": Calls.alarm,
    "AWS::EC2::FlowLog": Calls.flow_log,
    "AWS::Events::Rule": Calls.rule,
    "AWS::Glue::Job": Calls.job,
    "AWS::Lambda::EventSourceMapping": Calls.mapping,
    "AWS::Lambda::Function": Calls.function,
    "AWS::Lambda::Url": Calls.url,
    "AWS::S3::Bucket": Calls.bucket,
    "AWS::Logs::SubscriptionFilter": Calls.log_subscription,
    "AWS::SNS::Subscription": Calls.subscription,
    "AWS::Scheduler::Schedule": Calls.schedule,
    "AWS::StepFunctions::StateMachine": Calls.state_machine,
}


def tasks_of(definition):
    """The task states of a machine, those within maps too."""
    for state in definition["States"].values():
        if state["Type"] == "Task":
            yield state
        if state["Type"] == "Map":
            yield from tasks_of(state["ItemProcessor"])


def _several(value):
    return value if isinstance(value, list) else [value]


def _listed(value):
    return set(_several(value))


def _matches(pattern, text):
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None


def _service_allowed(statements, service, actions):
    """Whether statements allow a service all of the actions, and deny it none that matters."""
    allowed = {
        action
        for statement in statements
        if statement["Effect"] == "Allow"
        and service in _listed(_principal(statement).get("Service", ()))
        for action in _listed(statement["Action"])
    }
    return set(actions) <= allowed and not any(_denies(each, actions) for each in statements)


def _principal(statement):
    principal = statement["Principal"]
    return principal if isinstance(principal, dict) else {}


def _denies(statement, actions):
    """A refusal of plain HTTP does not count: services speak TLS."""
    plain_http = {"Bool": {"aws:SecureTransport": "false"}}
    return (
        statement["Effect"] == "Deny"
        and statement.get("Condition") != plain_http
        and bool(_listed(statement["Action"]) & set(actions))
    )
