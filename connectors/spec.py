"""What an index is made of: which texts, which vector fields, by which models."""

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

from .boosts import Boost
from .chunks import Chunking
from .errors import BadSpec
from .fusion import Technique
from .patience import Deadlines, WhenEncoderDown
from .ports import Models
from .pruning import Pruning, TwoPhase

Space = Literal["cosinesimil", "innerproduct", "l2"]
DenseKind = Literal["binary", "knn_vector", "dense_vector", "semantic_text"]
SparseKind = Literal["rank_features", "sparse_vector", "semantic_text"]
Element = Literal["float", "byte", "bit"]
Structure = Literal[
    "hnsw", "flat", "int8_hnsw", "int8_flat", "int4_hnsw", "int4_flat", "bbq_hnsw", "bbq_flat", "on_disk"
]
Way = Literal["native", "sidecar"]
Leg = Literal["bm25", "dense", "sparse"]
Match = Literal["best_fields", "most_fields", "cross_fields"]
TECHNIQUES: tuple[Technique, ...] = get_args(Technique)


@dataclass(frozen=True, slots=True)
class DenseField:
    """One vector a document, as the engine's own vector type or as bytes it can score by script.

    `element` is what the engine's own type keeps of each number, `structure` how it finds the nearest (None: the best
    it has).
    """

    dimension: int
    name: str = "outrider_dense"
    kind: DenseKind = "binary"
    space: Space = "cosinesimil"
    element: Element = "float"
    structure: Structure | None = None


@dataclass(frozen=True, slots=True)
class SparseField:
    """Weights by token; with `prune`, only those of a document that it keeps."""

    name: str = "outrider_sparse"
    kind: SparseKind = "rank_features"
    prune: Pruning | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each ranking counts in the fusion; 0 leaves it out."""

    bm25: float = 1.0
    dense: float = 1.0
    sparse: float = 1.0

    def __post_init__(self) -> None:
        values = (self.bm25, self.dense, self.sparse)
        if not all(math.isfinite(value) and value >= 0 for value in values) or not any(values):
            raise BadSpec(f"fusion weights are {values}; they must be numbers from 0 up, and one of them above 0")


@dataclass(frozen=True, slots=True)
class Pipelines:
    """The engine's own pipelines that encode, fuse and rerank for one index (native way)."""

    ingest: str
    fused: str
    reranked: str


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Elasticsearch's inference endpoints that encode and rerank for one index (native way); None where it has none."""

    dense_document: str | None = None
    dense_query: str | None = None
    sparse_document: str | None = None
    sparse_query: str | None = None
    rerank: str | None = None


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """One index: its texts, its vector fields, and how its results are fused and reranked.

    `window` is how deep each ranking is read before fusion, `rerank_window` how many fused results are reranked.
    `fusion` makes one ranking of several, weighted by `weights`: by score (min_max, z_score, l2) or rank (rrf).
    `rerank_weight` is the cross-encoder's share in the order of the reranked, the rest is the fusion's; in the native
    way the engine gives the cross-encoder all of it.
    `query_prune` leaves terms of a query out, `two_phase` asks for the heavy ones first.
    `boosts` are business fields that a score is multiplied by: that of BM25 alone, and that of the fusion.
    `match` is how several text fields count together; `tie_breaker` is what each field but the best one adds to it.
    `exact_limit` is the number of documents up to which byte vectors are scored exhaustively.
    `chunks` is how long texts are cut; without it each document has one vector of a kind, of what the model reads.
    `follower` is an index that gets what is written to this one, while an alias moves from one to the other.
    `way` says who encodes: the engine through its plugins (native), or the sidecar.
    `when_encoder_down` and `deadlines` are what the gateway promises for this index.
    """

    index: str
    text_fields: tuple[str, ...]
    models: Models = field(default_factory=Models)
    dense: DenseField | None = None
    sparse: SparseField | None = None
    chunks: Chunking | None = None
    way: Way = "sidecar"
    pipelines: Pipelines | None = None
    endpoints: Endpoints | None = None
    id_field: str | None = None
    marker: str = "outrider"
    match: Match = "best_fields"
    tie_breaker: float = 0.3
    fusion: Technique = "min_max"
    weights: Weights = field(default_factory=Weights)
    rank_constant: int = 60
    window: int = 100
    rerank_window: int = 50
    rerank_weight: float = 0.5
    query_prune: Pruning | None = None
    two_phase: TwoPhase | None = None
    boosts: tuple[Boost, ...] = ()
    exact_limit: int = 50_000
    when_encoder_down: WhenEncoderDown = field(default_factory=WhenEncoderDown)
    deadlines: Deadlines = field(default_factory=Deadlines)
    follower: str | None = None

    def __post_init__(self) -> None:
        if not self.text_fields or not all(self.text_fields):
            raise BadSpec(f"index '{self.index}' names no text fields (got {self.text_fields!r}): name at least one")
        if self.rank_constant < 1 or self.window < 1 or self.rerank_window < 1:
            raise BadSpec(
                f"index '{self.index}': rank_constant ({self.rank_constant}), window ({self.window}) and "
                f"rerank_window ({self.rerank_window}) must be at least 1"
            )
        if not any(getattr(self.weights, leg) for leg in self.legs):
            raise BadSpec(f"index '{self.index}': the weights of {', '.join(self.legs)} are all 0; raise one of them")
        if self.fusion not in TECHNIQUES:
            raise BadSpec(f"index '{self.index}': fusion {self.fusion!r} is not known; use {', '.join(TECHNIQUES)}")
        if self.chunks is not None:
            self._check_chunks(self.chunks)
        if self.way == "native":
            self._check_native()
        if not 0 <= self.rerank_weight <= 1:
            raise BadSpec(f"index '{self.index}': rerank_weight is {self.rerank_weight}; it must be between 0 and 1")

    def _check_chunks(self, chunks: Chunking) -> None:
        if chunks.title is not None and chunks.title not in self.text_fields:
            raise BadSpec(
                f"index '{self.index}': chunks.title '{chunks.title}' is none of its text fields "
                f"({', '.join(self.text_fields)}); name one of them, or add it"
            )

        bodies = [name for name in self.text_fields if name != chunks.title]
        if self.parent and (len(bodies) != 1 or "." in bodies[0]):
            raise BadSpec(
                f"index '{self.index}': chunks kept as documents have their text in one field beside the title, here "
                f"in {', '.join(bodies) or 'none'}; keep them nested, or name one field"
            )

    def _check_native(self) -> None:
        """What the engine's own pipelines cannot do."""
        prunes = self.sparse is not None and self.sparse.prune is not None
        asked = {
            "chunks": self.chunks,
            "boosts": self.boosts,
            "sparse.prune": prunes,
            "query_prune": self.query_prune,
            "two_phase": self.two_phase,
            "dense.element": self.dense is not None and self.dense.element != "float",
        }
        for name, value in asked.items():
            if value:
                raise BadSpec(
                    f"index '{self.index}': the engine's own pipelines (way native) know no {name}; leave it out, "
                    f"or set way to sidecar"
                )

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The rankings that are fused."""
        dense: tuple[Leg, ...] = ("dense",) if self.dense else ()
        sparse: tuple[Leg, ...] = ("sparse",) if self.sparse else ()
        return ("bm25", *dense, *sparse)

    @property
    def own_fields(self) -> tuple[str, ...]:
        """The fields that are ours, not the user's."""
        place = (self.chunks.field,) if self.chunks and self.parent else ()
        return (self.marker, *place, *self.vector_fields)

    @property
    def vector_fields(self) -> tuple[str, ...]:
        """The fields of a document that hold its vectors."""
        fields = tuple(f.name for f in (self.dense, self.sparse) if f)
        return (self.nested.field,) if self.nested and fields else fields

    @property
    def nested(self) -> Chunking | None:
        """The chunks that a document holds; None where it holds none."""
        return self.chunks if self.chunks and self.chunks.kept == "nested" else None

    @property
    def parent(self) -> str | None:
        """The field by which chunks that are documents of their own belong together; None where there are none."""
        return f"{self.chunks.field}.parent" if self.chunks and self.chunks.kept == "documents" else None

    def path(self, field: DenseField | SparseField) -> str:
        """Where a query finds a vector field: in the document, or in each of its chunks."""
        return f"{self.nested.field}.{field.name}" if self.nested else field.name

    def fingerprints(self) -> dict[str, str]:
        """The fingerprint of each model whose vectors are stored."""
        stored = {"dense": self.dense and self.models.dense, "sparse": self.sparse and self.models.sparse}
        return {kind: model.fingerprint for kind, model in stored.items() if model}
