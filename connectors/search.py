"""A question in, results out: encoded, ranked in several ways, fused, reranked."""

import json
import time
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Self

from .answer import MODES, Answer, Excerpt, Filter, Mode, Ranking, Result, check_question, timed
from .boosts import factor, whole_hour_ms
from .client import Cluster
from .common.boosting import boosted_query, told_values
from .common.hits import Key, parse_hits
from .common.query import Question, bm25_query, filtered, given
from .errors import EncoderUnavailable
from .fetch import Fetched, fetch
from .fusion import rerank
from .index import check_models
from .legs import fuse_legs, without_boosts
from .ports import Encoded, Encoder
from .request import index_path
from .spec import IndexSpec


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's text, what must match besides, and the query body that ranks by words where there is one."""

    text: str
    filter: Filter | None
    words: Filter | None


class Searcher:
    """Asks one index questions. Safe to use from several threads."""

    def __init__(self, cluster: Cluster, spec: IndexSpec, encoder: Encoder) -> None:
        check_models(spec, encoder.models)
        self._cluster = cluster
        self._dialect = cluster.dialect
        self._spec = spec
        self._encoder = encoder
        self._dense_plan = self._dialect.dense_plan(spec, _count_vectors(cluster, spec))

    def through(self, cluster: Cluster, encoder: Encoder) -> Self:
        """The same searcher over other ways to cluster and models, such as with somebody else's credentials."""
        other = copy(self)
        other._cluster, other._encoder = cluster, encoder
        return other

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
        self,
        query: str,
        mode: Mode = "reranked",
        size: int = 10,
        *,
        offset: int = 0,
        filter: Filter | None = None,
        words: Filter | None = None,
        may_stay_fused: bool = False,
    ) -> Answer:
        """The `size` best documents for a query, after the first `offset`, where `filter` (a query body) matches.

        `words` is the whole query body that ranks by words, filter and all, in place of one over the text fields. Pages
        fit together: neither the order nor the scores depend on where a page begins or ends. Where the answer
        `may_stay_fused`, a reranker that is away or late leaves the order of the fusion.
        Raises BadQuery, EncoderUnavailable or ClusterError.
        """
        check_question(query, mode, size, self.modes, self._spec.index, offset)
        end = offset + size
        timings: dict[str, float] = {}
        not_reranked = ""
        asked = Asked(query, filter, words)
        with timed(timings, "encode"):
            encoded = self._encode(query, mode)
        with timed(timings, "search"):
            rankings, factors = self._rankings(asked, encoded, mode, end)
        reachable = len({key for ranking in rankings.values() for key, _ in ranking[: self._spec.window]})
        best = next(iter(rankings.values()))[:end]
        if mode in ("fused", "reranked"):
            with timed(timings, "fuse"):
                rankings["bm25"] = without_boosts(self._spec, rankings["bm25"], factors)
                rankings["fused"] = fuse_legs(self._spec, rankings, factors)
                best = rankings["fused"][: max(end, self._spec.rerank_window) if mode == "reranked" else end]
        wanted = best if mode == "reranked" else best[offset:]
        with timed(timings, "fetch"):
            found = fetch(self._cluster, self._spec, [key for key, _ in wanted], encoded)
        best = [pair for pair in wanted if pair[0] in found]
        excerpts = {key: each.excerpts[0] for key, each in found.items() if each.excerpts}
        if mode == "reranked":
            try:
                with timed(timings, "rerank"):
                    order, rankings["reranked"], judged = self._reranked(query, best, found, factors)
            except EncoderUnavailable as err:
                if not may_stay_fused:
                    raise
                order, judged, mode, not_reranked = best, {}, "fused", str(err)
            best, excerpts = order[offset:], {**excerpts, **judged}
        results = _results(best[:size], rankings, found, excerpts, factors)
        reason = self._dense_plan.reason if "dense" in rankings else ""
        return Answer(query, mode, results, timings, reason, reachable, not_reranked)

    def _legs(self, mode: Mode) -> tuple[Mode, ...]:
        if mode in ("bm25", "dense", "sparse"):
            return (mode,)
        return self._spec.legs

    def _encode(self, query: str, mode: Mode) -> Encoded:
        if mode == "bm25":
            return Encoded()
        encoded, prune = self._encoder.encode_query(query), self._spec.query_prune
        return replace(encoded, sparse=prune.kept(encoded.sparse)) if prune and encoded.sparse else encoded

    def _rankings(
        self, asked: "Asked", encoded: Encoded, mode: Mode, end: int
    ) -> tuple[dict[str, Ranking], dict[Key, float]]:
        """Each ranking that the mode needs, all in one request; and the factors of documents with business fields."""
        legs = self._legs(mode)
        bodies = [self._body(leg, asked, encoded, max(end, self._spec.window)) for leg in legs]
        lines = b"".join(b"{}\n" + json.dumps(body).encode() + b"\n" for body in bodies)
        answer = self._cluster.read("POST", index_path(self._spec.index, "/_msearch"), lines)
        rankings: dict[str, Ranking] = {}
        factors: dict[Key, float] = {}
        now_ms = whole_hour_ms(time.time())
        for leg, response in zip(legs, answer["responses"], strict=True):
            hits = parse_hits(response, f"the {leg} search of '{self._spec.index}'")
            rankings[leg] = [(hit.key, hit.score) for hit in hits.hits]
            if self._spec.boosts:
                factors |= {hit.key: factor(self._spec.boosts, hit.fields, now_ms) for hit in hits.hits}
        return rankings, factors

    def _body(self, leg: Mode, asked: "Asked", encoded: Encoded, depth: int) -> dict[str, Any]:
        spec = self._spec
        if leg == "bm25":
            words = dict(asked.words) if asked.words else filtered(bm25_query(spec, asked.text), asked.filter)
            body: dict[str, Any] = {"query": boosted_query(spec, words), "size": depth}
        elif leg == "sparse":
            body = self._sparse_body(given(encoded.sparse, leg), asked.filter, depth)
        else:
            question = Question(asked.text, encoded)
            body = self._dialect.dense_body(spec, self._dense_plan, question, depth, asked.filter)
        return {**body, **told_values(spec), "_source": False}

    def _sparse_body(self, terms: Mapping[str, float], filter: Filter | None, depth: int) -> dict[str, Any]:
        spec, phases = self._spec, self._spec.two_phase
        whole = self._dialect.sparse_query(spec, terms)
        if phases is None:
            return {"query": filtered(whole, filter), "size": depth}
        heavy = self._dialect.sparse_query(spec, phases.heavy(terms))
        # The greater of both scores is that of all terms; what is outside the window keeps that of the heavy ones.
        again = {"window_size": phases.window, "query": {"rescore_query": whole, "score_mode": "max"}}
        return {"query": filtered(heavy, filter), "rescore": again, "size": depth}

    def _reranked(
        self, query: str, fused: Ranking, found: Mapping[Key, Fetched], factors: Mapping[Key, float]
    ) -> tuple[Ranking, Ranking, dict[Key, Excerpt]]:
        """The window reordered, with the rest behind it as it was fused; the window with the reranker's scores.

        A document counts as its best passage, which is the third.
        """
        window, rest = fused[: self._spec.rerank_window], fused[self._spec.rerank_window :]
        if not window:
            return [], [], {}
        passages = [text for key, _ in window for text in found[key].texts]
        scores = iter(map(float, self._encoder.rank(query, passages)))
        judged: dict[Key, float] = {}
        excerpts: dict[Key, Excerpt] = {}
        for key, _ in window:
            each = list(islice(scores, len(found[key].texts)))
            judged[key] = max(each)
            if found[key].excerpts:
                excerpts[key] = found[key].excerpts[each.index(judged[key])]
        order = rerank(window, list(judged.values()), self._spec.rerank_weight, factors)
        return [*order, *rest], [(key, judged[key]) for key, _ in order], excerpts


def _count_vectors(cluster: Cluster, spec: IndexSpec) -> int:
    """How many documents there are to compare, or chunks."""
    if spec.dense is None:
        return 0
    if spec.chunks is None:
        return int(cluster.read("GET", index_path(spec.index, "/_count"))["count"])
    body = {"size": 0, "aggs": {"chunks": {"nested": {"path": spec.chunks.field}}}}
    answer = cluster.read("POST", index_path(spec.index, "/_search"), body)
    return int(answer["aggregations"]["chunks"]["doc_count"])


def _results(
    best: Ranking,
    rankings: Mapping[str, Ranking],
    found: Mapping[Key, Fetched],
    excerpts: Mapping[Key, Excerpt],
    factors: Mapping[Key, float],
) -> tuple[Result, ...]:
    stages = {
        stage: {key: (rank, score) for rank, (key, score) in enumerate(ranking, start=1)}
        for stage, ranking in rankings.items()
    }
    return tuple(
        Result(
            id=key.id,
            index=key.index,
            source=found[key].source,
            score=score,
            ranks={stage: places[key][0] for stage, places in stages.items() if key in places},
            scores={stage: places[key][1] for stage, places in stages.items() if key in places},
            excerpt=excerpts.get(key),
            boost=factors.get(key, 1.0),
        )
        for key, score in best
    )
