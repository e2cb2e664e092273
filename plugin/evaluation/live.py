"""Every judged query asked in every way."""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from outrider.connectors import Mode
from outrider.encoders import metrics

from ..asking import Asker
from ..errors import SettingsInvalid
from .collection import JudgedQueries
from .significance import paired_p_value

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Way:
    """Who is asked, and in which mode."""

    asker: Asker
    mode: Mode


@dataclass(frozen=True)
class ModeReport:
    """One mode: the ranking of each query, each measure's value for each query, milliseconds for each query."""

    mode: str
    run: Mapping[str, Sequence[str]]
    values: Mapping[str, Mapping[str, float]]
    ms: Mapping[str, float]

    def mean(self, measure: str) -> float:
        """The mean over the queries."""
        return metrics.mean(self.values[measure])

    @property
    def median_ms(self) -> float:
        """Milliseconds that half of the queries stay below."""
        return statistics.median(self.ms.values())

    @property
    def slow_ms(self) -> float:
        """Milliseconds that 95 of 100 queries stay below."""
        return sorted(self.ms.values())[math.ceil(0.95 * len(self.ms)) - 1]


@dataclass(frozen=True)
class LiveReport:
    """All modes, in the order they were asked; the first is the baseline."""

    measures: tuple[str, ...]
    modes: tuple[ModeReport, ...]

    def p_value(self, mode: ModeReport, measure: str) -> float:
        """How likely a difference to the baseline as large as this one is by chance."""
        ours, theirs = mode.values[measure], self.modes[0].values[measure]
        return paired_p_value(list(ours.values()), [theirs[query] for query in ours])


def check_measure(name: str) -> None:
    """Raises SettingsInvalid for a measure that does not exist."""
    try:
        metrics.measure(name)
    except ValueError as err:
        raise SettingsInvalid(str(err)) from err


def ways_of(asker: Asker, modes: Sequence[Mode]) -> dict[str, Way]:
    """Each of these modes by its name."""
    return {mode: Way(asker, mode) for mode in modes}


def evaluate_live(
    ways: Mapping[str, Way], judged: JudgedQueries, measures: Sequence[str], on_progress: Progress | None = None
) -> LiveReport:
    """Ask each query once in each way, as deep as the measures look.

    Ways take turns query by query, so that a machine that slows down slows all of them.
    """
    depth = max(int(name.partition("@")[2]) for name in measures)
    runs: dict[str, dict[str, list[str]]] = {name: {} for name in ways}
    times: dict[str, dict[str, float]] = {name: {} for name in ways}
    total = len(judged.texts) * len(ways)
    for number, (query, text) in enumerate(judged.texts.items()):
        for place, (name, way) in enumerate(ways.items()):
            started_s = time.perf_counter()
            answer = way.asker.search(text, way.mode, depth)
            times[name][query] = (time.perf_counter() - started_s) * 1000
            runs[name][query] = [result.id for result in answer.results]
            if on_progress:
                on_progress(number * len(ways) + place + 1, total)
    reports = [
        ModeReport(name, runs[name], metrics.evaluate(runs[name], judged.qrels, measures), times[name]) for name in ways
    ]
    return LiveReport(tuple(measures), tuple(reports))
