"""`outrider tune`: the fusion and reranking that suit your queries, written into the index's spec."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .bars import counted
from .options import AsJson, Index, SidecarUrl, Url, open_encoder

if TYPE_CHECKING:
    from outrider.connectors import IndexSpec

    from ..evaluation import Choice, Fusion, Reranking


def tune(
    url: Url,
    name: Index,
    judgements: Annotated[Path, typer.Option("--qrels", help="Judgements: BEIR or TREC lines, or a judgement list.")],
    queries: Annotated[Path | None, typer.Option(help="The queries' texts: .jsonl, or id and text by tabs.")] = None,
    measure: Annotated[str, typer.Option(help="What to make best: ndcg, mrr, recall, precision or map.")] = "ndcg@10",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the best settings, change nothing.")] = False,
    sidecar: SidecarUrl = None,
    as_json: AsJson = False,
) -> None:
    """Choose how rankings are fused and how much the cross-encoder has to say, on judged queries of your own.

    Nothing is written where cross-validation expects no gain. Tune on other queries than you evaluate on.
    """
    from outrider.connectors import connect, require_spec, store_spec

    from ..asking import asker_for
    from ..evaluation import ask_legs, check_measure, choose_fusion, choose_reranking, read_judged

    check_measure(measure)
    judged = read_judged(queries, judgements)
    cluster = connect(url)
    spec = require_spec(cluster, name)
    native = spec.way == "native"
    encoder = None if native else open_encoder(sidecar)
    with counted("asking", quiet=as_json) as on_progress:
        legs = ask_legs(asker_for(cluster, spec, encoder), judged, spec.legs, spec.window, on_progress)
    fusion = choose_fusion(spec, judged, legs, measure)
    tuned = spec
    if fusion.is_better:
        best = fusion.best
        tuned = replace(tuned, fusion=best.technique, weights=best.weights, rank_constant=best.rank_constant)
    reranking = None
    if encoder is not None and encoder.models.rerank:
        with counted("reranking", quiet=as_json) as on_progress:
            asker = asker_for(cluster, tuned, encoder)
            reranking = choose_reranking(tuned, asker, judged, measure, on_progress)
        if reranking.is_better:
            best_reranking = reranking.best
            tuned = replace(tuned, rerank_weight=best_reranking.weight, rerank_window=best_reranking.window)
    if tuned != spec and not dry_run:
        store_spec(cluster, tuned)
    if as_json:
        typer.echo(json.dumps(_as_dict(fusion, reranking, tuned, written=tuned != spec and not dry_run)))
    else:
        _print(measure, len(judged.texts), fusion, reranking)
        typer.echo(_told(spec, tuned, dry_run))


def _told(spec: "IndexSpec", tuned: "IndexSpec", dry_run: bool) -> str:
    if tuned == spec:
        return f"'{spec.index}' stays as it is: no gain is to be expected on queries that were not tuned on"
    if dry_run:
        return f"'{spec.index}' was left as it is (--dry-run)"
    again = "; run `outrider register` again for the cluster's own pipelines" if spec.way == "native" else ""
    return f"written into the spec of '{spec.index}'{again}"


def _as_dict(
    fusion: "Choice[Fusion]", reranking: "Choice[Reranking] | None", tuned: "IndexSpec", written: bool
) -> dict[str, Any]:
    return {
        "fusion": asdict(fusion),
        "reranking": asdict(reranking) if reranking else None,
        "spec": {
            "fusion": tuned.fusion,
            "weights": asdict(tuned.weights),
            "rank_constant": tuned.rank_constant,
            "rerank_weight": tuned.rerank_weight,
            "rerank_window": tuned.rerank_window,
        },
        "written": written,
    }


def _print(measure: str, queries: int, fusion: "Choice[Fusion]", reranking: "Choice[Reranking] | None") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", "best", "now", "best there", "to expect", "p", title=f"{measure}, {queries} judged queries")
    weights = fusion.best.weights
    told = f"{fusion.best.technique}, bm25 {weights.bm25:g}, dense {weights.dense:g}, sparse {weights.sparse:g}"
    rows: list[tuple[str, str, Choice[Any]]] = [("fusion", told, fusion)]
    if reranking:
        share = f"weight {reranking.best.weight:g}, window {reranking.best.window}"
        rows.append(("reranking", share, reranking))
    for what, best, choice in rows:
        values = (f"{value:.4f}" for value in (choice.before, choice.value, choice.expected, choice.p_value))
        table.add_row(what, best, *values)
    console = Console()
    console.print(table)
    console.print("to expect: each fifth of the queries with what was best on the other four", style="dim")
