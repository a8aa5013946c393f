"""botocore's own models of the two services, and our request shapes made comparable with them."""

import math
from functools import cache

from botocore.loaders import Loader
from botocore.model import ServiceModel

from larder.wire.shapes import Flag, Many, Map, Moment, Number, Refused, Shape, Struct, Text, Whole

REFUSED = "refused"


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
        case "float" | "double":
            return ("number", limits.get("min"))
        case "map":
            return ("map", of_model(shape.key), of_model(shape.value), limits.get("max"))
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
        case Number():
            return ("number", None if shape.min == -math.inf else shape.min)
        case Refused():
            return REFUSED
        case Map():
            return ("map", of_ours(shape.key), of_ours(shape.value), shape.max)
        case Flag():
            return "boolean"
        case Moment():
            return "timestamp"
        case Many():
            return ("many", shape.min, shape.max, of_ours(shape.item, (*seen, shape)))
    members = {n: of_ours(m, (*seen, shape)) for n, m in shape.members.items()}
    return ("struct", members, set(shape.required), shape.union)


def without_refused(theirs, ours):
    """The model's shape, ``REFUSED`` wherever ours refuses a member that the model has."""
    if ours == REFUSED:
        return REFUSED
    if not ours:
        return theirs
    if theirs[0] == ours[0] == "many":
        return (*theirs[:3], without_refused(theirs[3], ours[3]))
    if theirs[0] == ours[0] == "struct":
        members = {
            name: without_refused(shape, ours[1].get(name, ())) for name, shape in theirs[1].items()
        }
        return ("struct", members, *theirs[2:])
    return theirs
