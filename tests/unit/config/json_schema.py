"""As much of JSON Schema (draft 2020-12) as our schema uses; a keyword that is not known here is an error, never ignored."""

from collections.abc import Iterator, Mapping

Schema = Mapping[str, object]

_NOTES = {"$defs", "$schema", "default", "description", "examples", "title"}
_OF_ONE_TYPE = {"additionalProperties", "items", "properties", "required"}
_OF_ONE_TYPE |= {"maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength", "minimum", "uniqueItems"}
"""Keywords that say nothing of a value of another type."""
_TYPES: Mapping[object, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}


def faults(value: object, schema: object, root: Schema, path: str = "$") -> Iterator[str]:
    """Where ``value`` is not what ``schema`` says; ``root`` holds the definitions."""
    assert isinstance(schema, dict)
    for keyword, rule in schema.items():
        match keyword, rule, value:
            case "$ref", str(), _:
                yield from faults(value, _definition(rule, root), root, path)
            case "anyOf", list(), _:
                if all(any(faults(value, choice, root)) for choice in rule):
                    yield f"{path}: fits none of {len(rule)} choices"
            case "items", _, list():
                for index, item in enumerate(value):
                    yield from faults(item, rule, root, f"{path}[{index}]")
            case "properties", dict(), dict():
                for key in value.keys() & rule.keys():
                    yield from faults(value[key], rule[key], root, f"{path}.{key}")
            case "additionalProperties", dict(), dict():
                for key, item in value.items():
                    yield from faults(item, rule, root, f"{path}.{key}")
            case _:
                if not _holds(keyword, rule, value, schema):
                    yield f"{path}: breaks {keyword}: {rule}"


def _holds(keyword: str, rule: object, value: object, schema: Schema) -> bool:
    match keyword, rule, value:
        case "type", str(), _:
            return type(value) in _TYPES[rule]
        case "enum", list(), _:
            return value in rule
        case "const", _, _:
            return value == rule
        case "required", list(), dict():
            return value.keys() >= set(rule)
        case "additionalProperties", False, dict():
            known = schema["properties"]
            return isinstance(known, dict) and value.keys() <= known.keys()
        case "minimum", int() | float(), int() | float():
            return value >= rule
        case "maximum", int() | float(), int() | float():
            return value <= rule
        case "uniqueItems", True, list():
            return len(set(map(repr, value))) == len(value)
        case (("minLength" | "minItems"), int(), str() | list()):
            return len(value) >= rule
        case (("maxLength" | "maxItems" | "maxProperties"), int(), str() | list() | dict()):
            return len(value) <= rule
    if keyword in _NOTES | _OF_ONE_TYPE:
        return True
    raise NotImplementedError(keyword)


def _definition(reference: str, root: Schema) -> object:
    definitions = root["$defs"]
    assert isinstance(definitions, dict)
    return definitions[reference.removeprefix("#/$defs/")]
