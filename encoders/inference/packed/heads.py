"""What is read at the end of a packed batch: pooled vectors, or vocabulary weights."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from ...errors import NotAModel
from .tokens import PackedTokens

# Logits that stand in memory at once: the vocabulary is multiplied in slices of so many by the batch's tokens.
_LOGITS = 1 << 24
POOLINGS = ("cls", "mean", "max", "mean_sqrt_len", "weightedmean", "lasttoken")


def pooled(hidden: Tensor, tokens: PackedTokens, modes: Sequence[str]) -> Tensor:
    """float32 (texts, width for each mode)."""
    return torch.cat([_pool(mode, hidden.float(), tokens) for mode in modes], dim=-1)


def _pool(mode: str, hidden: Tensor, tokens: PackedTokens) -> Tensor:
    if mode == "cls":
        return hidden[tokens.first] if len(hidden) == len(tokens.ids) else hidden
    if mode == "lasttoken":
        return hidden[tokens.last]
    if mode == "max":
        return torch.segment_reduce(hidden, "max", lengths=tokens.counts, axis=0)
    if mode == "weightedmean":
        weights = (tokens.places + 1).to(hidden.dtype).unsqueeze(-1)
        totals = tokens.counts * (tokens.counts + 1) / 2
        return torch.segment_reduce(hidden * weights, "sum", lengths=tokens.counts, axis=0) / totals.unsqueeze(-1)
    if mode in {"mean", "mean_sqrt_len"}:
        summed = torch.segment_reduce(hidden, "sum", lengths=tokens.counts, axis=0)
        counts = tokens.counts.to(hidden.dtype).unsqueeze(-1)
        return summed / (counts if mode == "mean" else counts.sqrt())
    raise NotAModel(f"pooling {mode!r} is not known; known are {', '.join(POOLINGS)}")


def splade(hidden: Tensor, decoder: Tensor, bias: Tensor | None, tokens: PackedTokens, activation: str) -> Tensor:
    """float32 (texts, terms): log(1 + relu(max over tokens of the logits)), SPLADE-max, Formal et al. 2021, equation 6.

    The logarithm and relu are monotone and the bias is the same for all tokens, so the maximum is taken first. The
    vocabulary is multiplied slice by slice: the logits of all tokens never stand in memory at once.
    """
    largest_of = largest_by_length if hidden.is_cpu else largest_by_kernel
    step = max(1, _LOGITS // len(hidden))
    largest = torch.empty(len(tokens.lengths), len(decoder), dtype=torch.float32, device=hidden.device)
    for start in range(0, len(decoder), step):
        logits = functional.linear(hidden, decoder[start : start + step])
        largest[:, start : start + step] = largest_of(logits, tokens)
    if bias is not None:
        largest += bias
    weights = largest.relu_().log1p_()
    return weights.log1p_() if activation == "log1p_relu" else weights


def largest_by_length(logits: Tensor, tokens: PackedTokens) -> Tensor:
    """The maximum of each text, (texts, terms): a rectangle for each length, the fastest on a CPU."""
    return torch.cat([logits[run.tokens].view(run.count, run.length, -1).amax(dim=1) for run in tokens.runs()])


def largest_by_kernel(logits: Tensor, tokens: PackedTokens) -> Tensor:
    """The same by one kernel over all texts, for a device where each launch costs."""
    return torch.segment_reduce(logits, "max", lengths=tokens.counts, axis=0)
