"""A question in, results out, where Elasticsearch's own endpoints encode and rerank (native way)."""

from collections.abc import Sequence
from typing import Any

from .answer import Mode
from .client import Cluster
from .elasticsearch.semantic import semantic_query
from .errors import EncoderUnavailable, NotRegistered
from .ports import Encoded, EncodingFailed, Models
from .search import Asked, Searcher
from .spec import Endpoints, IndexSpec


class SemanticSearcher(Searcher):
    """Asks one registered index questions; needs no encoder: rankings are fused here, all else is the engine's."""

    def __init__(self, cluster: Cluster, spec: IndexSpec) -> None:
        if spec.endpoints is None:
            raise NotRegistered(f"index '{spec.index}' on {cluster.url} is not registered: `outrider register`")
        super().__init__(cluster, spec, _EngineEncoder(cluster, spec.models, spec.endpoints))

    def _body(self, leg: Mode, asked: Asked, encoded: Encoded, depth: int) -> dict[str, Any]:
        field = self._spec.dense if leg == "dense" else self._spec.sparse
        if leg == "bm25" or field is None:
            return super()._body(leg, asked, encoded, depth)
        return {"query": semantic_query(field.name, asked.text, asked.filter), "size": depth, "_source": False}


class _EngineEncoder:
    """Reranks through the engine; encodes nothing, since queries and documents go to it as texts."""

    def __init__(self, cluster: Cluster, models: Models, endpoints: Endpoints) -> None:
        self._cluster = cluster
        self._models = models
        self._endpoint = endpoints.rerank

    @property
    def models(self) -> Models:
        return self._models

    def encode_document(self, texts: Sequence[str]) -> Sequence[Encoded | EncodingFailed]:
        return [Encoded() for _ in texts]

    def encode_query(self, text: str) -> Encoded:  # noqa: ARG002
        return Encoded()

    def rank(self, query: str, passages: Sequence[str]) -> Sequence[float]:
        """Raises EncoderUnavailable where a passage got no score: the engine does not count them."""
        body = {"query": query, "input": list(passages)}
        told = self._cluster.read("POST", f"/_inference/rerank/{self._endpoint}", body)["rerank"]
        scores = {int(each["index"]): float(each["relevance_score"]) for each in told}
        if scores.keys() != set(range(len(passages))):
            told_of = f"{len(scores)} of {len(passages)} texts"
            raise EncoderUnavailable(f"the reranker behind {self._cluster.url} scored {told_of}; look at the sidecar")
        return [scores[at] for at in range(len(passages))]
