"""`outrider models`: what is ready to run, where it lies on this machine, and what int8 costs it."""

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer


def models(
    fetch: Annotated[bool, typer.Option("--fetch", help="Fetch what is not in the cache yet.")] = False,
    measure: Annotated[
        bool, typer.Option("--measure", help="Measure what int8 costs where that is not known yet.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the ready models: kind, size, licence, folder in the cache, and how far int8 is from float32.

    That is the cosine to the exact vectors or term weights, or the difference to the exact scores, over a dozen texts;
    it is known of models that were served in int8, and empty for one that is an int8 graph itself.
    """
    from outrider.encoders import READY_MODELS

    rows = [_row(name, fetch=fetch, measure=measure) for name in READY_MODELS]
    if as_json:
        typer.echo(json.dumps(rows, indent=2, default=asdict))
        return
    _print_table(rows)


def _row(name: str, *, fetch: bool, measure: bool) -> dict[str, Any]:
    from outrider.encoders import READY_MODELS, ModelNotFound, int8_loss, resolve

    ready = READY_MODELS[name]
    row = {"name": name, "kind": ready.kind, "about": ready.about, "licence": ready.licence}
    try:
        folder = resolve(name, local_files_only=not fetch)
    except ModelNotFound:
        if fetch:
            raise
        return {**row, "folder": "", "int8_loss": None}
    return {**row, "folder": str(folder), "int8_loss": int8_loss(name, measure=measure)}


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Ready models")
    for column in ("name", "kind", "about", "licence", "cached", "int8 loss"):
        table.add_column(column, overflow="fold")
    for row in rows:
        loss = row["int8_loss"]
        told = f"{loss.measure}: {loss.numbers}" if loss else ""
        table.add_row(row["name"], row["kind"], row["about"], row["licence"], "yes" if row["folder"] else "no", told)
    Console().print(table)
