"""What a training run did for search, for people and for programs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..evaluation import paired_p_value
from .measure import MEASURES, Outcome

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SURE = 0.05


@dataclass(frozen=True)
class Comparison:
    """The same search before and after, on the same queries with the same settings, or each with its own."""

    title: str
    before: Outcome
    after: Outcome

    def p_value(self, mode: str, measure: str) -> float:
        """How likely a difference as large as this one is by chance."""
        ours, theirs = self.after.values[mode][measure], self.before.values[mode][measure]
        return paired_p_value(list(ours.values()), [theirs[query] for query in ours])

    def gain(self, mode: str, measure: str) -> float:
        """By which share the mean went up; 0 where there was nothing."""
        before = self.before.mean(mode, measure)
        return self.after.mean(mode, measure) / before - 1 if before else 0.0

    @property
    def modes(self) -> list[str]:
        """The modes that both answer in."""
        return [mode for mode in self.after.values if mode in self.before.values]


@dataclass(frozen=True)
class Report:
    """Everything about one run."""

    kind: str
    base: str
    model: str
    fingerprint: str
    data: Mapping[str, Any]
    training: Mapping[str, Any]
    losses: tuple[tuple[int, float], ...]
    comparisons: tuple[Comparison, ...]
    latency_ms: Mapping[str, float]
    measured: Mapping[str, Any]
    """On how many queries, of how many that are judged, and what that took."""
    machine: str


def as_dict(report: Report) -> dict[str, Any]:
    """As JSON can hold it."""
    return {
        "kind": report.kind,
        "base": report.base,
        "model": report.model,
        "fingerprint": report.fingerprint,
        "machine": report.machine,
        "data": dict(report.data),
        "training": dict(report.training),
        "losses": [list(pair) for pair in report.losses],
        "measured": dict(report.measured),
        "evaluation": [_comparison(each) for each in report.comparisons],
        "latency_ms": {name: round(value, 2) for name, value in report.latency_ms.items()},
    }


def as_markdown(report: Report, plot: str | None) -> str:
    """A page that says what was done and what it brought."""
    lines = [f"# {report.kind} model trained from {report.base}", ""]
    lines += [f"`{report.model}`, fingerprint `{report.fingerprint}`. {report.machine}.", ""]
    lines += ["| data | |", "|---|---|", *(f"| {key} | {_shown(value)} |" for key, value in report.data.items()), ""]
    lines += ["| training | |", "|---|---|"]
    lines += [*(f"| {key} | {_shown(value)} |" for key, value in report.training.items()), ""]
    for comparison in report.comparisons:
        lines += _section(comparison, report.measured)
    if report.measured:
        lines += ["| measuring | |", "|---|---|"]
        lines += [*(f"| {key} | {_shown(value)} |" for key, value in report.measured.items()), ""]
    if report.latency_ms:
        lines += ["| model | ms per query (median) |", "|---|---|"]
        lines += [*(f"| {name} | {value:.1f} |" for name, value in report.latency_ms.items()), ""]
    if plot:
        lines += [f"![before and after]({plot})", ""]
    return "\n".join(lines)


def write_report(report: Report, folder: Path) -> list[Path]:
    """report.json, report.md and, where matplotlib is installed, report.svg."""
    written = [folder / "report.json", folder / "report.md"]
    plot = folder / "report.svg"
    if _draw(report, plot):
        written.append(plot)
    written[0].write_text(json.dumps(as_dict(report), indent=2), encoding="utf-8")
    written[1].write_text(as_markdown(report, plot.name if plot in written else None), encoding="utf-8")
    return written


def _comparison(comparison: Comparison) -> dict[str, Any]:
    modes = {
        mode: {
            measure: {
                "before": round(comparison.before.mean(mode, measure), 4),
                "after": round(comparison.after.mean(mode, measure), 4),
                "gain": round(comparison.gain(mode, measure), 4),
                "p": round(comparison.p_value(mode, measure), 4),
            }
            for measure in MEASURES
        }
        for mode in comparison.modes
    }
    settings = {"before": vars(comparison.before.preset), "after": vars(comparison.after.preset)}
    return {"title": comparison.title, "settings": settings, "modes": modes}


def _section(comparison: Comparison, measured: Mapping[str, Any]) -> list[str]:
    head = " | ".join(f"{measure} before | after" for measure in MEASURES)
    lines = [f"## {comparison.title}", "", _queries(measured), ""]
    lines += [f"| | {head} |", "|---" * (1 + 2 * len(MEASURES)) + "|"]
    for mode in comparison.modes:
        cells = []
        for measure in MEASURES:
            sure = "*" if comparison.p_value(mode, measure) < _SURE else ""
            gain = f"{100 * comparison.gain(mode, measure):+.1f} %"
            cells += [f"{comparison.before.mean(mode, measure):.4f}"]
            cells += [f"{comparison.after.mean(mode, measure):.4f}{sure} ({gain})"]
        lines.append(f"| {mode} | {' | '.join(cells)} |")
    before, after = comparison.before.preset, comparison.after.preset
    lines += ["", f"\\* differs from before (randomisation test over the queries, p < {_SURE})."]
    lines += [f"Before: {_preset(before)}. After: {_preset(after)}.", ""]
    return lines


def _queries(measured: Mapping[str, Any]) -> str:
    number, known = measured["queries"], measured["queries judged"]
    if number == known:
        return f"{number} judged queries that were not trained on."
    return f"{number} judged queries that were not trained on, drawn from {known} (`max_queries`)."


def _preset(preset: Any) -> str:
    words, dense, sparse = preset.weights
    return (
        f"min-max fusion of the first {preset.window} with weights {words:g}, {dense:g}, {sparse:g} (words, dense, "
        f"sparse), the cross-encoder has {preset.rerank_weight:g} of the order of the first {preset.rerank_window}"
    )


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _draw(report: Report, path: Path) -> bool:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw_bars(left, report)
    if report.losses:
        steps, values = zip(*report.losses, strict=True)
        right.plot(steps, values, color="0.35")
    right.set(xlabel="step", ylabel="loss")
    right.grid(visible=True, alpha=0.3)
    _save(figure, path)
    return True


def _draw_bars(axes: Any, report: Report) -> None:
    """Before and after by mode, of the last comparison: the one with each side's own settings where there is one."""
    if not report.comparisons:
        axes.set_axis_off()
        return
    comparison, measure = report.comparisons[-1], MEASURES[0]
    places = range(len(comparison.modes))
    for shift, outcome, colour, label in (
        (-0.2, comparison.before, "0.75", "before"),
        (0.2, comparison.after, "C0", "after"),
    ):
        heights = [outcome.mean(mode, measure) for mode in comparison.modes]
        axes.bar([place + shift for place in places], heights, 0.38, color=colour, label=label)
    axes.set_xticks(list(places), comparison.modes)
    axes.set(ylabel=measure, title=comparison.title)
    axes.legend()


def _save(figure: "Figure", path: Path) -> None:
    figure.savefig(path)
