"""`outrider doctor`: what a cluster can do, and what stands in the way."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import AsJson, Url

if TYPE_CHECKING:
    from outrider.connectors import Diagnosis

_COLORS = {"fine": "green", "note": "yellow", "in the way": "red"}


def doctor(
    url: Url,
    sidecar: Annotated[str, typer.Option(help="Where the cluster would reach the sidecar.")] = "http://127.0.0.1:8080",
    as_json: AsJson = False,
) -> None:
    """Read a live cluster: version, plugins, settings in the way, each with the command that changes it."""
    from outrider.connectors import connect, examine

    cluster = connect(url, patience_s=5)
    diagnosis = examine(cluster, sidecar)
    if as_json:
        typer.echo(json.dumps(_as_dict(diagnosis, cluster.url)))
    else:
        _print(diagnosis, cluster.url)
    if any(finding.severity == "in the way" for finding in diagnosis.findings):
        raise typer.Exit(2)


def _as_dict(diagnosis: "Diagnosis", url: str) -> dict[str, Any]:
    capabilities = diagnosis.capabilities
    return {
        "distribution": capabilities.distribution,
        "version": capabilities.version,
        "nodes": capabilities.nodes,
        "plugins": sorted(capabilities.plugins),
        "way": diagnosis.way,
        "findings": [
            {"severity": each.severity, "what": each.what, "remedy": each.remedy and each.remedy.as_curl(url)}
            for each in diagnosis.findings
        ],
    }


def _print(diagnosis: "Diagnosis", url: str) -> None:
    for finding in diagnosis.findings:
        typer.secho(f"{finding.severity:>10}  ", fg=_COLORS[finding.severity], nl=False)
        typer.echo(finding.what)
        if finding.remedy:
            typer.echo(f"{'':12}{finding.remedy.as_curl(url)}")
    plugins = ", ".join(sorted(diagnosis.capabilities.plugins)) or "none"
    typer.echo(f"{'':12}plugins: {plugins}")
    advice = {
        "native": "the cluster can call the sidecar: `outrider register`, or `outrider index` to leave it as it is",
        "sidecar": "the sidecar encodes on the way in and out: `outrider index` and `outrider search`",
    }
    typer.echo(f"{'':12}{advice[diagnosis.way]}")
