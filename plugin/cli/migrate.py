"""`outrider migrate`: an alias moved to an index with other vectors, and back."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..opening import open_encoder
from .options import AsJson, SidecarKey, SidecarUrl, Url
from .progress import documents_bar

if TYPE_CHECKING:
    from outrider.connectors import Cluster, Encoder, IndexSpec, Migration

_KINDS = ("dense", "sparse", "rerank")
_MEASURE = "ndcg@10"


def migrate(
    url: Url,
    alias: Annotated[str, typer.Argument(help="The alias that applications use.")],
    to_models: Annotated[
        str | None,
        typer.Option("--to-models", help="The new models, such as dense=NAME,sparse=NAME; dense=none for none."),
    ] = None,
    spec: Annotated[
        Path | None, typer.Option("--spec", help="A spec file that says what the new index is to be.")
    ] = None,
    back: Annotated[
        bool, typer.Option("--rollback", help="Move the alias back, with all that was written since.")
    ] = False,
    end: Annotated[bool, typer.Option("--finish", help="Stop following: the other index is yours to delete.")] = False,
    queries: Annotated[Path | None, typer.Option(help="Queries to judge old and new by.")] = None,
    judgements: Annotated[Path | None, typer.Option("--qrels", help="Their judgements.")] = None,
    most_loss: Annotated[
        float, typer.Option(min=0, help=f"How much {_MEASURE} may be lost, before it is called off.")
    ] = 0.0,
    samples: Annotated[int, typer.Option(min=0, max=10_000, help="Documents to encode again for verification.")] = 50,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Slices of the index that are read side by side.")] = 4,
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Documents that are read and written at once.")] = 64,
    rate: Annotated[float | None, typer.Option(min=0.1, help="The most documents a second.")] = None,
    sidecar: SidecarUrl = None,
    key: SidecarKey = None,
    as_json: AsJson = False,
) -> None:
    """Fill a new index by other models while the old one is in use, verify it, and move the alias in one step.

    Cut off anywhere, the same command goes on. Writing to the old index is blocked only while the last changes are
    brought over.
    """
    from outrider.connectors import BadSpec, connect, finish, roll_back

    if sum(map(bool, (to_models, spec, back, end))) != 1:
        raise BadSpec("say one of --to-models, --spec, --rollback and --finish")
    cluster = connect(url)
    if end:
        _print_finished(alias, finish(cluster, alias), as_json)
        return
    if back:
        done = roll_back(cluster, alias, lambda old: encoder_of(old, sidecar, key), _steps(as_json))
    else:
        wanted, encoder = _wanted(cluster, alias, to_models, spec, sidecar, key)
        judge = _judge(cluster, queries, judgements, most_loss, encoder, lambda old: encoder_of(old, sidecar, key))
        done = fill_and_move(
            cluster,
            alias,
            wanted,
            encoder,
            quiet=as_json,
            judge=judge,
            samples=samples,
            workers=workers,
            batch_size=batch,
            rate=rate,
        )
    if as_json:
        typer.echo(json.dumps(asdict(done)))
    else:
        print_done(done)


def fill_and_move(
    cluster: "Cluster", alias: str, wanted: "IndexSpec", encoder: "Encoder", *, quiet: bool, **options: Any
) -> "Migration":
    """Fill the index that is wanted, and move the alias to it; what it is at is shown unless `quiet`."""
    from outrider.connectors import migrate as run

    with documents_bar("copying", quiet=quiet) as show:
        return run(
            cluster,
            alias,
            wanted,
            encoder,
            checkpoint=Path(f"{alias}.migrate.json"),
            dead_letters=Path(f"{alias}.failed.jsonl"),
            on_step=_steps(quiet),
            on_progress=show,
            **options,
        )


def _steps(quiet: bool) -> Callable[[str], None]:
    return (lambda _: None) if quiet else (lambda step: typer.secho(f"{step} …", err=True, dim=True))


def encoder_of(spec: "IndexSpec", sidecar: str | None, key: str | None, **others: str | None) -> "Encoder":
    """The models that an index was made with, and `others` in the place of some."""
    stored = {kind: model.name if (model := getattr(spec.models, kind)) else None for kind in _KINDS}
    return open_encoder(sidecar, key, None, **{**stored, **others})


def _wanted(
    cluster: "Cluster", alias: str, to_models: str | None, file: Path | None, sidecar: str | None, key: str | None
) -> "tuple[IndexSpec, Encoder]":
    from outrider.connectors import read_spec_file, require_spec, spec_for_models

    old = require_spec(cluster, alias)
    if file is not None:
        declared = read_spec_file(file)
        named: dict[str, str | None] = {kind: model.name for kind, model in declared.models.items()}
        encoder = open_encoder(sidecar, key, None, **named, **dict.fromkeys(declared.without))
        fresh = spec_for_models(cluster, old, encoder.models)
        return declared.spec(encoder.models, fresh.dense, fresh.sparse), encoder
    encoder = encoder_of(old, sidecar, key, **_named(to_models or ""))
    return spec_for_models(cluster, old, encoder.models), encoder


def _named(given: str) -> dict[str, str | None]:
    from outrider.connectors import BadSpec

    named: dict[str, str | None] = {}
    for part in given.split(","):
        kind, is_given, name = (each.strip() for each in part.partition("="))
        if kind not in _KINDS or not is_given or not name:
            raise BadSpec(f"--to-models {part!r} is not understood; write it like dense=NAME,sparse=NAME")
        named[kind] = None if name == "none" else name
    return named


def _judge(
    cluster: "Cluster",
    queries: Path | None,
    judgements: Path | None,
    most_loss: float,
    encoder: "Encoder",
    open_old: "Callable[[IndexSpec], Encoder]",
) -> Any:
    """Compares old and new on judged queries; None where there are none."""
    if judgements is None:
        return None
    from outrider.connectors import MigrationStopped

    from ..asking import asker_for
    from ..evaluation import evaluate_live, read_judged, ways_of

    judged = read_judged(queries, judgements)

    def judge(old: "IndexSpec", new: "IndexSpec") -> None:
        askers = asker_for(cluster, old, open_old(old)), asker_for(cluster, new, encoder)
        before, after = (
            evaluate_live(ways_of(each, ["fused"]), judged, [_MEASURE]).modes[0].mean(_MEASURE) for each in askers
        )
        typer.secho(f"{_MEASURE}: {before:.4f} in '{old.index}', {after:.4f} in '{new.index}'", err=True)
        if after < before - most_loss:
            raise MigrationStopped(
                f"'{new.index}' answers worse than '{old.index}': {_MEASURE} {after:.4f} after {before:.4f}; the alias "
                f"stays (--most-loss allows more, --finish gives it up)"
            )

    return judge


def print_done(done: "Migration") -> None:
    """What came of it."""
    if done.old == done.new or (done.verification is None and not done.blocked_s):
        typer.echo(f"'{done.alias}' stands for '{done.new}' already")
        return
    if done.verification:
        typer.echo(str(done.verification))
    typer.echo(f"'{done.alias}' stands for '{done.new}' now; writing was blocked for {done.blocked_s:.1f} s")
    typer.echo(f"'{done.old}' is kept: --rollback moves back to it, --finish lets it go")


def _print_finished(alias: str, other: str | None, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"alias": alias, "other": other}))
    elif other is None:
        typer.echo(f"nothing follows '{alias}'")
    else:
        typer.echo(f"'{other}' follows no more; it stays as it is, and DELETE /{other} removes it")
