"""Token embeddings -> one sentence embedding."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ..renames import keywords
from .module import Features, Module

# The order in which several modes are concatenated, and the configuration key of each.
MODES = {
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "mean": "pooling_mode_mean_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}


class Pooling(Module):
    """Pools by the first token, maximum, mean, mean over sqrt(length), position-weighted mean or last token.

    Several modes are concatenated. `include_prompt=False` leaves the prompt's tokens out.
    """

    config_keys: ClassVar[list[str]] = [
        "word_embedding_dimension",
        "pooling_mode_cls_token",
        "pooling_mode_mean_tokens",
        "pooling_mode_max_tokens",
        "pooling_mode_mean_sqrt_len_tokens",
        "pooling_mode_weightedmean_tokens",
        "pooling_mode_lasttoken",
        "include_prompt",
    ]

    @keywords(newer={"embedding_dimension": "word_embedding_dimension"})
    def __init__(
        self,
        word_embedding_dimension: int,
        pooling_mode: str | list[str] | tuple[str, ...] | None = None,
        pooling_mode_cls_token: bool = False,
        pooling_mode_max_tokens: bool = False,
        pooling_mode_mean_tokens: bool = True,
        pooling_mode_mean_sqrt_len_tokens: bool = False,
        pooling_mode_weightedmean_tokens: bool = False,
        pooling_mode_lasttoken: bool = False,
        include_prompt: bool = True,
    ) -> None:
        super().__init__()
        self.word_embedding_dimension = word_embedding_dimension
        chosen = _named(pooling_mode)
        self.pooling_mode_cls_token = pooling_mode_cls_token if chosen is None else "cls" in chosen
        self.pooling_mode_max_tokens = pooling_mode_max_tokens if chosen is None else "max" in chosen
        self.pooling_mode_mean_tokens = pooling_mode_mean_tokens if chosen is None else "mean" in chosen
        self.pooling_mode_mean_sqrt_len_tokens = (
            pooling_mode_mean_sqrt_len_tokens if chosen is None else "mean_sqrt_len_tokens" in chosen
        )
        self.pooling_mode_weightedmean_tokens = (
            pooling_mode_weightedmean_tokens if chosen is None else "weightedmean" in chosen
        )
        self.pooling_mode_lasttoken = pooling_mode_lasttoken if chosen is None else "lasttoken" in chosen
        self.include_prompt = include_prompt

    @property
    def modes(self) -> list[str]:
        """The active modes, in the order of concatenation."""
        return [mode for mode, key in MODES.items() if getattr(self, key)]

    @property
    def pooling_output_dimension(self) -> int:
        """Dimensions of the sentence embedding."""
        return len(self.modes) * self.word_embedding_dimension

    def get_pooling_mode_str(self) -> str:
        """The active modes, joined by +."""
        return "+".join(mode for mode in _SPOKEN if mode in self.modes)

    def get_sentence_embedding_dimension(self) -> int:
        """Dimensions of the sentence embedding."""
        return self.pooling_output_dimension

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """Add `sentence_embedding`."""
        tokens: Tensor = features["token_embeddings"]
        whole = features.get("attention_mask")
        if whole is None:
            whole = torch.ones(tokens.shape[:-1], device=tokens.device, dtype=torch.int64)
        mask = whole
        if not self.include_prompt and "prompt_length" in features:
            mask = _without_prompt(whole, features["prompt_length"])
        given = _Tokens(tokens, mask, whole, features.get("token_weights_sum"))
        pooled = [_POOL[mode](given) for mode in self.modes]
        features["sentence_embedding"] = torch.cat(pooled, dim=-1)
        return features

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Write the configuration."""
        self.save_config(output_path)

    def __repr__(self) -> str:
        return f"Pooling({self.get_config_dict()})"


_SPOKEN = ("cls", "mean", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")


def _named(pooling_mode: str | list[str] | tuple[str, ...] | None) -> list[str] | None:
    if pooling_mode is None:
        return None
    modes = [pooling_mode] if isinstance(pooling_mode, str) else list(pooling_mode)
    modes = [mode.lower() for mode in modes]
    for mode in modes:
        if mode not in MODES:
            raise ValueError(f"pooling mode {mode!r} is not known; use one or several of {', '.join(sorted(MODES))}")
    return modes


def _without_prompt(mask: Tensor, prompt_length: int | Tensor) -> Tensor:
    length = int(prompt_length[0] if isinstance(prompt_length, Tensor) and prompt_length.dim() else prompt_length)
    return mask * (mask.cumsum(dim=1) > length)


@dataclass(frozen=True)
class _Tokens:
    """What is pooled: `mask` without the prompt where it does not count, `whole` always with it."""

    embeddings: Tensor
    mask: Tensor
    whole: Tensor
    # The weights that the tokens were multiplied by, summed; None where they were not.
    weights_sum: Tensor | None

    def weighted_sum(self, weights: Tensor) -> Tensor:
        return (self.embeddings * weights.unsqueeze(-1).to(self.embeddings.dtype)).sum(dim=1)

    def total(self, weights: Tensor) -> Tensor:
        total = weights.sum(dim=1) if self.weights_sum is None else self.weights_sum
        return total.unsqueeze(-1).to(self.embeddings.dtype).clamp(min=1e-9)

    def rows(self, positions: Tensor) -> Tensor:
        return self.embeddings[torch.arange(len(self.embeddings), device=self.embeddings.device), positions]


def _first(tokens: _Tokens) -> Tensor:
    return tokens.rows(tokens.whole.argmax(dim=1))


def _last(tokens: _Tokens) -> Tensor:
    positions = torch.arange(1, tokens.mask.size(1) + 1, device=tokens.mask.device)
    last = tokens.rows((tokens.mask * positions).argmax(dim=1))
    return last * tokens.mask.any(dim=1, keepdim=True).to(last.dtype)


def _max(tokens: _Tokens) -> Tensor:
    lowest = -1e9 if tokens.embeddings.dtype != torch.float16 else torch.finfo(torch.float16).min
    return tokens.embeddings.masked_fill(tokens.mask.unsqueeze(-1) == 0, lowest).max(dim=1).values


def _mean(tokens: _Tokens) -> Tensor:
    return tokens.weighted_sum(tokens.mask) / tokens.total(tokens.mask)


def _mean_sqrt(tokens: _Tokens) -> Tensor:
    return tokens.weighted_sum(tokens.mask) / tokens.total(tokens.mask).sqrt()


def _weighted_mean(tokens: _Tokens) -> Tensor:
    weights = tokens.whole.cumsum(dim=1) * tokens.mask
    return tokens.weighted_sum(weights) / tokens.total(weights)


_POOL = {
    "cls": _first,
    "max": _max,
    "mean": _mean,
    "mean_sqrt_len_tokens": _mean_sqrt,
    "weightedmean": _weighted_mean,
    "lasttoken": _last,
}
