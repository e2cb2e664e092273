"""A served model: text in, vectors, term weights or scores out. Needs neither torch nor transformers."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import EncoderError, NotAModel
from ..types import SparseVector
from . import loss, rows
from .description import Kind, ModelDescription
from .executor import Executor, pad
from .late import LateChunks
from .loss import PrecisionLoss
from .plan import plan_batches, restore_order, slices
from .query_table import QueryTable
from .tokenizer import ChunkedText, RefusedText, Text, Token, TokenizedText, Tokenizer

# Texts that are tokenised and planned together: enough to find texts of like length, few enough to start soon.
_SLICE = 1024

log = logging.getLogger(__name__)

Row = npt.NDArray[np.float32] | SparseVector | float
_Way = Callable[[Sequence[TokenizedText]], Sequence[Row]]


@dataclass(frozen=True, slots=True)
class EncodedText:
    """What the model made of one text, and whether it read all of it."""

    row: Any
    truncated: bool


class TextRefused(EncoderError, ValueError):
    """A text that the model cannot take."""


class Model:
    """One model, ready to run. `tokenize` and `run` are separate, so that batches can be formed across requests."""

    def __init__(
        self,
        name: str,
        description: ModelDescription,
        digest: str,
        executor: Executor,
        limit: int,
        late: LateChunks | None = None,
    ) -> None:
        self.name = name
        self.kind: Kind = description.kind
        self.fingerprint = digest
        self.max_tokens = limit
        self.similarity = description.similarity or ("dot" if description.kind == "sparse" else "cosine")
        self._description = description
        self._executor = executor
        self._late = late
        self._tokenizer = Tokenizer(description, limit, special_tokens=not description.is_static)
        self._vocabulary = self._tokenizer.vocabulary if description.kind == "sparse" else []
        table = description.query_table
        self._query_table = QueryTable(description, table, limit) if table else None
        self.truncated_texts = 0
        """How many of the texts given so far were cut at `max_tokens`."""
        self.loss: PrecisionLoss | None = None
        """How far rows are from exact ones, where that was measured: for int8."""
        self.dimension: int | None = self._measure_dimension()

    @property
    def executor(self) -> str:
        """What runs the model, and why; for int8 also what that costs."""
        return self._executor.name + (f"; {self.loss}" if self.loss else "")

    @property
    def num_labels(self) -> int:
        """How many scores a pair gets; 1 for a reranker."""
        return self._description.num_labels

    @property
    def activation(self) -> str:
        """What scores went through: Sigmoid, or Identity where they are logits."""
        return self._description.activation

    def tokenize(self, inputs: Sequence[Text], task: str | None = None) -> list[TokenizedText | RefusedText]:
        """One result for each text or pair, in order; `task` ("query" or "document") chooses the prompt."""
        prompt = self._description.prompt(task)
        if task == "query" and self._query_table:
            return self._query_table.tokenize(inputs, prompt)
        return self._tokenizer.tokenize(inputs, prompt)

    def spell(self, text: str, add_special_tokens: bool = True) -> list[Token]:
        """The tokens of a text as it stands, cut where the model cuts."""
        return self._tokenizer.spell(text, add_special_tokens)

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Where each token of a text stands in it, also beyond what the model reads. Raises UnicodeEncodeError."""
        return self._tokenizer.spans(text)

    @property
    def room(self) -> int:
        """How many tokens of a document the model reads, beside the special ones and the prompt's."""
        return self._tokenizer.room(self._description.prompt("document"))

    def run(self, batch: Sequence[TokenizedText]) -> list[Row]:
        """One forward over these texts, padded to the longest: one row a text. Queries with a table are looked up.

        A text in chunks has a row of (chunks, dimension); those of a batch are a forward of their own.
        """
        groups: dict[_Way, list[TokenizedText]] = {}
        for text in batch:
            groups.setdefault(self._way(text), []).append(text)
        made = {way: iter(way(texts)) for way, texts in groups.items()}
        return [next(made[self._way(text)]) for text in batch]

    def _way(self, text: TokenizedText) -> _Way:
        if text.is_lookup and self._query_table:
            return self._look_up
        return self._late.run if text.chunks and self._late else self._run

    def _look_up(self, batch: Sequence[TokenizedText]) -> list[Row]:
        return [self._query_table.look_up(text) for text in batch] if self._query_table else []

    def _run(self, batch: Sequence[TokenizedText]) -> list[Row]:
        padded = pad(batch)
        output = self._executor.run(padded)
        if self.kind == "dense":
            return list(rows.vectors(output, padded, self._description))
        if self.kind == "sparse":
            return list(rows.term_weights(output, padded, self._vocabulary))
        scored = rows.scores(output, self._description.activation)
        return list(scored) if scored.ndim == 2 else [float(score) for score in scored]

    def encode_query(self, texts: Sequence[str]) -> Any:
        """Like encode_document, with the prompt for queries."""
        return self._encode(texts, "query")

    def encode_document(self, texts: Sequence[str]) -> Any:
        """Dense: float32 (texts, dimension). Sparse: a list of SparseVector. Raises TextRefused for a bad text."""
        return self._encode(texts, "document")

    def encode_each(self, inputs: Sequence[Text], task: str | None = None) -> list[EncodedText | RefusedText]:
        """One result for each text or pair, in order: a bad one is refused alone."""
        results: list[EncodedText | RefusedText] = []
        for part in slices(len(inputs), _SLICE):
            tokenized = self.tokenize(inputs[part], task)
            rows = iter(self._run_planned([text for text in tokenized if not isinstance(text, RefusedText)]))
            results += [
                text if isinstance(text, RefusedText) else EncodedText(next(rows), text.truncated) for text in tokenized
            ]
        self._count_cut(sum(not isinstance(each, RefusedText) and each.truncated for each in results), len(inputs))
        return results

    def encode_chunks(self, texts: Sequence[ChunkedText]) -> list[npt.NDArray[np.float32]]:
        """float32 (chunks, dimension) for each text: late chunking. Raises NotAModel where the model cannot."""
        self.check_late_chunks()
        return self._rows(texts, "document")

    def check_late_chunks(self) -> None:
        """Raises NotAModel where `encode_chunks` would."""
        if self._late is None:
            raise NotAModel(f"{self.name!r} is a {self.kind} model, and only dense ones chunk late")
        self._late.check()

    def rank(self, query: str, documents: Sequence[str]) -> npt.NDArray[np.float32]:
        """One score a document, in the order given; higher is more relevant."""
        if self.kind != "rerank":
            raise EncoderError(f"{self.name!r} is a {self.kind} model and cannot rank; open a cross-encoder")
        return np.asarray(self._rows([(query, document) for document in documents], None), dtype=np.float32)

    def warm_up(self) -> None:
        """Run a real batch, so that the first request pays for nothing but itself."""
        text = "a text to warm up with"
        self._rows([(text, text)] * 2 if self.kind == "rerank" else [text] * 2, None)

    def close(self) -> None:
        """Free the memory."""
        self._executor.close()
        if self._late:
            self._late.close()

    def _encode(self, texts: Sequence[str], task: str) -> Any:
        if self.kind == "rerank":
            raise EncoderError(f"{self.name!r} is a cross-encoder and has no vectors; call rank, or open another model")
        encoded = self._rows(texts, task)
        if self.kind == "sparse":
            return encoded
        return np.stack(encoded) if encoded else np.empty((0, self.dimension or 0), dtype=np.float32)

    def _rows(self, inputs: Sequence[Text], task: str | None) -> list[Any]:
        """One row an input. Raises TextRefused before the slice with a bad text is run."""
        rows: list[Any] = []
        cut = 0
        for part in slices(len(inputs), _SLICE):
            tokenized = self._accepted(inputs, part, task)
            rows += self._run_planned(tokenized)
            cut += sum(text.truncated for text in tokenized)
        self._count_cut(cut, len(inputs))
        return rows

    def _run_planned(self, tokenized: Sequence[TokenizedText]) -> list[Row]:
        batches = plan_batches([text.length for text in tokenized], self._executor.budget)
        return restore_order(batches, (self.run([tokenized[i] for i in batch.indices]) for batch in batches))

    def _count_cut(self, cut: int, count: int) -> None:
        if cut:
            self.truncated_texts += cut
            log.info("%s: %d of %d texts were cut at %d tokens", self.name, cut, count, self.max_tokens)

    def _accepted(self, inputs: Sequence[Text], part: slice, task: str | None) -> list[TokenizedText]:
        tokenized = []
        for index, text in enumerate(self.tokenize(inputs[part], task), part.start):
            if isinstance(text, RefusedText):
                raise TextRefused(f"text {index}: {text.reason}")
            tokenized.append(text)
        return tokenized

    def measure_loss(self, exact: "Model") -> PrecisionLoss:
        """How far this model's rows are from those of the same model in float32."""
        if self.kind == "rerank":
            pairs = [(loss.QUERY, text) for text in loss.TEXTS]
            given = self._accepted(pairs, slice(0, len(pairs)), None)
            return loss.loss_of_scores(self.run(given), exact.run(given))
        given = self._accepted(loss.TEXTS, slice(0, len(loss.TEXTS)), "document")
        ours, theirs = ([self._numbers(row) for row in model.run(given)] for model in (self, exact))
        return loss.loss_of_vectors(ours, theirs)

    def _numbers(self, row: Any) -> npt.NDArray[np.float32]:
        if not isinstance(row, SparseVector):
            return np.asarray(row)
        numbers = np.zeros(len(self._vocabulary), dtype=np.float32)
        numbers[row.ids] = row.weights
        return numbers

    def _measure_dimension(self) -> int | None:
        if self.kind == "sparse":
            return len(self._vocabulary)
        return len(self._encode(["dimension"], "document")[0]) if self.kind == "dense" else None
