"""The ingest pipeline that encodes documents by calling the sidecar (native way)."""

from collections.abc import Mapping
from typing import Any

from ..capabilities import Version
from ..spec import IndexSpec
from .ml import Role
from .since import has

_JOINED = "outrider_text"
_TEXTS_PER_BATCH = 32

# The same text as connectors/text.py joins, and the same marker as connectors/enrich.py writes.
_JOIN = """
ctx.remove(params.marker);
for (name in params.vectors) { ctx.remove(name); }
String joined = '';
for (path in params.paths) {
  def value = ctx.get(path.name);
  if (!ctx.containsKey(path.name)) {
    value = ctx;
    for (key in path.keys) { value = value instanceof Map ? value.get(key) : null; }
  }
  if (value == null) { continue; }
  if (!(value instanceof String)) {
    throw new IllegalArgumentException("field '" + path.name + "' holds something other than text");
  }
  String part = value.trim();
  if (part.length() > 0) { joined = joined.length() == 0 ? part : joined + ' ' + part; }
}
Map marker = new HashMap();
if (params.gap) { marker.put('gap', ' '); }
if (joined.length() == 0) {
  marker.put('state', 'blank');
} else {
  marker.put('state', 'encoded');
  marker.put('text_hash', joined.sha256());
  marker.put('models', new HashMap(params.models));
  ctx.put(params.joined, joined);
}
ctx.put(params.marker, marker);
"""

_MARK_FAILURE = """
ctx.remove(params.joined);
Map marker = new HashMap();
if (params.gap) { marker.put('gap', ' '); }
marker.put('state', 'failed');
ctx.put(params.marker, marker);
"""


def ingest_pipeline(version: Version, spec: IndexSpec, model_ids: Mapping[Role, str]) -> dict[str, Any]:
    """Join the texts, encode them, and keep beside the vectors what they were made of.

    A document that cannot be encoded is stored all the same, marked as failed with the reason.
    """
    batches = {"batch_size": _TEXTS_PER_BATCH} if has(version, "batch_size") else {}
    encoders = [
        {name: {"model_id": model_ids[role], "field_map": {_JOINED: field.name}, **batches}}
        for name, role, field in _encoders(spec)
    ]
    return {
        "description": f"Encodes documents of '{spec.index}', made by Outrider",
        "processors": [
            {"script": {"source": _JOIN, "params": _join_params(spec)}},
            *encoders,
            {"remove": {"field": _JOINED, "ignore_missing": True}},
        ],
        # Not ignore_failure: in a bulk of two or more the processors fail all the same.
        "on_failure": [
            {"script": {"source": _MARK_FAILURE, "params": _marker_params(spec)}},
            # Scripts do not see the reason (ctx has no _ingest), templates do.
            {"set": {"field": f"{spec.marker}.error", "value": "{{_ingest.on_failure_message}}"}},
        ],
    }


def _encoders(spec: IndexSpec) -> list[tuple[str, Role, Any]]:
    candidates: list[tuple[str, Role, Any]] = [
        ("text_embedding", "dense-document", spec.dense),
        ("sparse_encoding", "sparse-document", spec.sparse),
    ]
    return [each for each in candidates if each[2]]


def _join_params(spec: IndexSpec) -> dict[str, Any]:
    return {
        **_marker_params(spec),
        "vectors": list(spec.vector_fields),
        "paths": [{"name": path, "keys": path.split(".")} for path in spec.text_fields],
        "models": spec.fingerprints(),
    }


def _marker_params(spec: IndexSpec) -> dict[str, Any]:
    return {"marker": spec.marker, "joined": _JOINED, "gap": len(spec.text_fields) > 1}
