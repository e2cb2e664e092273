"""Long texts in parts that a model can read whole."""

from .chunking import BOUNDARIES, Boundary, Chunk, Chunking
from .split import split

__all__ = ["BOUNDARIES", "Boundary", "Chunk", "Chunking", "split"]
