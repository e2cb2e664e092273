"""`outrider key`: a new API key, and its hash for the settings."""

from typing import Annotated

import typer


def key(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    scopes: Annotated[str, typer.Option(help="What it is good for: encode, rank, admin, separated by commas.")] = (
        "encode,rank"
    ),
) -> None:
    """Make an API key; the key is shown once, and the settings get only its hash."""
    from ..keys import digest, new_key
    from ..settings import key_settings

    made = new_key()
    settings = key_settings(name, digest(made), tuple(scope.strip() for scope in scopes.split(",") if scope.strip()))
    typer.echo(f"key, shown once: {made}", err=True)
    typer.echo("[[api_keys]]")
    for field, value in settings.model_dump().items():
        typer.echo(f"{field} = {list(value) if isinstance(value, tuple) else value!r}".replace("'", '"'))
