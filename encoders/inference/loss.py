"""What int8 costs: its rows beside those of the exact graph, on a few texts, measured once and kept with the graph."""

import contextlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

TEXTS = (
    "a short question",
    "how do birds fly",
    "Returns the number of bytes written, or -1 if the file could not be opened.",
    "The committee will meet again on Thursday, 14 March, to vote on the amended budget.",
    "error: connection reset by peer (errno 104) while reading the response header from upstream",
    "Wireless noise-cancelling headphones, 30 hours of battery life, foldable, black",
    "La bibliothèque est ouverte tous les jours sauf le lundi.",
    "SELECT name, COUNT(*) FROM orders GROUP BY name HAVING COUNT(*) > 10;",
    "Patients were randomised to receive either the drug or a placebo for twelve weeks; the primary endpoint was "
    "survival without relapse, which did not differ between the two groups.",
    "She closed the door quietly behind her, and for a while nothing could be heard but the rain on the roof. " * 3,
    "The engine reads its settings once at the start. Each setting can also be given as an environment variable, whose "
    "name is the setting's in capitals. What is given on the command line wins over both. " * 4,
    "1. Preheat the oven to 180 degrees. 2. Mix flour, sugar and butter. 3. Add the eggs one by one. 4. Bake for "
    "forty minutes, and let it cool before you cut it. " * 5,
)
QUERY = "how is the oven used in the recipe"


@dataclass(frozen=True)
class PrecisionLoss:
    """How far rows are from exact ones: cosines of vectors and term weights, differences of scores."""

    measure: str
    mean: float
    worst: float
    texts: int

    @property
    def numbers(self) -> str:
        """Mean and worst, in words."""
        worst = "least" if self.measure == "cosine" else "largest"
        return f"mean {self.mean:.4f}, {worst} {self.worst:.4f}"

    def __str__(self) -> str:
        return f"{self.measure} to exact: {self.numbers} over {self.texts} texts"


def read_loss(path: Path) -> PrecisionLoss | None:
    """The loss that was written to `path`; None if there is none that can be read."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        return PrecisionLoss(**json.loads(path.read_text(encoding="utf-8")))
    return None


def kept_loss(path: Path, measure: Callable[[], PrecisionLoss]) -> PrecisionLoss:
    """The loss that was written to `path`, or the one measured now, which is written there for the next start."""
    if (kept := read_loss(path)) is not None:
        return kept
    loss = measure()
    # A cache on a full or read-only disk costs a second at the next start, and nothing else.
    with contextlib.suppress(OSError):
        path.write_text(json.dumps(asdict(loss)), encoding="utf-8")
    return loss


def loss_of_vectors(rows: Sequence[Any], exact: Sequence[Any]) -> PrecisionLoss:
    """By cosine; rows of zeros in both are equal."""
    cosines = [_cosine(np.asarray(one), np.asarray(other)) for one, other in zip(rows, exact, strict=True)]
    return PrecisionLoss("cosine", float(np.mean(cosines)), float(np.min(cosines)), len(cosines))


def loss_of_scores(scores: Sequence[Any], exact: Sequence[Any]) -> PrecisionLoss:
    """By absolute difference."""
    differences = np.abs(np.asarray(scores) - np.asarray(exact))
    return PrecisionLoss("difference", float(differences.mean()), float(differences.max()), len(scores))


def _cosine(one: Any, other: Any) -> float:
    lengths = math.sqrt(float(one @ one) * float(other @ other))
    return float(one @ other) / lengths if lengths else float(not one.any() and not other.any())
