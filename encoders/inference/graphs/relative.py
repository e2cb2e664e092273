"""How far apart two tokens stand, as graphs need it."""

import math

import numpy as np

from .family import Config
from .net import Array, Net
from .weights import Weights

_FARTHEST = 128


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


def buckets(distance: Array, count: int) -> Array:
    """The bucket of each distance: exact ones first, then growing logarithmically (Raffel et al. 2020, section 2.1).

    Half of the buckets are for keys behind the query, half for keys ahead of it.
    """
    half = count // 2
    exact = half // 2
    far = np.abs(distance)
    share = np.log(np.maximum(far, 1).astype(np.float32) / np.float32(exact)) / math.log(_FARTHEST / exact)
    grown = np.minimum(exact + (share * (half - exact)).astype(np.int64), half - 1)
    return np.where(far < exact, far, grown) + np.where(distance > 0, half, 0)
