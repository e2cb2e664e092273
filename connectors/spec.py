"""What an index is made of: which texts, which vector fields, by which models."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from .errors import BadSpec
from .ports import ModelIdentity, Models

Space = Literal["cosinesimil", "innerproduct", "l2"]
DenseKind = Literal["binary", "knn_vector"]
Way = Literal["native", "sidecar"]
Match = Literal["best_fields", "most_fields", "cross_fields"]

META_KEY = "outrider"
META_VERSION = 1


@dataclass(frozen=True, slots=True)
class DenseField:
    """One vector a document, as the engine's own vector type or as bytes it can score by script."""

    dimension: int
    name: str = "outrider_dense"
    kind: DenseKind = "binary"
    space: Space = "cosinesimil"


@dataclass(frozen=True, slots=True)
class SparseField:
    """Weights by token, in a rank_features field."""

    name: str = "outrider_sparse"


@dataclass(frozen=True, slots=True)
class Pipelines:
    """The engine's own pipelines that encode, fuse and rerank for one index (native way)."""

    ingest: str
    fused: str
    reranked: str


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """One index: its texts, its vector fields, and how its results are fused and reranked.

    `window` is how deep each ranking is read before fusion, `rerank_window` how many fused results are reranked.
    `match` is how several text fields count together; `tie_breaker` is what each field but the best one adds to it.
    `exact_limit` is the number of documents up to which byte vectors are scored exhaustively.
    `way` says who encodes: the engine through its plugins (native), or the sidecar.
    """

    index: str
    text_fields: tuple[str, ...]
    models: Models = field(default_factory=Models)
    dense: DenseField | None = None
    sparse: SparseField | None = None
    way: Way = "sidecar"
    pipelines: Pipelines | None = None
    id_field: str | None = None
    marker: str = "outrider"
    match: Match = "best_fields"
    tie_breaker: float = 0.3
    rank_constant: int = 60
    window: int = 100
    rerank_window: int = 50
    exact_limit: int = 50_000

    def __post_init__(self) -> None:
        if not self.text_fields or not all(self.text_fields):
            raise BadSpec(f"index '{self.index}' names no text fields (got {self.text_fields!r}): name at least one")
        if self.rank_constant < 1 or self.window < 1 or self.rerank_window < 1:
            raise BadSpec(
                f"index '{self.index}': rank_constant ({self.rank_constant}), window ({self.window}) and "
                f"rerank_window ({self.rerank_window}) must be at least 1"
            )

    @property
    def own_fields(self) -> tuple[str, ...]:
        """The fields that are ours, not the user's."""
        return (self.marker, *self.vector_fields)

    @property
    def vector_fields(self) -> tuple[str, ...]:
        return tuple(f.name for f in (self.dense, self.sparse) if f)

    def fingerprints(self) -> dict[str, str]:
        """The fingerprint of each model whose vectors are stored."""
        stored = {"dense": self.dense and self.models.dense, "sparse": self.sparse and self.models.sparse}
        return {kind: model.fingerprint for kind, model in stored.items() if model}


def spec_to_meta(spec: IndexSpec) -> dict[str, Any]:
    """The spec as it is kept in the index's own mapping."""
    return {"version": META_VERSION, **asdict(spec), "text_fields": list(spec.text_fields)}


def spec_from_meta(meta: Mapping[str, Any], index: str) -> IndexSpec:
    """The spec that an index was made with; `index` wins over the stored name, so that aliases work."""
    if meta.get("version") != META_VERSION:
        raise BadSpec(
            f"index '{index}' was set up by another version of Outrider (layout {meta.get('version')!r}, "
            f"this one reads {META_VERSION}): use that version, or index again into a new index"
        )
    values = {key: value for key, value in meta.items() if key != "version"}
    models = values["models"]
    identities = {k: ModelIdentity(**m) for k, m in models.items() if isinstance(m, Mapping)}
    return IndexSpec(
        **{
            **values,
            "index": index,
            "text_fields": tuple(values["text_fields"]),
            "models": Models(**identities, dimension=models.get("dimension")),
            "dense": DenseField(**values["dense"]) if values["dense"] else None,
            "sparse": SparseField(**values["sparse"]) if values["sparse"] else None,
            "pipelines": Pipelines(**values["pipelines"]) if values["pipelines"] else None,
        }
    )
