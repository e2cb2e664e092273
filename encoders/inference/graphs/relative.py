"""How far apart two tokens stand, as graphs need it."""

import numpy as np

from ..layout import Config, buckets
from .net import Net
from .weights import Weights


def distances(net: Net) -> str:
    """int64 (tokens, tokens): key position minus query position."""
    count = net.op("Gather", net.op("Shape", "input_ids"), net.scalar(1), axis=0)
    places = net.op("Range", net.scalar(0), count, net.scalar(1))
    keys, queries = (net.op("Unsqueeze", places, net.ints(axis)) for axis in (0, 1))
    return net.op("Sub", keys, queries)


def position_bias(net: Net, weights: Weights, config: Config) -> str:
    """float32 (1, heads, tokens, tokens): one learned number for each head and bucket of distances."""
    longest = int(config["max_position_embeddings"])
    table = weights["encoder.relative_attention_bias.weight"]
    by_distance = table[buckets(np.arange(-longest, longest + 1), len(table))]
    shifted = net.op("Add", distances(net), net.scalar(longest))
    values = net.op("Gather", net.constant("relative_bias", by_distance), shifted, axis=0)
    return net.op("Unsqueeze", net.op("Transpose", values, perm=[2, 0, 1]), net.ints(0))
