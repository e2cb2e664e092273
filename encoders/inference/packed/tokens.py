"""The tokens of several texts end to end."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class PackedTokens:
    """Texts without padding. All tensors lie on one device.

    `ids` and `type_ids`: int64 (tokens,). `places`: where each token stands in its own text, from 0.
    `starts`: int32 (texts + 1,), where each text begins, and the end of the last.
    """

    ids: Tensor
    type_ids: Tensor
    places: Tensor
    lengths: tuple[int, ...]
    starts: Tensor

    @property
    def first(self) -> Tensor:
        """int64 (texts,): the first token of each text."""
        return self.starts[:-1].long()

    @property
    def last(self) -> Tensor:
        """int64 (texts,): the last token of each text."""
        return self.starts[1:].long() - 1

    @property
    def counts(self) -> Tensor:
        """int64 (texts,): how many tokens each text has."""
        return self.starts.diff().long()

    def runs(self) -> Iterator["Run"]:
        """Neighbours of equal length, which form a rectangle."""
        text = token = 0
        for length, group in itertools.groupby(self.lengths):
            texts = sum(1 for _ in group)
            yield Run(slice(text, text + texts), slice(token, token + texts * length), texts, length)
            text, token = text + texts, token + texts * length


@dataclass(frozen=True)
class Run:
    """Texts of one length that follow each other."""

    texts: slice
    tokens: slice
    count: int
    length: int


def pack(
    input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None, device: torch.device
) -> PackedTokens:
    """Take the padding out of a batch, on whichever side it is. Every text needs a token."""
    present = attention_mask.bool()
    counts = present.sum(dim=1)
    lengths = tuple(counts.tolist())
    starts = torch.zeros(len(lengths) + 1, dtype=torch.int32)
    starts[1:] = counts.cumsum(0)
    places = torch.cat([torch.arange(length) for length in lengths])
    ids = input_ids[present]
    types = torch.zeros_like(ids) if token_type_ids is None else token_type_ids[present]
    ids, types, places, starts = (each.to(device, non_blocking=True) for each in (ids, types, places, starts))
    return PackedTokens(ids, types, places, lengths, starts)
