"""The one text a document is encoded by, the same in every way of encoding."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from .errors import BadDocument

# Java's String.trim(), which the engine's own script uses: everything up to and including the space.
BLANK = "".join(map(chr, range(0x21)))


def join_text(document: Mapping[str, Any], text_fields: Sequence[str]) -> str:
    """The texts of several fields as one: trimmed, missing and blank ones skipped, joined by one space.

    Raises BadDocument if a field holds something other than text.
    """
    parts = (_text(document, path) for path in text_fields)
    return " ".join(part for part in parts if part)


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _text(document: Mapping[str, Any], path: str) -> str:
    value = _value(document, path)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadDocument(f"field '{path}' holds {_shown(value)} where text is needed")
    return value.strip(BLANK)


def _value(document: Mapping[str, Any], path: str) -> Any:
    if path in document:
        return document[path]
    value: Any = document
    for key in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def _shown(value: object) -> str:
    shown = repr(value)
    return f"{type(value).__name__} {shown if len(shown) <= 60 else shown[:57] + '...'}"
