"""What leaves the encoders and may cross into another room."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class SparseVector:
    """Term weights: the ids of the active vocabulary entries, ascending, and their weights, all above 0."""

    ids: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]
    vocabulary: Sequence[str]

    def to_dict(self) -> dict[str, float]:
        """{token: weight}, the heaviest first."""
        return {self.vocabulary[index]: weight for index, weight in self._heaviest_first()}

    def to_id_dict(self) -> dict[int, float]:
        """{vocabulary id: weight}, the heaviest first."""
        return dict(self._heaviest_first())

    def _heaviest_first(self) -> list[tuple[int, float]]:
        order = np.argsort(-self.weights, kind="stable")
        return list(zip(self.ids[order].tolist(), self.weights[order].tolist(), strict=True))
