"""`outrider register` and `outrider unregister`: the cluster calls the sidecar through its own plugins, or stops to."""

from typing import TYPE_CHECKING, Annotated

import typer

from .options import DryRunOption, Index, TextFields, Url, text_fields

if TYPE_CHECKING:
    from outrider.connectors import DryRun


def register(
    url: Url,
    name: Index,
    sidecar: Annotated[str, typer.Option(help="The running sidecar, as the cluster reaches it.")],
    text: TextFields = None,
    api_key: Annotated[
        str | None, typer.Option(envvar="OUTRIDER_API_KEY", help="The key that the cluster sends to the sidecar.")
    ] = None,
    apply_settings: Annotated[
        bool, typer.Option("--apply-settings", help="Also change the cluster settings that stand in the way.")
    ] = False,
    service: Annotated[
        str, typer.Option(help="Elasticsearch's service that calls the sidecar: custom, hugging_face or openai.")
    ] = "custom",
    dry_run: DryRunOption = False,
) -> None:
    """Register what lets the cluster call the sidecar, and the index; run again, it changes nothing."""
    from outrider.connectors import SERVICES, BadSpec, DryRun, connect, spec_for
    from outrider.connectors import register as run

    from ..client import SidecarClient

    chosen = next((each for each in SERVICES if each == service), None)
    if chosen is None:
        raise BadSpec(f"service {service!r} is not known; use {', '.join(SERVICES)}")
    cluster = connect(url)
    with SidecarClient(sidecar, api_key=api_key, patience_s=5) as encoder:
        spec = spec_for(cluster, name, text_fields(text), encoder.models)
    target = DryRun(cluster) if dry_run else cluster
    run(target, spec, sidecar, api_key=api_key, apply_settings=apply_settings, service=chosen)
    if isinstance(target, DryRun):
        _print_requests(target)
        return
    typer.echo(f"'{name}' is registered: what is written to it is encoded by {sidecar}; ask it with `outrider search`")


def unregister(
    url: Url,
    name: Index,
    delete_index: Annotated[
        bool, typer.Option("--delete-index", help="Delete the index and its documents too.")
    ] = False,
    dry_run: DryRunOption = False,
) -> None:
    """Remove exactly what `register` made; the index and its vectors stay."""
    from outrider.connectors import DryRun, connect
    from outrider.connectors import unregister as run

    cluster = connect(url)
    target = DryRun(cluster) if dry_run else cluster
    run(target, name, delete_index=delete_index)
    if isinstance(target, DryRun):
        _print_requests(target)
        return
    typer.echo(f"'{name}' is no longer registered")


def _print_requests(dry: "DryRun") -> None:
    for request in dry.requests:
        typer.echo(request.as_console() + "\n")
    typer.echo(f"# {len(dry.requests)} requests, none sent" if dry.requests else "# nothing would change")
