"""Specs that differ in how they fuse, prune and rerank, tried on the rankings of judged queries."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import gcd

from outrider.connectors import TECHNIQUES, IndexSpec, Leg, Pruning, Weights, fuse_legs, rerank, without_boosts

from ..asking import Asker
from .choice import Choice, Values, choose
from .collection import JudgedQueries

Progress = Callable[[int, int], None]
Scored = Sequence[tuple[str, float]]
Factors = Mapping[str, float]

_STEPS = (0, 1, 2)
_RANK_CONSTANTS = (10, 20, 60)
_WINDOWS = (20, 50, 100, 200)
_RATIOS = (0.1, 0.2, 0.3, 0.4, 0.5)
_RERANK_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_RERANK_WINDOWS = (10, 20)


@dataclass(frozen=True)
class Found:
    """What a query found: each leg's ranking, and what business fields multiply the score of a document by."""

    rankings: Mapping[Leg, Scored]
    factors: Factors


Legs = Mapping[str, Found]


def depth_of(spec: IndexSpec) -> int:
    """How deep rankings are read, so that every window can be tried."""
    return max(spec.window, *_WINDOWS)


def ask_legs(asker: Asker, judged: JudgedQueries, legs: Sequence[Leg], depth: int, on_progress: Progress) -> Legs:
    """Each ranking of each query."""
    found: dict[str, Found] = {}
    for number, (query, text) in enumerate(judged.texts.items(), start=1):
        answers = {leg: asker.search(text, leg, depth) for leg in legs}
        factors = {hit.id: hit.boost for answer in answers.values() for hit in answer.results if hit.boost != 1}
        rankings = {leg: [(hit.id, hit.score) for hit in answer.results] for leg, answer in answers.items()}
        found[query] = Found(rankings, factors)
        on_progress(number, len(judged.texts))
    return found


def prunings(spec: IndexSpec) -> list[IndexSpec]:
    """The spec with each pruning of queries: its own first, then from none to the strongest."""
    tried = [None, *(Pruning(ratio) for ratio in _RATIOS)]
    return [spec, *(replace(spec, query_prune=each) for each in tried if each != spec.query_prune)]


def ask_prunings(
    specs: Sequence[IndexSpec],
    asker_of: Callable[[IndexSpec], Asker],
    judged: JudgedQueries,
    legs: Legs,
    on_progress: Progress,
) -> list[Legs]:
    """The legs of each of `prunings`: those of the first as they are, for the others terms are asked again."""
    asked = [legs]
    depth, queries = depth_of(specs[0]), len(judged.texts)
    for spec in specs[1:]:
        done = len(asked) * queries
        further = _further(on_progress, done, len(specs) * queries)
        again = ask_legs(asker_of(spec), judged, ("sparse",), depth, further)
        asked.append({query: _with(found, again[query]) for query, found in legs.items()})
    return asked


def _with(found: Found, again: Found) -> Found:
    return Found({**found.rankings, **again.rankings}, {**found.factors, **again.factors})


def _further(on_progress: Progress, done: int, total: int) -> Progress:
    """Progress that goes on where another one ended."""
    return lambda more, _: on_progress(done + more, total)


def choose_pruning(
    specs: Sequence[IndexSpec], asked: Sequence[Legs], judged: JudgedQueries, measure: str, most_loss: float
) -> Choice:
    """The strongest pruning that costs at most the share `most_loss` of the measure, fused.

    `specs` are those of `prunings`, `asked` the legs of each, which differ in the sparse one.
    """
    legs = dict(zip(specs, asked, strict=True))
    strengths = [spec.query_prune.ratio if spec.query_prune else 0.0 for spec in specs]

    def strongest(values: Values, queries: Sequence[str]) -> int:
        sums = [sum(each[query] for query in queries) for each in values]
        least = (1 - most_loss) * sums[strengths.index(min(strengths))]
        allowed = [place for place, total in enumerate(sums) if total >= least]
        return max(allowed, key=lambda place: strengths[place])

    return choose(specs, lambda spec: _fused(spec, legs[spec], measure), judged, measure, strongest)


def choose_fusion(spec: IndexSpec, judged: JudgedQueries, legs: Legs, measure: str) -> Choice:
    """The best of all techniques and weights for these rankings."""
    return choose([spec, *_fusions(spec)], lambda each: _fused(each, legs, measure), judged, measure)


def choose_window(spec: IndexSpec, judged: JudgedQueries, legs: Legs, measure: str) -> Choice:
    """The best depth to read these rankings to, before they are fused."""
    specs = [spec, *(replace(spec, window=window) for window in _WINDOWS if window != spec.window)]
    return choose(specs, lambda each: _fused(each, legs, measure), judged, measure)


def choose_reranking(
    spec: IndexSpec, asker: Asker, judged: JudgedQueries, measure: str, on_progress: Progress
) -> Choice:
    """The best share and window of the cross-encoder; every window of every query is judged once."""
    windows: dict[str, tuple[Scored, Factors, Mapping[str, float]]] = {}
    for number, (query, text) in enumerate(judged.texts.items(), start=1):
        results = asker.search(text, "reranked", spec.rerank_window).results
        fused = sorted(((hit.id, hit.scores["fused"]) for hit in results), key=lambda pair: -pair[1])
        factors = {hit.id: hit.boost for hit in results}
        windows[query] = fused, factors, {hit.id: hit.scores["reranked"] for hit in results}
        on_progress(number, len(judged.texts))

    def ranked(each: IndexSpec) -> dict[str, list[str]]:
        return {query: _reranked(each, *window) for query, window in windows.items()}

    sizes = sorted({size for size in _RERANK_WINDOWS if size < spec.rerank_window} | {spec.rerank_window})
    tried = [replace(spec, rerank_weight=weight, rerank_window=size) for size in sizes for weight in _RERANK_WEIGHTS]
    return choose([spec, *tried], ranked, judged, measure)


def _fusions(spec: IndexSpec) -> Iterator[IndexSpec]:
    for technique in TECHNIQUES:
        for rank_constant in _RANK_CONSTANTS if technique == "rrf" else (spec.rank_constant,):
            for steps in product(_STEPS, repeat=len(spec.legs)):
                if gcd(*steps) == 1:  # neither nothing at all, nor twice another one
                    given = dict(zip(spec.legs, map(float, steps), strict=True))
                    yield replace(spec, fusion=technique, weights=Weights(**given), rank_constant=rank_constant)


def _fused(spec: IndexSpec, legs: Legs, measure: str) -> dict[str, list[str]]:
    """Each query's results as the spec fuses them, as deep as the measure looks."""
    depth = max(spec.window, int(measure.partition("@")[2]))
    return {query: _fuse(spec, found, depth) for query, found in legs.items()}


def _fuse(spec: IndexSpec, found: Found, depth: int) -> list[str]:
    rankings: dict[str, Scored] = {leg: ranking[:depth] for leg, ranking in found.rankings.items()}
    rankings["bm25"] = without_boosts(spec, rankings["bm25"], found.factors)
    return [item for item, _ in fuse_legs(spec, rankings, found.factors)]


def _reranked(spec: IndexSpec, fused: Scored, factors: Factors, scores: Mapping[str, float]) -> list[str]:
    window, rest = fused[: spec.rerank_window], fused[spec.rerank_window :]
    order = rerank(window, [scores[item] for item, _ in window], spec.rerank_weight, factors)
    return [item for item, _ in (*order, *rest)]
