"""The fields that a cluster is best given for its vectors."""

from ..capabilities import Capabilities, version_tuple
from ..spec import DenseField, SparseField
from .since import has


def dense_field(_: Capabilities, dimension: int) -> DenseField:
    return DenseField(dimension, kind="dense_vector")


def sparse_field(capabilities: Capabilities) -> SparseField:
    """sparse_vector where it can be written to (there was none from 8.0 to 8.10), else rank_features."""
    has_it = has(version_tuple(capabilities.version), "sparse_vector")
    return SparseField(kind="sparse_vector" if has_it else "rank_features")
