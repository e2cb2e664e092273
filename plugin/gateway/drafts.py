"""A document on its way in: its text, and its own JSON with our fields beside it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from outrider.connectors import (
    BadDocument,
    Enriched,
    IndexSpec,
    Prepared,
    Rejected,
    failed_marker,
    join_text,
    pending_marker,
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A document as it came; `reason` says why it cannot be encoded, where it cannot."""

    spec: IndexSpec
    source: bytes
    fields: Mapping[str, Any]
    text: str
    reason: str = ""

    def prepared(self) -> Prepared:
        """As connectors encode it."""
        return Prepared(0, "", self.fields, self.text, len(self.source))


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
        return Draft(spec, source, fields, "", str(err))
    except UnicodeEncodeError as err:
        return Draft(spec, source, fields, "", f"its text has half of a character pair at position {err.start}")
    return Draft(spec, source, fields, text)


def must_probe(spec: IndexSpec) -> bool:
    """Whether it has to be known before an update whether the encoder is there."""
    return spec.when_encoder_down.writes == "refuse"


def probe(spec: IndexSpec, text: str) -> Draft:
    """Nothing to store: a text whose being encoded shows that the encoder is there."""
    return Draft(spec, b"{}", {spec.text_fields[0]: text or "?"}, text or "?")


def touches_text(spec: IndexSpec, fields: Mapping[str, Any]) -> bool:
    """Whether merging these fields into a document may change what it is encoded by."""
    return any(path in fields or path.split(".")[0] in fields for path in spec.text_fields)


def with_vectors(each: Draft, made: Enriched | Rejected) -> tuple[bytes, str]:
    """The document as it is stored, and why it has no vectors, where it could not."""
    if isinstance(made, Rejected):
        return failed(each, made.reason), made.reason
    values = {field: made.source[field] for field in each.spec.own_fields if field in made.source}
    return spliced(each.source, values), ""


def failed(each: Draft, reason: str) -> bytes:
    """The document as it is stored where it cannot have vectors."""
    return spliced(each.source, failed_marker(each.spec, reason))


def without_vectors(each: Draft) -> bytes:
    """The document as it is stored until it can be encoded."""
    return spliced(each.source, pending_marker(each.spec))


def spliced(source: bytes, values: Mapping[str, Any]) -> bytes:
    """A JSON object with more values; what was there stays byte for byte."""
    body = source.rstrip()
    head = body[:-1].rstrip()
    comma = b"" if head.endswith(b"{") and head.lstrip() == b"{" else b","
    return head + comma + orjson.dumps(values)[1:]
