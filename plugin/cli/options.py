"""Arguments and options that several commands share, and what they stand for."""

from typing import Annotated

import typer

Url = Annotated[
    str, typer.Argument(help="The cluster, such as http://localhost:9200 or https://user:password@host:9200.")
]
Index = Annotated[str, typer.Argument(help="The name of the index.")]
TextFields = Annotated[
    str | None, typer.Option("--text", help="The fields to search, separated by commas, such as title,body.")
]
SidecarUrl = Annotated[
    str | None, typer.Option("--sidecar", help="A running sidecar to encode with; without it the models run in here.")
]
SidecarKey = Annotated[
    str | None, typer.Option("--sidecar-key", envvar="OUTRIDER_API_KEY", help="The sidecar's key, where it wants one.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Print every request that would be sent; send none.")]


def text_fields(given: str | None) -> tuple[str, ...]:
    """The names in `--text title,body`."""
    return tuple(name.strip() for name in (given or "").split(",") if name.strip())
