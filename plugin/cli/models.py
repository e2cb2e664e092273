"""`outrider models`: what is ready to run, and where it lies on this machine."""

import json
from typing import Annotated

import typer


def models(
    fetch: Annotated[bool, typer.Option("--fetch", help="Fetch what is not in the cache yet.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the ready models: kind, size, licence and folder in the cache."""
    from outrider.encoders import READY_MODELS, ModelNotFound, resolve

    rows = []
    for name, ready in READY_MODELS.items():
        try:
            folder = str(resolve(name, local_files_only=not fetch))
        except ModelNotFound:
            if fetch:
                raise
            folder = ""
        rows.append(
            {"name": name, "kind": ready.kind, "about": ready.about, "licence": ready.licence, "folder": folder}
        )
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    _print_table(rows)


def _print_table(rows: list[dict[str, str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Ready models")
    for column in ("name", "kind", "about", "licence"):
        table.add_column(column, overflow="fold")
    table.add_column("in the cache")
    for row in rows:
        table.add_row(row["name"], row["kind"], row["about"], row["licence"], "yes" if row["folder"] else "no")
    Console().print(table)
