"""The fields that a cluster is best given for its vectors."""

from ..capabilities import Capabilities
from ..spec import DenseField, SparseField


def dense_field(capabilities: Capabilities, dimension: int) -> DenseField:
    """The engine's own vectors where it has them, else bytes that a script scores."""
    return DenseField(dimension, kind="knn_vector" if capabilities.has_knn else "binary")


def sparse_field(_: Capabilities) -> SparseField:
    return SparseField()
