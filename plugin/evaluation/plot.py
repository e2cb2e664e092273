"""Quality against time, as a picture."""

import html
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import PackageMissing, SettingsInvalid
from .live import LiveReport, ModeReport

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = ("png", "svg", "pdf", "html")


def check_plot(path: Path) -> None:
    """Raises SettingsInvalid for a kind of file that is not drawn, PackageMissing where nothing can draw."""
    if path.suffix[1:] not in KINDS:
        raise SettingsInvalid(f"a plot cannot be written to {str(path)!r}: end the name in png, svg, pdf or html")
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as err:
        raise PackageMissing("plots are drawn by matplotlib: pip install 'outrider[plots]'") from err


def front(modes: Sequence[ModeReport], measure: str) -> list[ModeReport]:
    """The modes that no other one beats in both quality and time (the Pareto front), fastest first."""
    best: list[ModeReport] = []
    for mode in sorted(modes, key=lambda each: (each.median_ms, -each.mean(measure))):
        if not best or mode.mean(measure) > best[-1].mean(measure):
            best.append(mode)
    return best


def draw_front(report: LiveReport, measure: str, path: Path) -> None:
    """Each mode's mean over its median milliseconds, with a line through the Pareto front."""
    figure = _figure(report, measure)
    if path.suffix != ".html":
        figure.savefig(path, dpi=160)
        return
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg")
    svg = drawn.getvalue()
    title = html.escape(f"{measure} and time")
    page = f"<!doctype html><meta charset=utf-8><title>{title}</title>{svg[svg.index('<svg') :]}"
    path.write_text(page, encoding="utf-8")


def _figure(report: LiveReport, measure: str) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    best = front(report.modes, measure)
    axes.plot([mode.median_ms for mode in best], [mode.mean(measure) for mode in best], color="0.75", zorder=1)
    axes.scatter([mode.median_ms for mode in report.modes], [mode.mean(measure) for mode in report.modes], zorder=2)
    for mode in report.modes:
        place = (mode.median_ms, mode.mean(measure))
        axes.annotate(mode.mode, place, xytext=(6, 4), textcoords="offset points")
    axes.set(xscale="log", xlabel="ms per query (median)", ylabel=f"{measure} (mean)")
    axes.grid(visible=True, alpha=0.3)
    axes.margins(0.15)
    return figure
