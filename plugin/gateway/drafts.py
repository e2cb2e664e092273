"""A document on its way in: its text, and its own JSON with our fields beside it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from outrider.connectors import (
    BadDocument,
    BadSpec,
    Dialect,
    Encoded,
    EncodingFailed,
    IndexSpec,
    failed_marker,
    join_text,
    own_values,
    pending_marker,
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A document as it came; `reason` says why it cannot be encoded, where it cannot."""

    spec: IndexSpec
    source: bytes
    text: str
    reason: str = ""


def parse_object(source: bytes) -> dict[str, Any] | None:
    """A JSON object; None for what is none, which the cluster will refuse."""
    try:
        found = orjson.loads(source)
    except orjson.JSONDecodeError:
        try:
            found = json.loads(source)  # lone surrogates: the cluster takes them
        except (ValueError, RecursionError):
            return None
    return found if isinstance(found, dict) else None


def draft(spec: IndexSpec, source: bytes) -> Draft | None:
    """The draft of a document; None for what is none."""
    fields = parse_object(source)
    if fields is None:
        return None
    if not fields.keys().isdisjoint(spec.own_fields):
        # It was read with our fields and comes back with them: they are made anew.
        fields = {key: value for key, value in fields.items() if key not in spec.own_fields}
        source = json.dumps(fields, separators=(",", ":")).encode()
    return _drafted(spec, source, fields)


def _drafted(spec: IndexSpec, source: bytes, fields: Mapping[str, Any]) -> Draft:
    try:
        text = join_text(fields, spec.text_fields)
        text.encode()
    except BadDocument as err:
        return Draft(spec, source, "", str(err))
    except UnicodeEncodeError as err:
        return Draft(spec, source, "", f"its text has half of a character pair at position {err.start}")
    return Draft(spec, source, text)


def touches_text(spec: IndexSpec, fields: Mapping[str, Any]) -> bool:
    """Whether merging these fields into a document may change what it is encoded by."""
    return any(path in fields or path.split(".")[0] in fields for path in spec.text_fields)


def with_vectors(dialect: Dialect, each: Draft, encoded: Encoded | EncodingFailed | None) -> tuple[bytes, str]:
    """The document as it is stored, and why it has no vectors, where it could not."""
    if each.reason:
        return spliced(each.source, failed_marker(each.spec, each.reason)), each.reason
    if isinstance(encoded, EncodingFailed):
        return spliced(each.source, failed_marker(each.spec, encoded.reason)), encoded.reason
    try:
        return spliced(each.source, own_values(dialect, each.spec, each.text, encoded)), ""
    except (BadDocument, BadSpec) as err:
        return spliced(each.source, failed_marker(each.spec, str(err))), str(err)


def without_vectors(each: Draft) -> bytes:
    """The document as it is stored until it can be encoded."""
    return spliced(each.source, pending_marker(each.spec))


def spliced(source: bytes, values: Mapping[str, Any]) -> bytes:
    """A JSON object with more values; what was there stays byte for byte."""
    body = source.rstrip()
    head = body[:-1].rstrip()
    comma = b"" if head.endswith(b"{") and head.lstrip() == b"{" else b","
    return head + comma + orjson.dumps(values)[1:]
