"""How sparse the embeddings were that an evaluator saw."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from ..util.tensor import as_rows, compute_count_vector


class Sparsity:
    """Counts active dimensions by group of texts ("query", "corpus", or "" where there is one group only)."""

    def __init__(self, *, counts_flops: bool = False) -> None:
        self._counts_flops = counts_flops
        self._rows: dict[str, int] = {}
        self._active: dict[str, Tensor] = {}

    def add(self, group: str, embeddings: Any) -> None:
        """Count one block of embeddings."""
        rows = as_rows(embeddings)
        self._count(group, rows.size(0), compute_count_vector(rows).cpu().double())

    @classmethod
    def joined(cls, parts: Sequence["Sparsity"]) -> "Sparsity":
        """The texts of several counts as those of one."""
        whole = cls(counts_flops=any(part._counts_flops for part in parts))
        for part in parts:
            for group, active in part._active.items():
                whole._count(group, part._rows[group], active)
        return whole

    def _count(self, group: str, rows: int, active: Tensor) -> None:
        self._rows[group] = self._rows.get(group, 0) + rows
        self._active[group] = self._active[group] + active if group in self._active else active

    def metrics(self) -> dict[str, float]:
        """Mean active dimensions and share of zeros for each group."""
        found = {}
        for group, counts in self._active.items():
            mean = float(counts.sum()) / self._rows[group]
            prefix = f"{group}_" if group else ""
            found[f"{prefix}active_dims"] = mean
            found[f"{prefix}sparsity_ratio"] = 1 - mean / counts.numel()
        if self._counts_flops and {"query", "corpus"} <= set(self._active):
            found["avg_flops"] = self._flops()
        return found

    def _flops(self) -> float:
        """Expected multiplications for one query and one document (FLOPS, arXiv:2004.05665)."""
        shares = [self._active[group] / self._rows[group] for group in ("query", "corpus")]
        return float(shares[0] @ shares[1])
