"""Built graphs on disk: a second start loads the graph and imports no builder."""

import contextlib
import tempfile
from pathlib import Path

from ..errors import EncoderError
from .description import ModelDescription

# Kept here as well as in the builder's package, which a second start must not import; a test compares the two.
GRAPH_VERSION = 3


def graph_file(
    description: ModelDescription, fingerprint: str, cache: Path, precision: str = "exact", *, tokens: bool = False
) -> Path:
    """The folder's own graph, or the one built from its weights, which is written into the cache if it is not there.

    With `tokens`, one that ends before the head.
    """
    if description.has_graph:
        return description.weights
    path = graph_path(description, fingerprint, cache, f"{precision}-tokens" if tokens else precision)
    if not path.is_file():
        _build(description, path, precision, tokens=tokens)
    return path


def graph_path(description: ModelDescription, fingerprint: str, cache: Path, precision: str) -> Path:
    """Where the graph built from these weights lies in the cache."""
    return cache / "graphs" / f"{fingerprint}-{description.kind}-{precision}-v{GRAPH_VERSION}.onnx"


def _build(description: ModelDescription, path: Path, precision: str, *, tokens: bool) -> None:
    from .graphs import build_graph

    content = build_graph(description, precision, tokens=tokens).SerializeToString()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix="build-", delete=False) as stream:
            scratch = Path(stream.name)
            stream.write(content)
        scratch.rename(path)
    except OSError as err:
        with contextlib.suppress(OSError, UnboundLocalError):
            scratch.unlink()
        raise EncoderError(
            f"could not write the graph of {str(description.folder)!r} to {path}: {err.strerror or err}; "
            "free some space, or choose another cache folder with OUTRIDER_CACHE"
        ) from err
