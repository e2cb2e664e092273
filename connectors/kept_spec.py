"""A spec as it is kept in the mapping of its index."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from .boosts import Boost
from .chunks import Chunking
from .errors import BadSpec, SpecUnreadable
from .patience import Deadlines, WhenEncoderDown
from .ports import ModelIdentity, Models
from .pruning import Pruning, TwoPhase
from .spec import DenseField, Endpoints, IndexSpec, Pipelines, SparseField, SparseKind, Weights

Part = TypeVar("Part")

META_KEY = "outrider"
META_VERSION = 1
_BESIDE = ("version", "checksum")


def spec_to_meta(spec: IndexSpec) -> dict[str, Any]:
    """The spec as it is kept in the index's own mapping."""
    values = {**asdict(spec), "text_fields": list(spec.text_fields)}
    return {"version": META_VERSION, **values, "checksum": _checksum(values)}


def is_as_written(meta: Mapping[str, Any]) -> bool:
    """Whether a kept spec is the one that was written, not one that was changed by hand."""
    values = {key: value for key, value in meta.items() if key not in _BESIDE}
    return meta.get("checksum") in (None, _checksum(values))


def spec_from_meta(meta: Mapping[str, Any], index: str) -> IndexSpec:
    """The spec that an index was made with; `index` wins over the stored name, so that aliases work.

    Raises BadSpec for another version's, SpecUnreadable for what is none.
    """
    if meta.get("version") != META_VERSION:
        raise BadSpec(
            f"index '{index}' was set up by another version of Outrider (layout {meta.get('version')!r}, "
            f"this one reads {META_VERSION}): use that version, or index again into a new index"
        )
    try:
        return _from_values({key: value for key, value in meta.items() if key not in _BESIDE}, index)
    except (KeyError, TypeError, AttributeError, ValueError) as err:
        raise SpecUnreadable(
            f"the spec in the mapping of index '{index}' was changed and cannot be read ({type(err).__name__}: {err}); "
            f"`outrider apply` with its spec file writes it anew"
        ) from err


def _from_values(values: Mapping[str, Any], index: str) -> IndexSpec:
    models = values["models"]
    identities = {k: ModelIdentity(**m) for k, m in models.items() if isinstance(m, Mapping)}
    return IndexSpec(
        **{
            **values,
            "index": index,
            "text_fields": tuple(values["text_fields"]),
            "models": Models(**identities, dimension=models.get("dimension")),
            "dense": _optional(DenseField, values["dense"]),
            "sparse": _optional(_sparse_field, values["sparse"]),
            "chunks": _optional(Chunking, values.get("chunks")),
            "query_prune": _optional(Pruning, values.get("query_prune")),
            "two_phase": _optional(TwoPhase, values.get("two_phase")),
            "boosts": tuple(Boost(**each) for each in values.get("boosts", ())),
            "weights": Weights(**values.get("weights", {})),
            "when_encoder_down": WhenEncoderDown(**values.get("when_encoder_down", {})),
            "deadlines": Deadlines(**values.get("deadlines", {})),
            "pipelines": _optional(Pipelines, values["pipelines"]),
            "endpoints": _optional(Endpoints, values.get("endpoints")),
        }
    )


def _optional(kind: Callable[..., Part], values: Mapping[str, Any] | None) -> Part | None:
    return kind(**values) if values else None


def _sparse_field(name: str, kind: SparseKind, prune: Mapping[str, Any] | None = None) -> SparseField:
    return SparseField(name, kind, _optional(Pruning, prune))


def _checksum(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
