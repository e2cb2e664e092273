"""Documents into an index, each with its vectors and none lost."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

from .backfill.follower import Follower, Origin
from .batch_writer import BatchWriter
from .chunk_writer import ChunkWriter
from .client import Cluster
from .common.scan import Place
from .counting import refresh
from .dead_letter import DeadLetters
from .documents import ID_KEY, Document, Prepared, Unreadable, prepare
from .errors import BadDocument, ConnectorError, IndexingStopped
from .index import check_models, ensure_index, require_spec
from .native_writer import NativeWriter
from .ports import Encoder
from .report import IndexingReport, Outcome
from .semantic_writer import SemanticWriter
from .spec import IndexSpec

Progress = Callable[[IndexingReport], None]
EncoderFor = Callable[[IndexSpec], Encoder]
Write = Callable[[Sequence[Prepared]], list[Outcome]]


def index_documents(
    cluster: Cluster,
    spec: IndexSpec,
    encoder: Encoder,
    documents: Iterable[Document | Unreadable],
    *,
    dead_letters: Path | None = None,
    on_progress: Progress | None = None,
    on_failure: Callable[[Outcome], None] | None = None,
    batch_size: int = 64,
    batch_bytes: int = 4_000_000,
    workers: int = 3,
    patience_s: float = 60,
    skip_unchanged: bool = True,
    encoder_for: EncoderFor | None = None,
) -> IndexingReport:
    """Encode and store documents, replacing those of the same id; returns what became of them.

    `workers` batches are under way at once, so that encoding and storing overlap and memory stays bounded.
    Where another index follows this one, what is written goes there too, by the encoder that `encoder_for` gives for
    its spec; without one, `outrider migrate` brings it over.
    Running it again is safe: unchanged documents are skipped, and ids come from the documents themselves.
    Raises IndexingStopped, with the counts so far, when the encoder or the cluster stays away for `patience_s`,
    when a failed document cannot be put on record, or on anything that would fail every document alike.
    """
    check_models(spec, encoder.models)
    spec = ensure_index(cluster, spec)
    native = SemanticWriter if spec.endpoints else NativeWriter
    own = ChunkWriter if spec.parent else BatchWriter
    kind = native if spec.way == "native" else own
    writer = kind(cluster, spec, encoder, patience_s=patience_s, skip_unchanged=skip_unchanged)
    followed = _followed(cluster, spec, writer, encoder_for, patience_s)
    run = _Run(spec, followed, on_progress, on_failure)
    letters = DeadLetters(dead_letters) if dead_letters else None
    with letters or nullcontext():
        run.letters = letters
        try:
            run.all(_batches(spec, documents, run, batch_size, batch_bytes), workers)
            refresh(cluster, spec.index)
        except ConnectorError as err:
            raise IndexingStopped(f"stopped: {err} [{run.finish()}]", run.report) from err
    return run.finish()


def _followed(
    cluster: Cluster, spec: IndexSpec, writer: BatchWriter, encoder_for: EncoderFor | None, patience_s: float
) -> Write:
    """What writes a batch: here, and then where another index follows."""
    if spec.follower is None or encoder_for is None:
        return writer.write
    target = require_spec(cluster, spec.follower)
    origin, encoder = Origin(spec.index, spec.own_fields), encoder_for(target)
    check_models(target, encoder.models)

    def write(batch: Sequence[Prepared]) -> list[Outcome]:
        outcomes = writer.write(batch)
        places = [Place(spec.index, each.id, None, 0, 0) for each in outcomes if each.status == "written" and each.id]
        Follower(cluster, origin, target, encoder, patience_s=patience_s).follow(places)
        return outcomes

    return write


class _Run:
    """The counts of a run, and the batches under way. Used by one thread; only `write` works in others."""

    def __init__(
        self,
        spec: IndexSpec,
        write: Write,
        on_progress: Progress | None,
        on_failure: Callable[[Outcome], None] | None,
    ) -> None:
        self.spec = spec
        self.report = IndexingReport()
        self.letters: DeadLetters | None = None
        self._write = write
        self._on_progress = on_progress
        self._on_failure = on_failure
        self._started_s = time.monotonic()

    def all(self, batches: Iterable[list[Prepared]], workers: int) -> None:
        """Write all batches, `workers` at a time; an id is never in two of them at once, so the last one wins."""
        under_way: deque[tuple[frozenset[str], Future[list[Outcome]]]] = deque()
        with ThreadPoolExecutor(workers, thread_name_prefix="outrider-bulk") as pool:
            try:
                for batch in batches:
                    ids = frozenset(document.id for document in batch)
                    while len(under_way) >= workers or any(ids & others for others, _ in under_way):
                        self.record(under_way.popleft()[1].result())
                    under_way.append((ids, pool.submit(self._write, batch)))
            finally:
                # Also after an error: what is under way is stored or not, and is counted as it is.
                self._drain([future for _, future in under_way])

    def _drain(self, futures: list[Future[list[Outcome]]]) -> None:
        errors = []
        for future in futures:
            try:
                self.record(future.result())
            except ConnectorError as err:
                errors.append(err)
        if errors:
            raise errors[0]

    def record(self, outcomes: list[Outcome]) -> None:
        """Count outcomes; a failure counts only once it stands in the dead-letter file."""
        failures = [outcome for outcome in outcomes if outcome.status == "failed"]
        if self.letters:
            self.letters.write(failures)
        for outcome in outcomes:
            self.report.count(outcome)
            if outcome.status == "failed" and self._on_failure:
                self._on_failure(outcome)
        if self._on_progress:
            self._on_progress(self.finish())

    def finish(self) -> IndexingReport:
        self.report.seconds = time.monotonic() - self._started_s
        return self.report


def _batches(
    spec: IndexSpec, documents: Iterable[Document | Unreadable], run: _Run, batch_size: int, batch_bytes: int
) -> Iterator[list[Prepared]]:
    """Batches of documents with different ids, bounded in number and bytes; bad documents are recorded on the way."""
    batch: list[Prepared] = []
    ids: set[str] = set()
    size_bytes = 0
    for document in documents:
        run.report.seen += 1
        prepared = _prepared(spec, document, run)
        if prepared is None:
            continue
        is_full = len(batch) >= batch_size or size_bytes + prepared.size_bytes > batch_bytes
        if batch and (is_full or prepared.id in ids):
            yield batch
            batch, ids, size_bytes = [], set(), 0
        batch.append(prepared)
        ids.add(prepared.id)
        size_bytes += prepared.size_bytes
    if batch:
        yield batch


def _prepared(spec: IndexSpec, document: Document | Unreadable, run: _Run) -> Prepared | None:
    if isinstance(document, Unreadable):
        run.record([Outcome(document.position, None, "failed", document.reason, document=document.line)])
        return None
    try:
        return prepare(spec, document)
    except BadDocument as err:
        run.record([Outcome(document.position, _given_id(spec, document), "failed", str(err), document=document.body)])
        return None


def _given_id(spec: IndexSpec, document: Document) -> str | None:
    value = document.body.get(spec.id_field or ID_KEY)
    return str(value) if isinstance(value, str | int) else None
