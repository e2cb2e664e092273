"""Attention within each text of a packed batch: no token sees another text, and none is padding."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from .tokens import PackedTokens

# A number for each head, query and key of texts of that length: (1, heads, length, length).
Bias = Callable[[int], Tensor]


@dataclass(frozen=True)
class Reach:
    """How far a token sees: `tokens` to each side, and what is added to its scores."""

    tokens: int | None = None
    bias: Bias | None = None


EVERYWHERE = Reach()


def attend(
    query: Tensor, key: Tensor, value: Tensor, tokens: PackedTokens, reach: Reach = EVERYWHERE, *, first_only: bool
) -> Tensor:
    """softmax(q k^T / sqrt(size) + bias) v, text by text; all are (tokens, heads, size).

    `first_only`: the queries are those of each text's first token, (texts, heads, size).
    One kernel over all texts where torch has it (CUDA, half precision, no bias); a rectangle for each length elsewhere.
    """
    kernel = _varlen_kernel() if takes_varlen(query, reach) else None
    if kernel is not None:
        return _by_kernel(kernel, query, key, value, tokens, reach, first_only)
    return by_length(query, key, value, tokens, reach, first_only=first_only)


def takes_varlen(query: Tensor, reach: Reach) -> bool:
    """Whether flash attention over texts of different lengths can take this."""
    return query.is_cuda and query.dtype in {torch.float16, torch.bfloat16} and reach.bias is None


def by_length(
    query: Tensor, key: Tensor, value: Tensor, tokens: PackedTokens, reach: Reach, *, first_only: bool
) -> Tensor:
    """The same on any device: neighbours of one length are a rectangle, and torch's usual attention takes those."""
    attended = torch.empty_like(query)
    for run in tokens.runs():
        asking, asked = (run.texts, 1) if first_only else (run.tokens, run.length)
        rectangle = (run.count, run.length, *key.shape[1:])
        found = functional.scaled_dot_product_attention(
            query[asking].view(run.count, asked, *query.shape[1:]).transpose(1, 2),
            key[run.tokens].view(rectangle).transpose(1, 2),
            value[run.tokens].view(rectangle).transpose(1, 2),
            attn_mask=_scores_added(reach, run.length, asked, query),
        )
        attended[asking] = found.transpose(1, 2).reshape(-1, *query.shape[1:])
    return attended


def _scores_added(reach: Reach, length: int, asked: int, like: Tensor) -> Tensor | None:
    """What is added to the scores: (1, heads or 1, asked, length), or a boolean of who is seen."""
    if reach.bias is not None:
        return reach.bias(length)[:, :, :asked].to(like.dtype)
    if reach.tokens is None or length <= reach.tokens + 1:
        return None
    places = torch.arange(length, device=like.device)
    seen: Tensor = (places[None, :] - places[:asked, None]).abs() <= reach.tokens
    return seen


def _by_kernel(
    kernel: Any, query: Tensor, key: Tensor, value: Tensor, tokens: PackedTokens, reach: Reach, first_only: bool
) -> Tensor:
    longest = max(tokens.lengths)
    starts, asked = tokens.starts, longest
    if first_only:
        starts, asked = torch.arange(len(tokens.starts), dtype=torch.int32, device=query.device), 1
    side = -1 if reach.tokens is None else reach.tokens
    attended: Tensor = kernel(query, key, value, starts, tokens.starts, asked, longest, window_size=(side, side))
    return attended


@functools.cache
def _varlen_kernel() -> Any:
    """torch's own attention over texts of different lengths; None where this torch has none with a window."""
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return None
    return varlen_attn if "window_size" in inspect.signature(varlen_attn).parameters else None
