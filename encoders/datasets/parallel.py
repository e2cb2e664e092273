"""Translations with the teacher's embedding of their source sentence."""

import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from torch.utils.data import Dataset

from ..readers.example import InputExample, example
from ..readers.lines import open_text
from ..renames import warn_renamed
from ..training.errors import TrainingError


class ParallelSentencesDataset(Dataset[InputExample]):
    """Rows of (sentence in any language, embedding of its first-column sentence), drawn from several sources."""

    def __init__(
        self, student_model: Any, teacher_model: Any, batch_size: int = 8, use_embedding_cache: bool = True
    ) -> None:
        warn_renamed("datasets", type(self).__name__, "datasets.Dataset with a column of embeddings")
        self.student_model, self.teacher_model = student_model, teacher_model
        self.batch_size, self.use_embedding_cache = batch_size, use_embedding_cache
        self.datasets: list[list[tuple[str, list[str]]]] = []
        self.dataset_indices: list[int] = []
        self._next_row: list[int] = []
        self._ready: list[InputExample] = []
        self._embeddings: dict[str, Any] = {}
        self.num_sentences = 0

    def load_data(
        self,
        filepath: str,
        weight: int = 100,
        max_sentences: int | None = None,
        max_sentence_length: int | None = 128,
    ) -> None:
        """Add a file: one sentence a line, its translations after tabs."""
        with open_text(Path(filepath)) as file:
            lines = [line.strip().split("\t") for line in file]
        self.add_dataset(lines, weight, max_sentences, max_sentence_length)

    def add_dataset(
        self,
        parallel_sentences: Iterable[Sequence[str]],
        weight: int = 100,
        max_sentences: int | None = None,
        max_sentence_length: int | None = 128,
    ) -> None:
        """Add lists of a sentence and its translations; lines with a longer sentence are left out."""
        groups: dict[str, dict[str, None]] = {}
        for sentences in parallel_sentences:
            if max_sentence_length and max(len(one) for one in sentences) > max_sentence_length:
                continue
            groups.setdefault(sentences[0], {}).update(dict.fromkeys(sentences))
            if max_sentences and len(groups) >= max_sentences:
                break
        if not groups:
            return
        self.num_sentences += sum(len(group) for group in groups.values())
        self.dataset_indices += [len(self.datasets)] * weight
        self.datasets.append([(source, list(group)) for source, group in groups.items()])
        self._next_row.append(0)

    def _draw(self) -> None:
        rows = [self._row(index) for index in self.dataset_indices]
        embeddings = self._embedded([source for source, _ in rows])
        for (_, targets), embedding in zip(rows, embeddings, strict=True):
            self._ready += [example([target], embedding) for target in targets]
        random.shuffle(self._ready)

    def _row(self, index: int) -> tuple[str, list[str]]:
        rows, place = self.datasets[index], self._next_row[index]
        chosen = rows[place]
        self._next_row[index] = (place + 1) % len(rows)
        if place + 1 == len(rows):
            random.shuffle(rows)
        return chosen

    def _embedded(self, sentences: list[str]) -> list[Any]:
        known = self._embeddings if self.use_embedding_cache else {}
        missing = [one for one in dict.fromkeys(sentences) if one not in known]
        if missing:
            rows = self.teacher_model.encode(
                missing, batch_size=self.batch_size, show_progress_bar=False, convert_to_numpy=True
            )
            known.update(zip(missing, rows, strict=True))
        return [known[one] for one in sentences]

    def __len__(self) -> int:
        return self.num_sentences

    def __getitem__(self, idx: int) -> InputExample:
        if not self.datasets:
            raise TrainingError("ParallelSentencesDataset is empty; fill it with load_data() or add_dataset()")
        if not self._ready:
            self._draw()
        return self._ready.pop()
