"""A question in, results out: encoded, ranked in several ways, fused, reranked."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .answer import MODES, Answer, Filter, Mode, Ranking, Result, check_question, timed
from .client import Cluster
from .common.hits import Key, parse_hits
from .common.query import Question, bm25_query, filtered, given
from .fusion import fuse_in_blocks, rerank
from .index import check_models
from .ports import Encoded, Encoder
from .request import index_path
from .spec import IndexSpec
from .text import join_text


class Searcher:
    """Asks one index questions. Safe to use from several threads."""

    def __init__(self, cluster: Cluster, spec: IndexSpec, encoder: Encoder) -> None:
        check_models(spec, encoder.models)
        self._cluster = cluster
        self._dialect = cluster.dialect
        self._spec = spec
        self._encoder = encoder
        count = cluster.read("GET", index_path(spec.index, "/_count"))["count"] if spec.dense else 0
        self._dense_plan = self._dialect.dense_plan(spec, count)

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes that this index and encoder can answer in."""
        has: dict[Mode, bool] = {
            "bm25": True,
            "dense": self._spec.dense is not None,
            "sparse": self._spec.sparse is not None,
            "fused": bool(self._spec.vector_fields),
            "reranked": bool(self._encoder.models.rerank),
        }
        return tuple(mode for mode in MODES if has[mode])

    def search(
        self, query: str, mode: Mode = "reranked", size: int = 10, *, offset: int = 0, filter: Filter | None = None
    ) -> Answer:
        """The `size` best documents for a query, after the first `offset`, where `filter` (a query body) matches.

        Pages fit together: neither the order nor the scores depend on where a page begins or ends.
        Raises BadQuery, EncoderUnavailable or ClusterError.
        """
        check_question(query, mode, size, self.modes, self._spec.index, offset)
        end = offset + size
        timings: dict[str, float] = {}
        with timed(timings, "encode"):
            encoded = self._encode(query, mode)
        with timed(timings, "search"):
            rankings = self._rankings(query, encoded, mode, end, filter)
        best = next(iter(rankings.values()))[:end]
        if mode in ("fused", "reranked"):
            with timed(timings, "fuse"):
                rankings["fused"] = self._fused(rankings)
                best = rankings["fused"][: max(end, self._spec.rerank_window) if mode == "reranked" else end]
        wanted = best if mode == "reranked" else best[offset:]
        with timed(timings, "fetch"):
            sources = self._sources([key for key, _ in wanted])
        best = [pair for pair in wanted if pair[0] in sources]
        if mode == "reranked":
            with timed(timings, "rerank"):
                order, rankings["reranked"] = self._reranked(query, best, sources)
                best = order[offset:]
        results = _results(best[:size], rankings, sources)
        return Answer(query, mode, results, timings, self._dense_plan.reason if "dense" in rankings else "")

    def _legs(self, mode: Mode) -> tuple[Mode, ...]:
        if mode in ("bm25", "dense", "sparse"):
            return (mode,)
        return self._spec.legs

    def _encode(self, query: str, mode: Mode) -> Encoded:
        return Encoded() if mode == "bm25" else self._encoder.encode_query(query)

    def _rankings(
        self, query: str, encoded: Encoded, mode: Mode, end: int, filter: Filter | None
    ) -> dict[str, Ranking]:
        """Each ranking that the mode needs, all in one request."""
        legs = self._legs(mode)
        bodies = [self._body(leg, query, encoded, max(end, self._spec.window), filter) for leg in legs]
        lines = b"".join(b"{}\n" + json.dumps(body).encode() + b"\n" for body in bodies)
        answer = self._cluster.read("POST", index_path(self._spec.index, "/_msearch"), lines)
        rankings: dict[str, Ranking] = {}
        for leg, response in zip(legs, answer["responses"], strict=True):
            hits = parse_hits(response, f"the {leg} search of '{self._spec.index}'")
            rankings[leg] = [(hit.key, hit.score) for hit in hits.hits]
        return rankings

    def _body(self, leg: Mode, query: str, encoded: Encoded, depth: int, filter: Filter | None) -> dict[str, Any]:
        spec = self._spec
        if leg == "bm25":
            asked = bm25_query(spec, query)
            body: dict[str, Any] = {"query": filtered(asked, filter), "size": depth}
        elif leg == "sparse":
            asked = self._dialect.sparse_query(spec, given(encoded.sparse, leg))
            body = {"query": filtered(asked, filter), "size": depth}
        else:
            body = self._dialect.dense_body(spec, self._dense_plan, Question(query, encoded), depth, filter)
        return {**body, "_source": False}

    def _fused(self, rankings: Mapping[str, Ranking]) -> Ranking:
        weights = [getattr(self._spec.weights, leg) for leg in rankings]
        legs = list(rankings.values())
        return fuse_in_blocks(legs, weights, self._spec.fusion, self._spec.window, self._spec.rank_constant)

    def _sources(self, keys: Sequence[Key]) -> dict[Key, Mapping[str, Any]]:
        """The documents themselves, without vectors; one deleted meanwhile is left out."""
        if not keys:
            return {}
        # A search by ids, not _mget: that one parses every vector again to leave it out, three times slower.
        indices = sorted({key.index for key in keys})
        body = {
            "query": {"ids": {"values": [key.id for key in keys]}},
            "size": len(keys) * len(indices),
            "_source": self._dialect.source_filter(self._spec.own_fields),
        }
        answer = self._cluster.read("POST", index_path(",".join(indices), "/_search"), body)
        found = parse_hits(answer, f"reading documents of '{self._spec.index}'")
        return {hit.key: hit.source for hit in found.hits}

    def _reranked(
        self, query: str, fused: Ranking, sources: Mapping[Key, Mapping[str, Any]]
    ) -> tuple[Ranking, Ranking]:
        """The window reordered, with the rest behind it as it was fused; and the window with the reranker's scores."""
        window, rest = fused[: self._spec.rerank_window], fused[self._spec.rerank_window :]
        if not window:
            return [], []
        passages = [join_text(sources[key], self._spec.text_fields) for key, _ in window]
        judged = dict(zip((key for key, _ in window), map(float, self._encoder.rank(query, passages)), strict=True))
        order = rerank(window, list(judged.values()), self._spec.rerank_weight)
        return [*order, *rest], [(key, judged[key]) for key, _ in order]


def _results(
    best: Ranking, rankings: Mapping[str, Ranking], sources: Mapping[Key, Mapping[str, Any]]
) -> tuple[Result, ...]:
    places = {
        stage: {key: (rank, score) for rank, (key, score) in enumerate(ranking, start=1)}
        for stage, ranking in rankings.items()
    }
    return tuple(
        Result(
            id=key.id,
            index=key.index,
            source=sources[key],
            score=score,
            ranks={stage: found[key][0] for stage, found in places.items() if key in found},
            scores={stage: found[key][1] for stage, found in places.items() if key in found},
        )
        for key, score in best
    )
