"""`outrider index`: documents into a cluster, each with its vectors and none lost."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..opening import open_encoder
from .migrate import encoder_of
from .options import (
    AsJson,
    DryRunOption,
    Index,
    SidecarKey,
    SidecarUrl,
    TextFields,
    Url,
    text_fields,
)
from .outcome import print_report
from .progress import documents_bar

if TYPE_CHECKING:
    from outrider.connectors import Cluster, IndexSpec

Documents = Annotated[Path, typer.Argument(help="One JSON object a line; .gz is unpacked, - is standard input.")]


def index(
    url: Url,
    name: Index,
    documents: Documents,
    text: TextFields = None,
    id_field: Annotated[str | None, typer.Option("--id", help="The field that identifies a document.")] = None,
    sidecar: SidecarUrl = None,
    key: SidecarKey = None,
    dead_letters: Annotated[Path | None, typer.Option(help="Where failed documents go with their reasons.")] = None,
    dry_run: DryRunOption = False,
    as_json: AsJson = False,
) -> None:
    """Encode documents and write them with their vectors. Run it again at any time: nothing is lost or doubled."""
    from outrider.connectors import connect, index_documents, read_jsonl, read_spec, spec_from

    cluster = connect(url)
    stored = read_spec(cluster, name)
    encoder = open_encoder(sidecar, key, stored)
    spec = spec_from(cluster, stored, name, text_fields(text), encoder.models, id_field=id_field)
    if dry_run:
        _print_requests(cluster, spec)
        return
    letters = dead_letters or Path(f"{name}.failed.jsonl")
    with documents_bar("indexing", quiet=as_json) as show:
        total = None if as_json else _count_lines(documents)
        report = index_documents(
            cluster,
            spec,
            encoder,
            read_jsonl(documents),
            dead_letters=letters,
            on_progress=lambda report: show(report, total),
            encoder_for=lambda target: encoder_of(target, sidecar, key),
        )
    print_report(report, letters, as_json)
    if report.failed:
        raise typer.Exit(2)


def _print_requests(cluster: "Cluster", spec: "IndexSpec") -> None:
    from outrider.connectors import DryRun, ensure_index

    dry = DryRun(cluster)
    ensure_index(dry, spec)
    for request in dry.requests:
        typer.echo(request.as_console() + "\n")
    typer.echo(f"# then the documents, by POST /{spec.index}/_bulk")


def _count_lines(documents: Path) -> int | None:
    if not documents.is_file():
        return None
    from outrider.connectors import read_jsonl

    return sum(1 for _ in read_jsonl(documents))
