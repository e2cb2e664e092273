"""Long texts in parts that a model can read whole."""

from .chunking import BOUNDARIES, Boundary, Chunk, Chunking
from .contexts import contexts
from .split import split

__all__ = ["BOUNDARIES", "Boundary", "Chunk", "Chunking", "contexts", "split"]
