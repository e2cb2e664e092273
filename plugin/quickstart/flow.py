"""The quickstart from start to end: engine, sidecar, documents, questions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from outrider.connectors import (
    MODES,
    Answer,
    Cluster,
    Document,
    Encoder,
    IndexingReport,
    IndexSpec,
    Mode,
    Unreadable,
    connect,
    index_documents,
    read_jsonl,
    register,
    spec_for,
)

from ..asking import Asker, asker_for
from ..client import SidecarClient
from ..launcher import Engine, Step, engine_root
from .corpus import passages
from .sidecar import running_sidecar

INDEX = "outrider-quickstart"
QUESTIONS = (
    "how do I wrap a long line of text",
    "remove a directory and everything in it",
    "run another program and read what it prints",
    "keep only the most recently used results of a slow function",
    "which day of the week is a date",
)

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What the command line may change."""

    engine_url: str | None = None
    documents: Path | None = None
    text_fields: tuple[str, ...] = ("title", "body")
    index: str = INDEX
    flavor: str = "plain"
    engine_port: int = 0
    sidecar_port: int = 0


@dataclass
class Quickstart:
    """What runs, and what can be asked."""

    engine_url: str
    sidecar_url: str
    spec: IndexSpec
    report: IndexingReport
    asker: Asker = field(repr=False)

    def ask(self, question: str, size: int = 3) -> Mapping[Mode, Answer]:
        """One question in every mode, each on its own so that its timings are its own."""
        return {mode: self.asker.search(question, mode, size) for mode in MODES}


@contextmanager
def running(
    options: Options,
    tell: Tell,
    on_step: Callable[[Step], None],
    on_progress: Callable[[IndexingReport, int | None], None],
) -> Iterator[Quickstart]:
    """Start everything, index, and yield what runs; everything that was started ends with the block."""
    with ExitStack() as stack:
        engine_url = options.engine_url or stack.enter_context(_engine(options, on_step)).url
        tell(f"engine ready at {engine_url}")
        sidecar_url = stack.enter_context(running_sidecar(options.sidecar_port))
        encoder = stack.enter_context(SidecarClient(sidecar_url))
        tell(f"sidecar ready at {sidecar_url}")
        cluster = connect(engine_url)
        stack.callback(cluster.close)
        spec = spec_for(cluster, options.index, options.text_fields, encoder.models)
        if options.flavor == "ml" and not options.engine_url:
            spec = register(cluster, spec, sidecar_url)
        report = _index(cluster, spec, encoder, options.documents, on_progress)
        tell(f"documents: {report}, in {report.seconds:.1f} s")
        yield Quickstart(engine_url, sidecar_url, spec, report, asker_for(cluster, spec, encoder))


def _engine(options: Options, on_step: Callable[[Step], None]) -> Engine:
    # Kept between runs, so that a second start finds its documents. The native way is kept nowhere: its connectors
    # name the sidecar's port, which is another one next time.
    keep = options.flavor == "plain"
    data = engine_root(None, lambda _: None) / f"quickstart-{options.flavor}" / "data" if keep else None
    return Engine(options.flavor, port=options.engine_port, data=data, report=on_step)


def _index(
    cluster: Cluster,
    spec: IndexSpec,
    encoder: Encoder,
    file: Path | None,
    on_progress: Callable[[IndexingReport, int | None], None],
) -> IndexingReport:
    documents: Sequence[Document | Unreadable] = list(read_jsonl(file) if file else _corpus())
    return index_documents(
        cluster,
        spec,
        encoder,
        documents,
        dead_letters=Path(f"{spec.index}.failed.jsonl") if file else None,
        on_progress=lambda report: on_progress(report, len(documents)),
    )


def _corpus() -> Iterator[Document]:
    for position, body in enumerate(passages(), start=1):
        yield Document(position, body)


def as_dict(question: str, answers: Mapping[Mode, Answer]) -> dict[str, Any]:
    """The answers as JSON."""
    return {
        "question": question,
        "answers": {
            mode: {
                "ms": round(sum(answer.timings_ms.values()), 1),
                "results": [{"id": r.id, "score": r.score, "source": dict(r.source)} for r in answer.results],
            }
            for mode, answer in answers.items()
        },
    }
