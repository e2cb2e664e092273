"""A served model as a folder of its own, with a ready graph in place of weights."""

import shutil
from pathlib import Path

from ..errors import NotAModel
from .describe import describe

_WEIGHTS = (".safetensors", ".bin", ".onnx", ".xml")


def write_graph_folder(folder: Path, target: Path, precision: str = "int8") -> Path:
    """Copy everything but the weights of `folder`, and write the graph that it is served as beside it.

    `open_model` opens the result without building anything. Raises NotAModel where there is nothing to build from.
    """
    from .graphs import build_graph

    description = describe(folder)
    if description.has_graph or description.is_static:
        raise NotAModel(f"{str(folder)!r} is served without building a graph; copy the folder as it is")
    graph = build_graph(description, precision).SerializeToString()
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target, ignore=lambda _, names: [each for each in names if each.endswith(_WEIGHTS)])
    inner = target / description.folder.relative_to(folder)
    inner.mkdir(parents=True, exist_ok=True)
    (inner / "model.onnx").write_bytes(graph)
    return target
