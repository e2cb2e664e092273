"""`outrider eval`: how good and how fast the modes of a live index are."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..opening import open_encoder
from .bars import counted
from .options import AsJson, Index, SidecarKey, SidecarUrl, Url, text_fields

if TYPE_CHECKING:
    from outrider.connectors import Cluster, Encoder, IndexSpec

    from ..evaluation import LiveReport, Way

_BELOW = 0.05


def evaluate(
    url: Url,
    name: Index,
    judgements: Annotated[Path, typer.Option("--qrels", help="Judgements: BEIR or TREC lines, or a judgement list.")],
    queries: Annotated[Path | None, typer.Option(help="The queries' texts: .jsonl, or id and text by tabs.")] = None,
    modes: Annotated[
        str,
        typer.Option(help="Modes by commas, and fusions: min_max, z_score, l2, rrf. The first is the baseline."),
    ] = "",
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
    from outrider.connectors import connect, require_spec

    from ..evaluation import check_measure, check_plot, draw_front, evaluate_live, read_judged

    for measure in text_fields(measures):
        check_measure(measure)
    if plot:
        check_plot(plot)
    judged = read_judged(queries, judgements)
    cluster = connect(url)
    spec = require_spec(cluster, name)
    encoder = None if spec.way == "native" else open_encoder(sidecar, key, spec)
    ways = _ways(cluster, spec, encoder, text_fields(modes))
    with counted("asking", quiet=as_json) as on_progress:
        report = evaluate_live(ways, judged, text_fields(measures), on_progress)
    if per_query:
        _write_per_query(report, judged.texts, per_query)
    if run:
        _write_runs(report, run)
    if plot:
        draw_front(report, report.measures[0], plot, f"{name}: {len(judged.texts)} judged queries")
    if as_json:
        typer.echo(json.dumps(_as_dict(report)))
    else:
        _print(report, len(judged.texts))


def _ways(cluster: "Cluster", spec: "IndexSpec", encoder: "Encoder | None", names: Sequence[str]) -> dict[str, "Way"]:
    """The modes in the order they were named, each technique of fusion as one; every mode of the index by default."""
    from outrider.connectors import TECHNIQUES, BadQuery

    from ..asking import asker_for
    from ..evaluation import Way, ways_of

    asker = asker_for(cluster, spec, encoder)
    fusions = TECHNIQUES if spec.pipelines is None and "fused" in asker.modes else ()
    unknown = [name for name in names if name not in (*asker.modes, *fusions)]
    if unknown:
        there = ", ".join((*asker.modes, *fusions))
        raise BadQuery(f"index '{spec.index}' has no mode {', '.join(map(repr, unknown))}; use some of {there}")
    ways = ways_of(asker, asker.modes)
    for technique in fusions:
        if technique in names:
            ways[technique] = Way(asker_for(cluster, replace(spec, fusion=technique), encoder), "fused")
    return {name: ways[name] for name in names} if names else ways


def _as_dict(report: "LiveReport") -> dict[str, Any]:
    return {
        mode.mode: {
            **{measure: round(mode.mean(measure), 4) for measure in report.measures},
            "ms": round(mode.median_ms, 1),
            "ms_95": round(mode.slow_ms, 1),
            "p": {measure: round(report.p_value(mode, measure), 4) for measure in report.measures},
        }
        for mode in report.modes
    }


def _print(report: "LiveReport", queries: int) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", *report.measures, "ms", "95 %", title=f"{queries} judged queries", title_justify="left")
    for mode in report.modes:
        cells = []
        for measure in report.measures:
            sure = mode is not report.modes[0] and report.p_value(mode, measure) < _BELOW
            cells.append(f"{mode.mean(measure):.4f}{'*' if sure else ''}")
        table.add_row(mode.mode, *cells, f"{mode.median_ms:.0f}", f"{mode.slow_ms:.0f}")
    console = Console()
    console.print(table)
    marked = f"* differs from {report.modes[0].mode} (randomisation test, p < {_BELOW})"
    console.print(f"{marked}; ms: median, and what 95 % of the queries stay below", style="dim")


def _write_per_query(report: "LiveReport", texts: Mapping[str, str], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["query", "text", "mode", *report.measures, "ms"])
        for mode in report.modes:
            for query in mode.run:
                values = [f"{mode.values[measure][query]:.6f}" for measure in report.measures]
                rows.writerow([query, texts[query], mode.mode, *values, f"{mode.ms[query]:.1f}"])


def _write_runs(report: "LiveReport", folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for mode in report.modes:
        lines = [
            f"{query} Q0 {document} {rank} {1 / rank:.6f} outrider-{mode.mode}\n"
            for query, ranking in mode.run.items()
            for rank, document in enumerate(ranking, start=1)
        ]
        (folder / f"{mode.mode}.run").write_text("".join(lines), encoding="utf-8")
