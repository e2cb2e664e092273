"""`outrider search`: a question to an index, in five ways."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..opening import open_encoder
from .options import AsJson, Index, SidecarKey, SidecarUrl, Url

if TYPE_CHECKING:
    from outrider.connectors import Answer, IndexSpec, Result


STAGES = ("bm25", "dense", "sparse", "fused")


def search(
    url: Url,
    name: Index,
    question: Annotated[str, typer.Argument(help="What to look for.")],
    mode: Annotated[str, typer.Option(help="bm25, dense, sparse, fused or reranked.")] = "reranked",
    size: Annotated[int, typer.Option("--size", "-k", min=1, max=1000, help="How many results.")] = 10,
    offset: Annotated[int, typer.Option(min=0, help="How many of the best to leave out: the pages before.")] = 0,
    only: Annotated[
        str | None, typer.Option("--filter", help='Only where this query matches: \'{"term": {"brand": "acme"}}\'.')
    ] = None,
    sidecar: SidecarUrl = None,
    key: SidecarKey = None,
    as_json: AsJson = False,
) -> None:
    """Ask an index: BM25, dense and sparse rankings, fused, and reordered with the help of a cross-encoder."""
    from outrider.connectors import MODES, BadQuery, connect, require_spec

    from ..asking import asker_for

    if mode not in MODES:
        raise BadQuery(f"mode {mode!r} is not known; use one of {', '.join(MODES)}")
    cluster = connect(url)
    spec = require_spec(cluster, name)
    encoder = None if spec.way == "native" else open_encoder(sidecar, key, spec)
    answer = asker_for(cluster, spec, encoder).search(question, mode, size, offset=offset, filter=_filter(only))
    if as_json:
        typer.echo(json.dumps(_as_dict(answer), ensure_ascii=False))
        return
    _print_answer(answer, spec, offset)


def _filter(given: str | None) -> dict[str, Any] | None:
    from outrider.connectors import BadQuery

    if given is None:
        return None
    try:
        body = json.loads(given)
    except ValueError as err:
        raise BadQuery(f"--filter {given!r} is not JSON: {err}") from err
    if not isinstance(body, dict):
        raise BadQuery(f'--filter {given!r} is no query: write an object such as {{"term": {{"brand": "acme"}}}}')
    return body


def _as_dict(answer: "Answer") -> dict[str, Any]:
    results = [
        {
            "id": r.id,
            "score": r.score,
            "ranks": dict(r.ranks),
            "scores": dict(r.scores),
            "boost": r.boost,
            "source": dict(r.source),
            "excerpt": asdict(r.excerpt) if r.excerpt else None,
        }
        for r in answer.results
    ]
    return {"query": answer.query, "mode": answer.mode, "timings_ms": dict(answer.timings_ms), "results": results}


def _texts(result: "Result", spec: "IndexSpec") -> list[str]:
    """The texts of a document; where a chunk answers best, its title and that chunk."""
    if result.excerpt is None:
        return [str(result.source[name]) for name in spec.text_fields if result.source.get(name)]
    title = spec.chunks.title if spec.chunks else None
    return [*([str(result.source[title])] if title and result.source.get(title) else []), result.excerpt.text]


def _print_answer(answer: "Answer", spec: "IndexSpec", offset: int) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not answer.results:
        console.print("nothing found")
        return
    stages = [stage for stage in STAGES if any(stage in r.ranks for r in answer.results)]
    is_boosted = any(r.boost != 1 for r in answer.results)
    table = Table(
        title=Text(answer.query), title_justify="left", box=box.SIMPLE_HEAD, expand=True, padding=(0, 1, 0, 0)
    )
    for name in ("#", *stages, *(["boost"] if is_boosted else []), "score"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("document", ratio=1, overflow="ellipsis", no_wrap=True)
    for place, result in enumerate(answer.results, start=offset + 1):
        shown = " | ".join(_texts(result, spec))
        ranks = [str(result.ranks.get(stage, "-")) for stage in stages]
        boost = [f"{result.boost:.2f}"] if is_boosted else []
        table.add_row(str(place), *ranks, *boost, f"{result.score:.4f}", Text(" ".join(shown.split()) or result.id))
    console.print(table)
    console.print(" ".join(f"{stage} {ms:.0f} ms" for stage, ms in answer.timings_ms.items()), style="dim")
