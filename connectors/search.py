"""A question in, results out: encoded, ranked in several ways, fused, reranked."""

import json
import time
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Self

from .answer import MAX_DEPTH, MODES, Answer, Excerpt, Filter, Mode, Result, check_question, timed
from .boosts import whole_hour_ms
from .client import Cluster
from .common.boosting import boosted_query, told_values
from .common.hits import Hit, Key, parse_hits
from .common.query import Question, bm25_query, filtered, given
from .counting import count
from .errors import EncoderUnavailable
from .fetch import Fetched, fetch
from .fusion import rerank
from .gather import Gathered, Item, Ranked, gather
from .index import check_models
from .legs import fuse_legs, without_boosts
from .ports import Encoded, Encoder
from .request import index_path
from .spec import IndexSpec

_OF_A_GROUP = 5  # so many of the nearest are read for each group that is wanted


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's text, what must match besides, and the query body that ranks by words where there is one.

    Documents with the same value in the field `collapse` count as one.
    """

    text: str
    filter: Filter | None = None
    words: Filter | None = None
    collapse: str | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A text that a document is judged by, and where it stands in one with chunks."""

    key: Key
    text: str
    excerpt: Excerpt | None


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
        collapse: str | None = None,
        may_stay_fused: bool = False,
    ) -> Answer:
        """The `size` best documents for a query, after the first `offset`, where `filter` (a query body) matches.

        `words` is the whole query body that ranks by words, filter and all, in place of one over the text fields. Of
        the documents with the same value in the field `collapse`, only the best is found. Pages fit together: neither
        the order nor the scores depend on where a page begins or ends. Where the answer `may_stay_fused`, a reranker
        that is away or late leaves the order of the fusion.
        Raises BadQuery, EncoderUnavailable or ClusterError.
        """
        check_question(query, mode, size, self.modes, self._spec.index, offset)
        end = offset + size
        timings: dict[str, float] = {}
        not_reranked = ""
        asked = Asked(query, filter, words, collapse or self._spec.parent)
        with timed(timings, "encode"):
            encoded = self._encode(query, mode)
        with timed(timings, "search"):
            gathered = self._gathered(asked, encoded, mode, end)
        rankings = gathered.rankings
        reachable = gathered.reachable(self._spec.window)
        best = next(iter(rankings.values()))[:end]
        if mode in ("fused", "reranked"):
            with timed(timings, "fuse"):
                rankings["bm25"] = without_boosts(self._spec, rankings["bm25"], gathered.factors)
                rankings["fused"] = fuse_legs(self._spec, rankings, gathered.factors)
                best = rankings["fused"][: max(end, self._spec.rerank_window) if mode == "reranked" else end]
        wanted = best if mode == "reranked" else best[offset:]
        with timed(timings, "fetch"):
            heads = [key for item, _ in wanted for key in gathered.heads[item]]
            found = fetch(self._cluster, self._spec, heads, encoded)
        shown = {item: _passages(gathered.heads[item], found) for item, _ in wanted}
        best = [(item, score) for item, score in wanted if shown[item]]
        if mode == "reranked":
            try:
                with timed(timings, "rerank"):
                    order, rankings["reranked"] = self._reranked(query, best, shown, gathered.factors)
            except EncoderUnavailable as err:
                if not may_stay_fused:
                    raise
                order, mode, not_reranked = best, "fused", str(err)
            best = order[offset:]
        results = _results(best[:size], gathered, found, {item: each[0] for item, each in shown.items() if each})
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

    def _gathered(self, asked: Asked, encoded: Encoded, mode: Mode, end: int) -> Gathered:
        """Each ranking that the mode needs, all in one request."""
        legs, depth = self._legs(mode), max(end, self._spec.window)
        told = {**told_values(self._spec, asked.collapse), "_source": False}
        bodies = [{**self._collapsed(leg, asked, encoded, depth), **told} for leg in legs]
        lines = b"".join(b"{}\n" + json.dumps(body).encode() + b"\n" for body in bodies)
        answer = self._cluster.read("POST", index_path(self._spec.index, "/_msearch"), lines)
        found: dict[str, Sequence[Hit]] = {
            leg: parse_hits(response, f"the {leg} search of '{self._spec.index}'").hits
            for leg, response in zip(legs, answer["responses"], strict=True)
        }
        return gather(self._spec, found, whole_hour_ms(time.time()), asked.collapse)

    def _collapsed(self, leg: Mode, asked: Asked, encoded: Encoded, depth: int) -> dict[str, Any]:
        """The body of a leg, whose hits are of different groups where that is asked for and the engine can tell."""
        if asked.collapse is None:
            return self._body(leg, asked, encoded, depth)
        # The nearest are collapsed after they were found, and so are what is rescored, by us: there must be more.
        several = min(depth * _OF_A_GROUP, MAX_DEPTH) if leg == "dense" else depth
        body = self._body(leg, asked, encoded, several)
        return body if "rescore" in body else {**body, "size": depth, "collapse": {"field": asked.collapse}}

    def _body(self, leg: Mode, asked: Asked, encoded: Encoded, depth: int) -> dict[str, Any]:
        spec = self._spec
        if leg == "bm25":
            words = dict(asked.words) if asked.words else filtered(bm25_query(spec, asked.text), asked.filter)
            body: dict[str, Any] = {"query": boosted_query(spec, words), "size": depth}
        elif leg == "sparse":
            body = self._sparse_body(given(encoded.sparse, leg), asked, depth)
        else:
            question = Question(asked.text, encoded)
            body = self._dialect.dense_body(spec, self._dense_plan, question, depth, asked.filter)
        return body

    def _sparse_body(self, terms: Mapping[str, float], asked: Asked, depth: int) -> dict[str, Any]:
        spec, phases = self._spec, self._spec.two_phase
        whole = self._dialect.sparse_query(spec, terms)
        if phases is None or asked.collapse:  # which no engine does with what is rescored
            return {"query": filtered(whole, asked.filter), "size": depth}
        heavy = self._dialect.sparse_query(spec, phases.heavy(terms))
        # The greater of both scores is that of all terms; what is outside the window keeps that of the heavy ones.
        again = {"window_size": phases.window, "query": {"rescore_query": whole, "score_mode": "max"}}
        return {"query": filtered(heavy, asked.filter), "rescore": again, "size": depth}

    def _reranked(
        self, query: str, fused: Ranked, shown: dict[Item, list[Passage]], factors: Mapping[Item, float]
    ) -> tuple[Ranked, Ranked]:
        """The window reordered, with the rest behind it as it was fused; the window with the reranker's scores.

        An item counts as its best passage, which is put first of those `shown`.
        """
        window, rest = fused[: self._spec.rerank_window], fused[self._spec.rerank_window :]
        if not window:
            return [], []
        scores = iter(map(float, self._encoder.rank(query, [each.text for item, _ in window for each in shown[item]])))
        judged: dict[Item, float] = {}
        for item, _ in window:
            each = list(islice(scores, len(shown[item])))
            judged[item] = max(each)
            shown[item].insert(0, shown[item].pop(each.index(judged[item])))
        order = rerank(window, list(judged.values()), self._spec.rerank_weight, factors)
        return [*order, *rest], [(item, judged[item]) for item, _ in order]


def _count_vectors(cluster: Cluster, spec: IndexSpec) -> int:
    """How many documents there are to compare, or chunks."""
    if spec.dense is None:
        return 0
    if spec.nested is None:
        return count(cluster, spec.index)
    body = {"size": 0, "aggs": {"chunks": {"nested": {"path": spec.nested.field}}}}
    answer = cluster.read("POST", index_path(spec.index, "/_search"), body)
    return int(answer["aggregations"]["chunks"]["doc_count"])


def _passages(heads: Sequence[Key], found: Mapping[Key, Fetched]) -> list[Passage]:
    """What the documents that stand for an item can be judged by; nothing where they were deleted meanwhile."""
    return [
        Passage(key, text, next(iter(found[key].excerpts[place : place + 1]), None))
        for key in heads
        if key in found
        for place, text in enumerate(found[key].texts)
    ]


def _results(
    best: Ranked, gathered: Gathered, found: Mapping[Key, Fetched], shown: Mapping[Item, Passage]
) -> tuple[Result, ...]:
    stages = {
        stage: {item: (rank, score) for rank, (item, score) in enumerate(ranking, start=1)}
        for stage, ranking in gathered.rankings.items()
    }
    return tuple(
        Result(
            id=found[shown[item].key].id,
            index=shown[item].key.index,
            source=found[shown[item].key].source,
            score=score,
            ranks={stage: places[item][0] for stage, places in stages.items() if item in places},
            scores={stage: places[item][1] for stage, places in stages.items() if item in places},
            excerpt=shown[item].excerpt,
            boost=gathered.factors.get(item, 1.0),
        )
        for item, score in best
    )
