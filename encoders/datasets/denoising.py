"""Sentences and noisy copies of them, for the denoising auto-encoder (TSDAE)."""

import random
import re
from collections.abc import Callable, Sequence

from torch.utils.data import Dataset

from ..readers.example import InputExample, example
from ..renames import warn_renamed


class DenoisingAutoEncoderDataset(Dataset[InputExample]):
    """Each row is (noisy sentence, sentence); the noise is drawn anew at every access."""

    def __init__(self, sentences: Sequence[str], noise_fn: Callable[[str], str] | None = None) -> None:
        warn_renamed("datasets", type(self).__name__, "datasets.Dataset.map")
        self.sentences = sentences
        self.noise_fn = noise_fn or self.delete

    def __getitem__(self, item: int) -> InputExample:
        sentence = self.sentences[item]
        return example([self.noise_fn(sentence), sentence])

    def __len__(self) -> int:
        return len(self.sentences)

    @staticmethod
    def delete(text: str, del_ratio: float = 0.6) -> str:
        """The text without that share of its words, of which at least one stays."""
        words = re.findall(r"\w+|[^\w\s]", text)
        if not words:
            return text
        kept = [word for word in words if random.random() > del_ratio]
        return " ".join(kept or [random.choice(words)])
