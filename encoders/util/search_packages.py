"""The optional packages for search in memory."""

from typing import Any

from ..errors import MissingExtra


def import_faiss() -> Any:
    """The faiss module; MissingExtra where it is not installed."""
    try:
        import faiss
    except ImportError as err:
        raise MissingExtra("this search needs faiss: pip install faiss-cpu") from err
    return faiss


def import_usearch_index() -> Any:
    """The usearch.index module; MissingExtra where it is not installed."""
    try:
        import usearch.index
    except ImportError as err:
        raise MissingExtra("this search needs usearch: pip install usearch") from err
    return usearch.index
