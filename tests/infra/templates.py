"""The synthesized app as tests read it: stacks by name, resources by type."""

import json
import re

_HASH = re.compile(r"[0-9a-f]{64}")
# A version's logical id ends in a hash of its function's code and configuration.
_VERSION = re.compile(r"(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}")


class Templates:
    """Every template of one synth, by ``stage/Stack``."""

    def __init__(self, outdir):
        self.outdir = outdir
        found = sorted(_read(outdir), key=lambda each: each[0])
        self._stacks = {name: template for name, template, _ in found}
        self._artifacts = {name: artifact for name, _, artifact in found}

    def __iter__(self):
        return iter(self._stacks)

    def __getitem__(self, name):
        return self._stacks[name]

    def is_protected(self, name):
        return self._artifacts[name]["properties"].get("terminationProtection", False)

    def depends_on(self, name):
        return self._artifacts[name]["dependencies"]

    def of_stage(self, stage):
        return {name: self[name] for name in self if name.startswith(f"{stage}/")}

    def of_type(self, kind, stage=None):
        """``(stack, logical id, resource)`` of every resource of that type; never none."""
        found = [
            (stack, logical_id, resource)
            for stack in self
            if stage is None or stack.startswith(f"{stage}/")
            for logical_id, resource in self[stack]["Resources"].items()
            if resource["Type"] == kind
        ]
        assert found, f"no {kind} in any template"
        return found

    def functions(self, stage=None):
        """``(stack, logical id, properties)`` of every function of this repository."""
        return [each for each in self.all_functions(stage) if _is_ours(each[2])]

    def all_functions(self, stage=None):
        """The same, with those that the CDK's provider framework brings."""
        return [
            (stack, logical_id, resource["Properties"])
            for stack, logical_id, resource in self.of_type("AWS::Lambda::Function", stage)
        ]

    def function(self, stage, name):
        """Properties of the function whose code is ``lambdas/<name>``."""
        (properties,) = (
            properties
            for _, _, properties in self.functions(stage)
            if properties["Handler"] == f"lambdas.{name}.handler.handler"
        )
        return properties

    def roles(self):
        """``(stack, logical id, statements)`` of every role, from wherever it has its rights."""
        for stack, role, resource in self.of_type("AWS::IAM::Role"):
            documents = [
                each["PolicyDocument"] for each in resource["Properties"].get("Policies", ())
            ]
            documents += [
                other["Properties"]["PolicyDocument"]
                for other in self[stack]["Resources"].values()
                if other["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
                and {"Ref": role} in other["Properties"].get("Roles", ())
            ]
            yield stack, role, [each for document in documents for each in document["Statement"]]

    def statements(self, stage, name):
        """What the role of ``lambdas/<name>`` may do: its policies' statements."""
        role = self.function(stage, name)["Role"]["Fn::GetAtt"][0]
        return [
            statement
            for _, _, policy in self.of_type("AWS::IAM::Policy", stage)
            if {"Ref": role} in policy["Properties"]["Roles"]
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        ]


def _is_ours(function):
    return function["Handler"].startswith("lambdas.")


def actions_of(statement):
    named = statement["Action"]
    return {named} if isinstance(named, str) else set(named)


def text_of(value):
    """A text of a template, with the intrinsic functions that CloudFormation resolves shown in it."""
    match value:
        case str():
            return value
        case {"Fn::Join": ["", parts]}:
            return "".join(map(text_of, parts))
    return json.dumps(value).replace('"', "'")


def masked(template):
    """The template with every asset hash replaced: code changes are not changes of the stack."""
    text = _VERSION.sub(r"\1<hash>", _HASH.sub("<asset hash>", json.dumps(template)))
    return json.loads(text)


def _read(outdir):
    for manifest in outdir.glob("assembly-*/manifest.json"):
        for artifact in json.loads(manifest.read_text())["artifacts"].values():
            if artifact["type"] == "aws:cloudformation:stack":
                path = manifest.parent / artifact["properties"]["templateFile"]
                yield artifact["displayName"].split(" ")[0], json.loads(path.read_text()), artifact
