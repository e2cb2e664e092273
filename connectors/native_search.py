"""A question in, results out, where the engine itself has it encoded, fuses and reranks (native way)."""

import json
from typing import Any

from .answer import Answer, Filter, Mode, Result, check_question, timed
from .client import Cluster
from .common.hits import parse_hits
from .common.query import bm25_query, filtered
from .errors import BadQuery, NotRegistered
from .opensearch import native_query
from .request import index_path
from .spec import IndexSpec


class NativeSearcher:
    """Asks one registered index questions; needs no encoder. Safe to use from several threads.

    `reranked` reranks the page that is asked for, and at least `rerank_window`.
    """

    def __init__(self, cluster: Cluster, spec: IndexSpec) -> None:
        if spec.pipelines is None:
            raise NotRegistered(f"index '{spec.index}' on {cluster.url} is not registered: `outrider register`")
        self._cluster = cluster
        self._spec = spec
        self._pipelines = spec.pipelines
        self._version = cluster.dialect.version

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes that this index can be searched in."""
        dense: tuple[Mode, ...] = ("dense",) if self._spec.dense else ()
        sparse: tuple[Mode, ...] = ("sparse",) if self._spec.sparse else ()
        return ("bm25", *dense, *sparse, "fused", "reranked")

    def search(
        self, query: str, mode: Mode = "reranked", size: int = 10, *, offset: int = 0, filter: Filter | None = None
    ) -> Answer:
        """The `size` best documents for a query, after the first `offset`, where `filter` (a query body) matches.

        The engine fuses and reranks what a page needs: pages fit together as long as they end within `window` and
        `rerank_window`. Raises BadQuery or ClusterError.
        """
        check_question(query, mode, size, self.modes, self._spec.index, offset)
        if mode == "reranked" and _reads_as_json(query):
            raise BadQuery(
                f"OpenSearch cannot hand {query!r} to a reranker: it takes a query that reads as JSON for JSON; "
                f"add a word, or search the sidecar way"
            )
        timings: dict[str, float] = {}
        with timed(timings, "search"):
            pipeline = self._pipelines.reranked if mode == "reranked" else self._pipelines.fused
            path = index_path(self._spec.index, f"/_search?search_pipeline={pipeline}")
            answer = self._cluster.read("POST", path, self._body(query, mode, offset + size, filter))
        hits = parse_hits(answer, f"the {mode} search of '{self._spec.index}'").hits[: offset + size]
        results = tuple(
            Result(
                id=hit.key.id,
                index=hit.key.index,
                source={key: value for key, value in hit.source.items() if key not in self._spec.own_fields},
                score=hit.score,
                ranks={mode: rank},
                scores={mode: hit.score},
            )
            for rank, hit in enumerate(hits, start=1)
            if rank > offset
        )
        return Answer(query, mode, results, timings, "the engine's own vector index" if mode == "dense" else "")

    def _body(self, query: str, mode: Mode, size: int, filter: Filter | None) -> dict[str, Any]:
        spec = self._spec
        depth = max(size, spec.window)
        # The marker stays in: the reranker reads the space between the texts from it.
        source = {"excludes": list(spec.vector_fields)}
        if mode == "reranked":
            reranked = {"size": max(size, spec.rerank_window), "ext": native_query.rerank_context(query)}
            return {
                "query": native_query.hybrid_query(self._version, spec, query, depth, filter),
                "_source": source,
                **reranked,
            }
        queries = {
            "bm25": filtered(bm25_query(spec, query), filter),
            "dense": native_query.neural_query(spec, query, depth, filter),
            "sparse": filtered(native_query.neural_sparse_query(spec, query), filter),
            "fused": native_query.hybrid_query(self._version, spec, query, depth, filter),
        }
        return {"query": queries[mode], "size": size, "_source": source}


def _reads_as_json(query: str) -> bool:
    try:
        return isinstance(json.loads(query), dict | list)
    except ValueError:
        return False
