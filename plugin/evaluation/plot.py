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


def draw_front(report: LiveReport, measure: str, path: Path, title: str) -> None:
    """Each mode's mean over its median milliseconds, with a line through the Pareto front; as .html with a table."""
    figure = _figure(report, measure, title)
    if path.suffix != ".html":
        figure.savefig(path, dpi=160)
        return
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg")
    svg = drawn.getvalue()
    parts = ("<!doctype html><meta charset=utf-8>", f"<title>{html.escape(title)}</title>", _STYLE)
    page = "\n".join((*parts, svg[svg.index("<svg") :], _table(report), f"<p>{_NOTE.format(report.modes[0].mode)}</p>"))
    path.write_text(page, encoding="utf-8")


_STYLE = """<style>
body { font-family: sans-serif }
td, th { padding: .2em .8em; text-align: right }
th:first-child { text-align: left }
</style>"""
_NOTE = "p: how likely a difference to {} as large as this is by chance (randomisation test over the queries)"


def _table(report: LiveReport) -> str:
    heads = "".join(f"<th>{html.escape(measure)}<th>p" for measure in report.measures)
    rows = [f"<tr><th>{heads}<th>ms (median)<th>ms (95 %)"]
    for mode in report.modes:
        values = "".join(
            f"<td>{mode.mean(measure):.4f}<td>{report.p_value(mode, measure):.3f}" for measure in report.measures
        )
        rows.append(f"<tr><th>{html.escape(mode.mode)}{values}<td>{mode.median_ms:.0f}<td>{mode.slow_ms:.0f}")
    return "\n".join(("<table>", *rows, "</table>"))


def _figure(report: LiveReport, measure: str, title: str) -> "Figure":
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    best = front(report.modes, measure)
    line = [mode.median_ms for mode in best], [mode.mean(measure) for mode in best]
    axes.plot(*line, color="0.75", zorder=1, label="Pareto front")
    axes.scatter([mode.median_ms for mode in report.modes], [mode.mean(measure) for mode in report.modes], zorder=2)
    for mode in report.modes:
        place = (mode.median_ms, mode.mean(measure))
        axes.annotate(mode.mode, place, xytext=(0, 7), textcoords="offset points", ha="center")
    axes.set(xscale="log", xlabel="ms per query (median)", ylabel=f"{measure} (mean)", title=title)
    # Numbers that one reads, and some of them also where the times are close together.
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(visible=True, alpha=0.3)
    axes.margins(0.15)
    axes.legend(loc="lower right", frameon=False)
    return figure
