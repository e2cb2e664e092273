"""`outrider eval`: how good and how fast the modes of a live index are."""

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .bars import counted
from .options import AsJson, Index, SidecarKey, SidecarUrl, Url, open_encoder, text_fields

if TYPE_CHECKING:
    from ..evaluation import LiveReport

_BELOW = 0.05


def evaluate(
    url: Url,
    name: Index,
    judgements: Annotated[Path, typer.Option("--qrels", help="Judgements: BEIR or TREC lines, or a judgement list.")],
    queries: Annotated[Path | None, typer.Option(help="The queries' texts: .jsonl, or id and text by tabs.")] = None,
    modes: Annotated[str, typer.Option(help="Modes by commas; the first is the baseline.")] = "",
    measures: Annotated[
        str, typer.Option(help="ndcg, mrr, recall, precision, map or judged, each with a cut.")
    ] = "ndcg@10,mrr@10,recall@100,judged@10",
    per_query: Annotated[Path | None, typer.Option(help="Write each query's values to this CSV file.")] = None,
    run: Annotated[Path | None, typer.Option(help="Write each mode's ranking as a TREC run into this folder.")] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the first measure against time into this png, svg, pdf or html.")
    ] = None,
    sidecar: SidecarUrl = None,
    key: SidecarKey = None,
    as_json: AsJson = False,
) -> None:
    """Measure BM25, dense, sparse, fused and reranked search on judged queries: quality, significance, time."""
    from outrider.connectors import MODES, BadQuery, connect, require_spec

    from ..asking import asker_for
    from ..evaluation import check_measure, check_plot, draw_front, evaluate_live, read_judged

    for measure in text_fields(measures):
        check_measure(measure)
    if plot:
        check_plot(plot)
    judged = read_judged(queries, judgements)
    asked = [mode for mode in MODES if mode in text_fields(modes)] if modes else list(MODES)
    unknown = set(text_fields(modes)) - set(MODES)
    if unknown or not asked:
        raise BadQuery(f"mode {', '.join(sorted(unknown))!r} is not known; use some of {', '.join(MODES)}")
    cluster = connect(url)
    spec = require_spec(cluster, name)
    encoder = None if spec.way == "native" else open_encoder(sidecar, key, spec)
    asker = asker_for(cluster, spec, encoder)
    with counted("asking", quiet=as_json) as on_progress:
        report = evaluate_live(asker, judged, asked, text_fields(measures), on_progress)
    if per_query:
        _write_per_query(report, per_query)
    if run:
        _write_runs(report, run)
    if plot:
        draw_front(report, report.measures[0], plot)
    if as_json:
        typer.echo(json.dumps(_as_dict(report)))
    else:
        _print(report, len(judged.texts))


def _as_dict(report: "LiveReport") -> dict[str, Any]:
    return {
        mode.mode: {
            **{measure: round(mode.mean(measure), 4) for measure in report.measures},
            "ms": round(mode.median_ms, 1),
            "p": {measure: round(report.p_value(mode, measure), 4) for measure in report.measures},
        }
        for mode in report.modes
    }


def _print(report: "LiveReport", queries: int) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", *report.measures, "ms/query", title=f"{queries} judged queries", title_justify="left")
    for mode in report.modes:
        cells = []
        for measure in report.measures:
            sure = mode is not report.modes[0] and report.p_value(mode, measure) < _BELOW
            cells.append(f"{mode.mean(measure):.4f}{'*' if sure else ''}")
        table.add_row(mode.mode, *cells, f"{mode.median_ms:.0f}")
    console = Console()
    console.print(table)
    console.print(f"* differs from {report.modes[0].mode} (randomisation test, p < {_BELOW}); ms: median", style="dim")


def _write_per_query(report: "LiveReport", path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["query", "mode", *report.measures, "ms"])
        for mode in report.modes:
            for query in mode.run:
                values = [f"{mode.values[measure][query]:.6f}" for measure in report.measures]
                rows.writerow([query, mode.mode, *values, f"{mode.ms[query]:.1f}"])


def _write_runs(report: "LiveReport", folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for mode in report.modes:
        lines = [
            f"{query} Q0 {document} {rank} {1 / rank:.6f} outrider-{mode.mode}\n"
            for query, ranking in mode.run.items()
            for rank, document in enumerate(ranking, start=1)
        ]
        (folder / f"{mode.mode}.run").write_text("".join(lines), encoding="utf-8")
