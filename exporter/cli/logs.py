"""How a log line is written: logfmt or JSON, one line each, on standard error.

An exception is named by its type and place. Its text is left out: a library may have put a query name with a key into it.
"""

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from typing import Literal

_BARE = re.compile(r"[A-Za-z0-9_./:@,+\[\]-]+")


def configure(level: str, form: Literal["logfmt", "json"]) -> None:
    """Send everything from ``level`` up to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter(form))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


class _Formatter(logging.Formatter):
    def __init__(self, form: Literal["logfmt", "json"]) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        if self._form == "json":
            return json.dumps(fields, default=str, ensure_ascii=False)
        return " ".join(f"{name}={_word(value)}" for name, value in fields.items())


def _fields(record: logging.LogRecord) -> dict[str, object]:
    fields: dict[str, object] = {
        "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "msg": record.getMessage(),
    }
    fields.update(getattr(record, "fields", {}))
    if record.exc_info and record.exc_info[0] is not None:
        frames = traceback.extract_tb(record.exc_info[2])
        fields["error"] = record.exc_info[0].__name__
        fields["where"] = f"{frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return fields


def _word(value: object) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if _BARE.fullmatch(text) else json.dumps(text, ensure_ascii=False)
