"""botocore's own models of the two services, and our request shapes made comparable with them."""

from functools import cache

from botocore.loaders import Loader
from botocore.model import ServiceModel

from larder.wire.shapes import Flag, Many, Moment, Shape, Struct, Text, Whole


@cache
def service_model(service):
    """The model of ``sagemaker`` or ``sagemaker-featurestore-runtime``."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def of_model(shape, seen=()):
    """The model's shape in the vocabulary of ``larder.wire.shapes``; inside itself, its name."""
    if shape.name in seen:
        return shape.name
    limits = shape.metadata
    match shape.type_name:
        case "string":
            enum = tuple(limits.get("enum", ()))
            return ("text", limits.get("min", 0), limits.get("max"), limits.get("pattern"), enum)
        case "integer":
            return ("whole", limits.get("min", -(2**31)), limits.get("max", 2**31 - 1))
        case "boolean" | "timestamp":
            return shape.type_name
        case "list":
            item = of_model(shape.member, (*seen, shape.name))
            return ("many", limits.get("min", 0), limits.get("max"), item)
    members = {n: of_model(m, (*seen, shape.name)) for n, m in shape.members.items()}
    return ("struct", members, set(shape.required_members), bool(limits.get("union")))


def of_ours(shape: Shape, seen=()):
    """One of our shapes, comparable with what ``of_model`` gives."""
    if any(shape is one for one in seen):
        return {Many: "SearchExpressionList", Struct: "SearchExpression"}[type(shape)]
    match shape:
        case Text():
            return ("text", shape.min, shape.max, shape.pattern, shape.enum)
        case Whole():
            return ("whole", shape.min, shape.max)
        case Flag():
            return "boolean"
        case Moment():
            return "timestamp"
        case Many():
            return ("many", shape.min, shape.max, of_ours(shape.item, (*seen, shape)))
    members = {n: of_ours(m, (*seen, shape)) for n, m in shape.members.items()}
    return ("struct", members, set(shape.required), shape.union)
