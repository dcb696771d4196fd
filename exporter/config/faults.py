"""What pydantic finds wrong, in our words: a sentence about the value at a path, without the value itself."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from exporter.config.document import Note, Path
from exporter.config.model import CodeEntry, TestEntriesEntry

_Model = TypeVar("_Model", bound=BaseModel)

_SENTENCES: Mapping[str, str] = {
    "missing": "is missing",
    "model_type": "must be a mapping",
    "dict_type": "must be a mapping",
    "list_type": "must be a list",
    "string_type": "must be text, in quotes if it looks like a number",
    "string_unicode": "must be text",
    "string_too_short": "must not be empty",
    "string_too_long": "must not be longer than {max_length} characters",
    "int_type": "must be a whole number without quotes",
    "int_from_float": "must be a whole number without quotes",
    "float_type": "must be a number without quotes",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:.0f}",
    "too_short": "must have at least one entry",
    "too_long": "must have at most {max_length} entries",
    "value_error": "{error}",
}
"""By pydantic's name of the fault. Rule 5 of the package holds for faults of later versions, too: they get the sentence below."""
_ANY_OTHER = "is not what is expected here"

_SECRET = re.compile("key|pass|secret|token|auth|credential")


def validated(model: type[_Model], value: object, note: Note) -> _Model | None:
    """``value`` as a ``model``, or nothing and a note for each fault."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        for path, message in _faults(model, error):
            note(path, message)
        return None


def unknown_key(key: str, known: Iterable[str]) -> str:
    """What to say of a key that is none of ``known``."""
    may_be_secret = bool(_SECRET.search(key.lower()))
    close = difflib.get_close_matches(key.lower(), list(known), n=1, cutoff=0.8 if may_be_secret else 0.6)
    if close:
        return f"unknown key; did you mean {close[0]}?"
    if may_be_secret:
        return "a secret must not stand in the config: name its file with key_file, or its variable with key_env"
    return "unknown key"


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys of a section as they are written in the file."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _faults(model: type[BaseModel], error: ValidationError) -> Iterator[tuple[Path, str]]:
    for fault in error.errors(include_url=False, include_input=False):
        path = fault["loc"]
        if fault["type"] == "extra_forbidden":
            yield path, unknown_key(str(path[-1]), keys_of(_model_at(model, path)))
        else:
            yield path, _SENTENCES.get(fault["type"], _ANY_OTHER).format_map(fault.get("ctx", {}))


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel]:
    """The model whose key ends ``path``: it is nested in two places only."""
    if len(path) == 1:
        return model
    return CodeEntry if path[0] == "codes" else TestEntriesEntry
