"""All documents of an index, page by page, in slices that run side by side."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..client import Cluster
from ..counting import count, refresh
from ..dead_letter import DeadLetters
from ..errors import ConnectorError, IndexingStopped
from ..index import check_models, ensure_index
from ..ports import Encoder
from ..report import IndexingReport, Outcome
from ..spec import IndexSpec
from .checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from .compare import only_in
from .follower import DELETED, Follower, Origin
from .slices import PageDone, Slice, work
from .snapshot import Snapshot, close_snapshot, is_open, open_snapshot
from .target import make_target

_COUNTED = ("seen", "written", "skipped", "failed", "blank", "truncated", "deleted")
Progress = Callable[[IndexingReport, int], None]
Spread = Callable[[Sequence[Slice]], Iterable[PageDone]]


def backfill(
    cluster: Cluster,
    spec: IndexSpec,
    encoder: Encoder,
    *,
    checkpoint: Path,
    dead_letters: Path | None = None,
    on_progress: Progress | None = None,
    origin: Origin | None = None,
    delete: bool = False,
    workers: int = 4,
    batch_size: int = 64,
    rate: float | None = None,
    patience_s: float = 60,
    slices: int | None = None,
    spread: Spread | None = None,
) -> IndexingReport:
    """Encode the documents of an index that lack vectors of these models, and write them back with their vectors.

    With an `origin`, the documents are read from there, and the index of the spec gets those that it does not have as
    they are there; one that cannot be encoded is stored without vectors, and counted and recorded as failed. What the
    index has and the origin has not is counted at the end, or deleted with `delete`.

    What is read is the index as it was at the start. A document that an application changes or deletes meanwhile stays
    as the application left it, and is encoded as such. `workers` pages are under way at once, `rate` is the most
    documents a second. After a kill, the same call goes on from the checkpoint; without one, what is done is skipped.
    `on_progress` gets the counts and the number of documents in all. `spread` does the slices elsewhere than in threads
    here; `slices` is then how many there are.
    Raises IndexingStopped, with the counts so far, when the encoder or the cluster stays away for `patience_s`.
    """
    check_models(spec, encoder.models)
    spec = make_target(cluster, origin, spec) if origin else ensure_index(cluster, spec)
    source = origin.index if origin else spec.index
    state = _resumed(cluster, source, spec, checkpoint) or _started(
        cluster, source, spec, checkpoint, slices or workers
    )
    parts = _open_slices(state, spec, origin, batch_size, patience_s)
    run = _Run(state, checkpoint, on_progress, rate)
    letters = DeadLetters(dead_letters) if dead_letters else None
    with letters or nullcontext():
        run.letters = letters
        try:
            if spread is None:
                run.here(cluster, encoder, parts)
            else:
                run.elsewhere(spread(parts))
            if origin is not None:
                run.compare(cluster, Follower(cluster, origin, spec, encoder, patience_s=patience_s), delete=delete)
            refresh(cluster, spec.index)
        except ConnectorError as err:
            raise IndexingStopped(
                f"stopped: {err} [{run.report}]; the same command goes on from there", run.report
            ) from err
    close_snapshot(cluster, state.pit)
    checkpoint.unlink(missing_ok=True)
    return run.report


@dataclass(slots=True)
class _Run:
    """The counts and the checkpoint have one owner, `record`; slices only hand it their outcomes."""

    state: Checkpoint
    path: Path
    on_progress: Progress | None
    rate: float | None
    letters: DeadLetters | None = None
    report: IndexingReport = field(default_factory=IndexingReport)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _started_s: float = field(default_factory=time.monotonic)
    _already: int = 0

    def __post_init__(self) -> None:
        for name in _COUNTED:
            setattr(self.report, name, self.state.counts.get(name, 0))
        self._already = self.report.seen

    def here(self, cluster: Cluster, encoder: Encoder, parts: Sequence[Slice]) -> None:
        """Each slice in a thread."""
        with ThreadPoolExecutor(max(1, len(parts)), thread_name_prefix="outrider-backfill") as pool:
            for done in [pool.submit(self._slice, cluster, encoder, part) for part in parts]:
                done.result()

    def elsewhere(self, pages: Iterable[PageDone]) -> None:
        """Take in what others have done."""
        for page in pages:
            self._record(page)

    def compare(self, cluster: Cluster, follower: Follower, *, delete: bool) -> None:
        """What the index has that the origin has not, or no longer."""
        self.report.surplus = 0
        for page in only_in(cluster, follower.index, follower.origin.index):
            if delete:
                self._count_deleted(follower.follow(page, self.report.seen + 1))
            else:
                self.report.surplus += len(page)

    def _count_deleted(self, outcomes: list[Outcome]) -> None:
        """One that is in the origin again by now is brought over, and is an outcome like any other."""
        gone = [outcome for outcome in outcomes if outcome.note == DELETED]
        self.report.deleted += sum(outcome.status == "written" for outcome in gone)
        self._count([outcome for outcome in outcomes if outcome.note != DELETED])
        self._save()

    def _slice(self, cluster: Cluster, encoder: Encoder, part: Slice) -> None:
        try:
            for page in work(cluster, encoder, part):
                self._record(page)
                if self._stopped.is_set():
                    return
                self._pace()
        except BaseException:
            self._stopped.set()  # the others end after their page, which is on record then
            raise

    def _record(self, page: PageDone) -> None:
        """Failures on record first, then the counts and how far the slice has come, in one file."""
        with self._lock:
            first = self.report.seen + 1
            self._count([replace(each, position=n) for n, each in enumerate(page.outcomes, start=first)])
            self.state.after[page.slice] = page.after
            self.state.finished[page.slice] = page.after is None
            self._save()
            if self.on_progress:
                self.on_progress(self.report, self.state.total)

    def _count(self, outcomes: list[Outcome]) -> None:
        if self.letters:
            self.letters.write([outcome for outcome in outcomes if outcome.status == "failed"])
        for outcome in outcomes:
            self.report.seen += 1
            self.report.count(outcome)

    def _save(self) -> None:
        self.report.seconds = time.monotonic() - self._started_s
        self.state.counts = {name: getattr(self.report, name) for name in _COUNTED}
        write_checkpoint(self.path, self.state)

    def _pace(self) -> None:
        if self.rate:
            due_s = (self.report.seen - self._already) / self.rate
            self._stopped.wait(max(0.0, due_s - (time.monotonic() - self._started_s)))


def _open_slices(
    state: Checkpoint, spec: IndexSpec, origin: Origin | None, batch_size: int, patience_s: float
) -> list[Slice]:
    snapshot, of = Snapshot(state.pit, state.sort), len(state.after)
    return [
        Slice(spec, origin, snapshot, number, of, state.after[number], batch_size, patience_s)
        for number, done in enumerate(state.finished)
        if not done
    ]


def _started(cluster: Cluster, source: str, spec: IndexSpec, path: Path, slices: int) -> Checkpoint:
    snapshot = open_snapshot(cluster, source)
    total = count(cluster, source)
    started = _about(source, spec)
    state = replace(
        started, pit=snapshot.id, sort=snapshot.sort, after=[None] * slices, finished=[False] * slices, total=total
    )
    write_checkpoint(path, state)
    return state


def _resumed(cluster: Cluster, source: str, spec: IndexSpec, path: Path) -> Checkpoint | None:
    """What an earlier run left, if it was about the same work and the cluster still has its snapshot."""
    found = read_checkpoint(path)
    if found is None or not found.is_for(_about(source, spec)):
        return None
    return found if is_open(cluster, Snapshot(found.pit, found.sort)) else None


def _about(source: str, spec: IndexSpec) -> Checkpoint:
    """The work, before any of it is done."""
    name = spec.index if source == spec.index else f"{source} > {spec.index}"
    return Checkpoint(name, spec.fingerprints(), list(spec.text_fields), "", "", [], [], 0)
