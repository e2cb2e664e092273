"""`outrider tune`: the pruning, fusion and reranking that suit your queries, written into the index's spec."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..opening import open_encoder
from .bars import counted
from .options import AsJson, Index, SidecarKey, SidecarUrl, Url

if TYPE_CHECKING:
    from outrider.connectors import Cluster, Encoder, IndexSpec

    from ..evaluation import Choice, JudgedQueries

# What is chosen, one after the other, and the keys of the spec that say it.
_KEYS: Mapping[str, Sequence[str]] = {
    "pruning": ("query_prune",),
    "fusion": ("fusion", "weights", "rank_constant"),
    "window": ("window",),
    "reranking": ("rerank_weight", "rerank_window"),
}


def tune(
    url: Url,
    name: Index,
    judgements: Annotated[Path, typer.Option("--qrels", help="Judgements: BEIR or TREC lines, or a judgement list.")],
    queries: Annotated[Path | None, typer.Option(help="The queries' texts: .jsonl, or id and text by tabs.")] = None,
    measure: Annotated[str, typer.Option(help="What to make best: ndcg, mrr, recall, precision or map.")] = "ndcg@10",
    most_loss: Annotated[
        float, typer.Option(min=0, max=1, help="The share of the measure that asking for fewer terms may cost.")
    ] = 0.005,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the best settings, change nothing.")] = False,
    sidecar: SidecarUrl = None,
    key: SidecarKey = None,
    as_json: AsJson = False,
) -> None:
    """Choose how queries are pruned, how rankings are fused and what the cross-encoder has to say, on judged queries.

    Fusion and reranking are written only where cross-validation expects a gain, fewer terms where it expects no more
    than --most-loss of loss. Tune on other queries than you evaluate on.
    """
    from outrider.connectors import connect, require_spec, store_spec

    from ..evaluation import check_measure, read_judged

    check_measure(measure)
    judged = read_judged(queries, judgements)
    cluster = connect(url)
    spec = require_spec(cluster, name)
    encoder = None if spec.way == "native" else open_encoder(sidecar, key, spec)
    tuned, choices = _tuned(cluster, spec, encoder, judged, measure, most_loss, quiet=as_json)
    written = tuned != spec and not dry_run
    if written:
        store_spec(cluster, tuned)
    if as_json:
        typer.echo(json.dumps(_as_dict(choices, tuned, written=written)))
    else:
        _print(measure, len(judged.texts), choices)
        typer.echo(_told(spec, tuned, dry_run))


def _tuned(
    cluster: "Cluster",
    spec: "IndexSpec",
    encoder: "Encoder | None",
    judged: "JudgedQueries",
    measure: str,
    most_loss: float,
    *,
    quiet: bool,
) -> tuple["IndexSpec", dict[str, "Choice"]]:
    """The spec with what is better, and everything that was chosen; each choice builds on those before."""
    from ..asking import asker_for
    from ..evaluation import (
        ask_legs,
        ask_prunings,
        choose_fusion,
        choose_pruning,
        choose_reranking,
        choose_window,
        depth_of,
        prunings,
    )

    choices: dict[str, Choice] = {}
    with counted("asking", quiet=quiet) as on_progress:
        legs = ask_legs(asker_for(cluster, spec, encoder), judged, spec.legs, depth_of(spec), on_progress)
    if encoder is not None and spec.sparse is not None:
        specs = prunings(spec)
        with counted("asking for fewer terms", quiet=quiet) as on_progress:
            asked = ask_prunings(specs, lambda each: asker_for(cluster, each, encoder), judged, legs, on_progress)
        choice = choices["pruning"] = choose_pruning(specs, asked, judged, measure, most_loss)
        if choice.expected >= (1 - most_loss) * choice.before:
            spec, legs = choice.best, asked[specs.index(choice.best)]
    choice = choices["fusion"] = choose_fusion(spec, judged, legs, measure)
    spec = choice.best if choice.is_better else spec
    if spec.way == "sidecar":
        choice = choices["window"] = choose_window(spec, judged, legs, measure)
        spec = choice.best if choice.is_better else spec
    if encoder is not None and encoder.models.rerank:
        with counted("reranking", quiet=quiet) as on_progress:
            asker = asker_for(cluster, spec, encoder)
            choice = choices["reranking"] = choose_reranking(spec, asker, judged, measure, on_progress)
        spec = choice.best if choice.is_better else spec
    return spec, choices


def _told(spec: "IndexSpec", tuned: "IndexSpec", dry_run: bool) -> str:
    if tuned == spec:
        return f"'{spec.index}' stays as it is: no gain is to be expected on queries that were not tuned on"
    if dry_run:
        return f"'{spec.index}' was left as it is (--dry-run)"
    again = "; run `outrider register` again for the cluster's own pipelines" if spec.way == "native" else ""
    return f"written into the spec of '{spec.index}'{again}"


def _settings(spec: "IndexSpec", what: str) -> dict[str, Any]:
    values = asdict(spec)
    return {key: values[key] for key in _KEYS[what]}


def _as_dict(choices: Mapping[str, "Choice"], tuned: "IndexSpec", *, written: bool) -> dict[str, Any]:
    return {
        **{what: {**asdict(choice), "best": _settings(choice.best, what)} for what, choice in choices.items()},
        "spec": {key: value for what in _KEYS for key, value in _settings(tuned, what).items()},
        "written": written,
    }


def _print(measure: str, queries: int, choices: Mapping[str, "Choice"]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", "best", "now", "best there", "to expect", "p", title=f"{measure}, {queries} judged queries")
    for what, choice in choices.items():
        values = (f"{value:.4f}" for value in (choice.before, choice.value, choice.expected, choice.p_value))
        table.add_row(what, _best(what, choice.best), *values)
    console = Console()
    console.print(table)
    console.print("to expect: each fifth of the queries with what was best on the other four", style="dim")


def _best(what: str, spec: "IndexSpec") -> str:
    if what == "pruning":
        return f"from {spec.query_prune.ratio:g} of the heaviest" if spec.query_prune else "all"
    if what == "fusion":
        weights = spec.weights
        constant = f" {spec.rank_constant}" if spec.fusion == "rrf" else ""
        legs = ", ".join(f"{leg} {getattr(weights, leg):g}" for leg in spec.legs)
        return f"{spec.fusion}{constant}, {legs}"
    if what == "window":
        return str(spec.window)
    return f"weight {spec.rerank_weight:g}, window {spec.rerank_window}"
