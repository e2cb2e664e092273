"""The fusion that suits judged queries best, and what it may be expected to bring on queries not seen."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import gcd
from typing import Generic, TypeVar

from outrider.connectors import TECHNIQUES, IndexSpec, Leg, Technique, Weights, fuse, rerank
from outrider.encoders import metrics

from ..asking import Asker
from .collection import JudgedQueries
from .significance import paired_p_value

Progress = Callable[[int, int], None]
Scored = Sequence[tuple[str, float]]
Setting = TypeVar("Setting")
Legs = Mapping[str, Mapping[Leg, Scored]]

_STEPS = (0, 1, 2)
_RANK_CONSTANTS = (10, 20, 60)
_RERANK_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_FOLDS = 5


@dataclass(frozen=True)
class Fusion:
    """One way to fuse."""

    technique: Technique
    weights: Weights
    rank_constant: int = 60


@dataclass(frozen=True)
class Reranking:
    """One way to let the cross-encoder have its say."""

    weight: float
    window: int


@dataclass(frozen=True)
class Choice(Generic[Setting]):
    """The best setting, its mean on all queries, and what to expect of it.

    `before` is the mean of the setting in use; `expected` the cross-validated mean: each fifth of the queries is
    measured with the setting that was best on the other four; `p_value` compares the two.
    """

    best: Setting
    before: float
    value: float
    expected: float
    p_value: float

    @property
    def is_better(self) -> bool:
        """Whether a gain is to be expected on queries that were not tuned on."""
        return self.expected > self.before


def ask_legs(asker: Asker, judged: JudgedQueries, legs: Sequence[Leg], depth: int, on_progress: Progress) -> Legs:
    """Each ranking of each query, as deep as fusion reads them."""
    found: dict[str, dict[Leg, Scored]] = {}
    for number, (query, text) in enumerate(judged.texts.items(), start=1):
        answers = {leg: asker.search(text, leg, depth) for leg in legs}
        found[query] = {leg: [(hit.id, hit.score) for hit in answer.results] for leg, answer in answers.items()}
        on_progress(number, len(judged.texts))
    return found


def choose_fusion(spec: IndexSpec, judged: JudgedQueries, legs: Legs, measure: str) -> Choice[Fusion]:
    """The best of all techniques and weights for these rankings."""
    used = Fusion(spec.fusion, spec.weights, spec.rank_constant)

    def ranked(setting: Fusion) -> dict[str, list[str]]:
        return {query: _fused(setting, rankings) for query, rankings in legs.items()}

    return _choose([used, *_fusions(spec.legs)], ranked, judged, measure)


def choose_reranking(
    spec: IndexSpec, asker: Asker, judged: JudgedQueries, measure: str, on_progress: Progress
) -> Choice[Reranking]:
    """The best share and window of the cross-encoder; every window of every query is judged once."""
    used = Reranking(spec.rerank_weight, spec.rerank_window)
    windows: dict[str, tuple[Scored, Mapping[str, float]]] = {}
    for number, (query, text) in enumerate(judged.texts.items(), start=1):
        results = asker.search(text, "reranked", spec.rerank_window).results
        fused = sorted(((hit.id, hit.scores["fused"]) for hit in results), key=lambda pair: -pair[1])
        windows[query] = fused, {hit.id: hit.scores["reranked"] for hit in results}
        on_progress(number, len(judged.texts))

    def ranked(setting: Reranking) -> dict[str, list[str]]:
        return {query: _reranked(setting, fused, scores) for query, (fused, scores) in windows.items()}

    sizes = sorted({size for size in (10, 20) if size < spec.rerank_window} | {spec.rerank_window})
    settings = [Reranking(weight, size) for size in sizes for weight in _RERANK_WEIGHTS]
    return _choose([used, *settings], ranked, judged, measure)


def _choose(
    settings: Sequence[Setting],
    ranked: Callable[[Setting], dict[str, list[str]]],
    judged: JudgedQueries,
    measure: str,
) -> Choice[Setting]:
    """The first setting is the one in use; of equals it stays."""
    values = [metrics.evaluate(ranked(setting), judged.qrels, (measure,))[measure] for setting in settings]
    queries = list(judged.texts)
    best = _best(values, queries)
    unseen: dict[str, float] = {}
    for fold in range(min(_FOLDS, len(queries))):
        held = queries[fold::_FOLDS]
        rest = [query for query in queries if query not in set(held)] or held
        chosen = values[_best(values, rest)]
        unseen.update({query: chosen[query] for query in held})
    before = [values[0][query] for query in queries]
    expected = [unseen[query] for query in queries]
    return Choice(
        settings[best],
        before=sum(before) / len(before),
        value=metrics.mean(values[best]),
        expected=sum(expected) / len(expected),
        p_value=paired_p_value(expected, before),
    )


def _best(values: Sequence[Mapping[str, float]], queries: Sequence[str]) -> int:
    sums = [sum(each[query] for query in queries) for each in values]
    return sums.index(max(sums))


def _fusions(legs: Sequence[Leg]) -> Iterator[Fusion]:
    for technique in TECHNIQUES:
        for rank_constant in _RANK_CONSTANTS if technique == "rrf" else (60,):
            for steps in product(_STEPS, repeat=len(legs)):
                if gcd(*steps) == 1:  # neither nothing at all, nor twice another one
                    given = dict(zip(legs, map(float, steps), strict=True))
                    yield Fusion(technique, Weights(**given), rank_constant)


def _fused(setting: Fusion, rankings: Mapping[Leg, Scored]) -> list[str]:
    weights = [getattr(setting.weights, leg) for leg in rankings]
    return [item for item, _ in fuse(list(rankings.values()), weights, setting.technique, setting.rank_constant)]


def _reranked(setting: Reranking, fused: Scored, scores: Mapping[str, float]) -> list[str]:
    window, rest = fused[: setting.window], fused[setting.window :]
    order = rerank(window, [scores[item] for item, _ in window], setting.weight) if window else []
    return [item for item, _ in (*order, *rest)]
