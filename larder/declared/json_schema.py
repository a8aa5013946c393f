"""The JSON Schema of definition files, for editors; ``larder pipeline schema`` prints it.

It is made of the shape that files are checked by, with the short spellings beside.
"""

from __future__ import annotations

import re
from typing import Any

from larder.declared.descriptions import DESCRIPTIONS
from larder.declared.shape import FILE
from larder.wire.shapes import Flag, Many, Map, Number, Shape, Struct, Text, Whole

Schema = dict[str, Any]
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> Schema:
    """The schema. An editor completes and explains members by it; it refuses no sound file."""
    schema = _of(FILE, ())
    members = schema["properties"]
    pipeline = members["pipeline"]["properties"]
    pipeline["emit"] = _either({"const": "event"}, pipeline["emit"], "every")
    pipeline["schedule"] = {"anyOf": [{"enum": ["off", False]}, pipeline["schedule"]]}
    feature = members["features"]["items"]["properties"]
    values = feature["expect"]["properties"]
    listed = values["in"]["properties"].pop("values")
    values["in"] = {"anyOf": [{**listed, "items": {}}, values["in"]]}
    # a name may hold the place of its window
    feature["name"]["pattern"] = r"^[a-zA-Z0-9]([_-]*[a-zA-Z0-9]|[_-]*\{window\})*$"
    feature["name"].pop("maxLength", None)
    return {"$schema": DRAFT, "title": "Feature group of Larder", **schema}


def _either(word: Schema, schema: Schema, member: str) -> Schema:
    schema["properties"] = {member: schema["properties"][member]}
    return {"anyOf": [word, schema], **_told(schema)}


def _told(schema: Schema) -> Schema:
    found = schema.pop("description", None)
    return {"description": found} if found else {}


def _of(shape: Shape, path: tuple[str, ...]) -> Schema:
    description = DESCRIPTIONS.get(".".join(path))
    told: Schema = {"description": description} if description else {}
    found: Schema = {}
    match shape:
        case Text():
            found = _text(shape)
        case Whole():
            found = {"type": "integer", "minimum": shape.min, "maximum": shape.max}
        case Number():
            found = {"type": "number"}
        case Flag():
            found = {"type": "boolean"}
        case Many():
            limits = _present({"minItems": shape.min, "maxItems": shape.max})
            items = {k: v for k, v in _of(shape.item, path).items() if k != "description"}
            found = {"type": "array", "items": items, **limits}
        case Map():
            found = {"type": "object", "additionalProperties": _text(shape.value)}
        case Struct():
            found = _struct(shape, path)
    return {**found, **told}


def _struct(shape: Struct, path: tuple[str, ...]) -> Schema:
    members = {name: _of(each, (*path, name)) for name, each in shape.members.items()}
    required = {"required": list(shape.required)} if shape.required else {}
    return {
        "type": "object",
        "properties": members,
        "additionalProperties": False,
        **required,
    }


def _text(shape: Text) -> Schema:
    if shape.enum:
        return {"enum": [str(each) for each in shape.enum]}
    limits = {"minLength": shape.min or None, "maxLength": shape.max}
    # an editor's expressions know no \\p{…} and no surrogates
    is_plain = shape.pattern and not re.search(r"\\[pu]", shape.pattern)
    pattern = {"pattern": f"^(?:{shape.pattern})$"} if is_plain else {}
    return {"type": "string", **_present(limits), **pattern}


def _present(members: Schema) -> Schema:
    return {name: value for name, value in members.items() if value is not None}
