"""The best of several specs on judged queries, and what it may be expected to bring on queries not seen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from outrider.connectors import IndexSpec
from outrider.encoders import metrics

from .collection import JudgedQueries
from .significance import paired_p_value

Values = Sequence[Mapping[str, float]]
Pick = Callable[[Values, Sequence[str]], int]

_FOLDS = 5


@dataclass(frozen=True)
class Choice:
    """The best spec, its mean on all queries, and what to expect of it.

    `before` is the mean of the spec in use; `expected` the cross-validated mean: each fifth of the queries is measured
    with the spec that was best on the other four; `p_value` compares the two.
    """

    best: IndexSpec
    before: float
    value: float
    expected: float
    p_value: float

    @property
    def is_better(self) -> bool:
        """Whether a gain is to be expected on queries that were not tuned on."""
        return self.expected > self.before


def highest(values: Values, queries: Sequence[str]) -> int:
    """Which values are the highest on these queries; of equals the first."""
    sums = [sum(each[query] for query in queries) for each in values]
    return sums.index(max(sums))


def choose(
    specs: Sequence[IndexSpec],
    ranked: Callable[[IndexSpec], dict[str, list[str]]],
    judged: JudgedQueries,
    measure: str,
    pick: Pick = highest,
) -> Choice:
    """The spec that `pick` takes, by the value of `measure` for each query; the first of them is the one in use."""
    values = [metrics.evaluate(ranked(spec), judged.qrels, (measure,))[measure] for spec in specs]
    queries = list(judged.texts)
    best = pick(values, queries)
    unseen: dict[str, float] = {}
    for fold in range(min(_FOLDS, len(queries))):
        held = queries[fold::_FOLDS]
        rest = [query for query in queries if query not in set(held)] or held
        chosen = values[pick(values, rest)]
        unseen.update({query: chosen[query] for query in held})
    before = [values[0][query] for query in queries]
    expected = [unseen[query] for query in queries]
    return Choice(
        specs[best],
        before=sum(before) / len(before),
        value=metrics.mean(values[best]),
        expected=sum(expected) / len(expected),
        p_value=paired_p_value(expected, before),
    )
