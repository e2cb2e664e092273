"""Every judged query asked in every mode."""

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
class ModeReport:
    """One mode: the ranking of each query, each measure's value for each query, milliseconds for each query."""

    mode: Mode
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


def evaluate_live(
    asker: Asker,
    judged: JudgedQueries,
    modes: Sequence[Mode],
    measures: Sequence[str],
    on_progress: Progress | None = None,
) -> LiveReport:
    """Ask each query once in each mode, as deep as the measures look.

    Modes take turns query by query, so that a machine that slows down slows all of them.
    """
    depth = max(int(name.partition("@")[2]) for name in measures)
    runs: dict[Mode, dict[str, list[str]]] = {mode: {} for mode in modes}
    times: dict[Mode, dict[str, float]] = {mode: {} for mode in modes}
    total = len(judged.texts) * len(modes)
    for number, (query, text) in enumerate(judged.texts.items()):
        for place, mode in enumerate(modes):
            started_s = time.perf_counter()
            answer = asker.search(text, mode, depth)
            times[mode][query] = (time.perf_counter() - started_s) * 1000
            runs[mode][query] = [result.id for result in answer.results]
            if on_progress:
                on_progress(number * len(modes) + place + 1, total)
    reports = [
        ModeReport(mode, runs[mode], metrics.evaluate(runs[mode], judged.qrels, measures), times[mode])
        for mode in modes
    ]
    return LiveReport(tuple(measures), tuple(reports))
