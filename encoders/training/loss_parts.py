"""A loss of several parts: each is logged beside their sum."""

from typing import Any

import torch

_LOGGED = (("train", "loss", ""), ("eval", "eval_loss", "eval_"))


class LossParts:
    """Sums of the parts since the last log, in training and in evaluation."""

    def __init__(self) -> None:
        self._sums: dict[str, dict[str, float]] = {}

    def add(self, mode: str, parts: dict[str, Any]) -> None:
        """One batch's parts."""
        sums = self._sums.setdefault(mode, {"steps": 0})
        sums["steps"] += 1
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + float(value.detach())

    def means(self, logs: dict[str, float], accelerator: Any) -> dict[str, float]:
        """The means over all processes that belong to this log, which begin anew after it."""
        found: dict[str, float] = {}
        for mode, key, prefix in _LOGGED:
            if key not in logs or mode not in self._sums:
                continue
            sums = self._sums.pop(mode)
            names = sorted(sums)
            total = accelerator.reduce(torch.tensor([sums[name] for name in names], device=accelerator.device))
            values = dict(zip(names, total.tolist(), strict=True))
            steps = values.pop("steps")
            found |= {f"{prefix}{name}": value / steps for name, value in values.items()}
        return found
