"""Partial updates: the text of the merged document is known only afterwards, so that it is marked and then encoded.

The mark goes in with the change itself: whoever is killed in between leaves a document that says that it is pending.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from outrider.connectors import IndexSpec, pending_marker

from .drafts import Draft, draft, parse_object, spliced, touches_text

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Update:
    """An update that may change a text: what to send, and the whole document in it, if there is one (`upsert`).

    `is_script` asks for the mark beforehand: what a script does is not known. `text` is what is known of the new text.
    """

    body: Mapping[str, Any]
    upsert: Draft | None
    is_script: bool
    text: str

    def source(self, upsert: bytes | None) -> bytes:
        """The body to send, with the upsert as it is to be stored."""
        rest = json.dumps({key: value for key, value in self.body.items() if key != "upsert"}, separators=(",", ":"))
        if upsert is None:
            return rest.encode()
        return rest.encode()[:-1] + (b"," if len(rest) > 2 else b"") + b'"upsert":' + upsert + b"}"


def plan_update(spec: IndexSpec, source: bytes) -> Update | None:
    """What an update needs; None where it changes no text, or is none, so that it can go as it is."""
    body = parse_object(source)
    if body is None:
        return None
    doc, upsert = body.get("doc"), body.get("upsert")
    if isinstance(doc, dict):
        changed = {key: value for key, value in doc.items() if key not in spec.own_fields}
        is_touched = touches_text(spec, changed)
        if body.pop("doc_as_upsert", None) is True:
            upsert = doc
        if not is_touched and upsert is None and len(changed) == len(doc):
            return None
        whole = draft(spec, _dumped(upsert)) if isinstance(upsert, dict) else None
        known = draft(spec, _dumped(changed))
        body["doc"] = {**changed, **pending_marker(spec)} if is_touched else changed
        return Update(body, whole, False, known.text if known else "")
    if "script" not in body:
        return None
    whole = draft(spec, _dumped(upsert)) if isinstance(upsert, dict) else None
    return Update(body, whole, True, whole.text if whole else "")


def on_conflict(asked: Mapping[str, Any]) -> dict[str, int]:
    """What is added to what an update says: vectors may be written to its document at the same moment.

    Without it an application would see conflicts that it has no part in.
    """
    says_so = any(name in asked for name in ("retry_on_conflict", "_retry_on_conflict", "if_seq_no"))
    return {} if says_so else {"retry_on_conflict": _TRIES}


def mark_body(spec: IndexSpec) -> bytes:
    """The update that marks a document before a script changes it."""
    return orjson.dumps({"doc": pending_marker(spec)})


def marked_upsert(upsert: Draft) -> bytes:
    """What a script is run on where there is no document yet."""
    return spliced(upsert.source, pending_marker(upsert.spec))


def _dumped(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()
