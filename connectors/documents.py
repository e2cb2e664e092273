"""Documents on their way in: read, checked, given an id."""

import gzip
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import BadDocument
from .spec import IndexSpec
from .text import join_text

ID_KEY = "_id"  # where exports and test collections keep the id; the engine refuses it inside a document
LETTER_KEYS = frozenset(("position", "id", "reason", "document"))
MAX_ID_BYTES = 512  # a longer id makes the engine refuse the whole bulk


@dataclass(frozen=True, slots=True)
class Document:
    """A document and its place in its source, from 1."""

    position: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that holds no document."""

    position: int
    line: str
    reason: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document ready to be encoded: `fields` are the user's own, `text` is what is encoded."""

    position: int
    id: str
    fields: Mapping[str, Any]
    text: str
    size_bytes: int


def read_jsonl(path: Path) -> Iterator[Document | Unreadable]:
    """The documents of a JSON-lines file, one a line, gzip by its suffix, `-` for standard input.

    Blank lines are no documents. A dead letter is read as the document in it: a mended file can be used as it is.
    """
    with _open(path) as lines:
        for position, line in enumerate(lines, start=1):
            if not line.isspace():
                yield _parse(position, line)


def prepare(spec: IndexSpec, document: Document) -> Prepared:
    """Check a document and find its id and text. Raises BadDocument."""
    fields = {key: value for key, value in document.body.items() if key not in (*spec.own_fields, ID_KEY)}
    as_json = source_json(fields)
    return Prepared(
        position=document.position,
        id=_id(spec, document.body, as_json),
        fields=fields,
        text=join_text(fields, spec.text_fields),
        size_bytes=len(as_json),
    )


def source_json(fields: Mapping[str, Any]) -> bytes:
    """A document as JSON, exactly what will be stored. Raises BadDocument for what JSON cannot hold."""
    try:
        return json.dumps(fields, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as err:
        bad = err.object[err.start]
        raise BadDocument(f"holds half of a character pair ({bad!a}, a lone surrogate), which is no text") from err
    except (TypeError, ValueError, RecursionError) as err:
        raise BadDocument(f"cannot be written as JSON: {err}") from err


def _parse(position: int, line: bytes) -> Document | Unreadable:
    try:
        body = json.loads(line)
    except (ValueError, RecursionError) as err:
        return Unreadable(position, line.decode(errors="backslashreplace"), f"line {position} is not JSON: {err}")
    if not isinstance(body, dict):
        reason = f"line {position} holds a {type(body).__name__}, not a JSON object"
        return Unreadable(position, line.decode(errors="backslashreplace"), reason)
    return Document(position, _opened(body))


def _opened(body: dict[str, Any]) -> dict[str, Any]:
    inner = body.get("document")
    return inner if body.keys() == LETTER_KEYS and isinstance(inner, dict) else body


def _id(spec: IndexSpec, body: Mapping[str, Any], as_json: bytes) -> str:
    """The id field's value, else the document's `_id`, else a hash of its content."""
    field = spec.id_field or ID_KEY
    if spec.id_field is None and ID_KEY not in body:
        return hashlib.sha256(json.dumps(json.loads(as_json), sort_keys=True).encode()).hexdigest()
    value = body.get(field)
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise BadDocument(f"id field '{field}' holds {value!r}, where a non-empty text or a whole number is needed")
    id = str(value)
    if len(id.encode()) > MAX_ID_BYTES:
        raise BadDocument(f"id field '{field}' is {len(id.encode())} bytes long, the engine takes {MAX_ID_BYTES}")
    return id


def _open(path: Path) -> AbstractContextManager[Iterable[bytes]]:
    if str(path) == "-":
        return nullcontext(sys.stdin.buffer)
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")
