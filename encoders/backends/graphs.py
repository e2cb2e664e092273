"""Where a folder keeps its ready graphs, and which of their outputs a task reads."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from transformers.modeling_outputs import BaseModelOutput, MaskedLMOutput, SequenceClassifierOutput

from ..errors import NotAModel

# task -> container, its field, and the output's names among exporters; the first output where none of them occurs.
OUTPUTS: dict[str, tuple[Any, str, tuple[str, ...]]] = {
    "feature-extraction": (BaseModelOutput, "last_hidden_state", ("last_hidden_state", "token_embeddings")),
    "fill-mask": (MaskedLMOutput, "logits", ("logits",)),
    "text-classification": (SequenceClassifierOutput, "logits", ("logits",)),
}


def ready_graph(folder: Path, usual: str, model_args: dict[str, Any], *, places: tuple[str, ...]) -> Path | None:
    """The graph that the arguments ask for; None where one is to be made.

    Raises NotAModel, naming what there is, where none is ready and `export` is False.
    """
    export = model_args.get("export")
    if export:
        return None
    name, subfolder = model_args.get("file_name"), model_args.get("subfolder")
    found = find_graph(folder, usual, name, subfolder, places=places)
    if found is None and export is False:
        raise NotAModel(
            f"the model in {str(folder)!r} has no {usual!r} and export is False; it has "
            f"{_there(folder, Path(usual).suffix)}; leave export out to have a graph made of its weights"
        )
    return found


def _there(folder: Path, suffix: str) -> str:
    return ", ".join(sorted(str(path.relative_to(folder)) for path in folder.rglob(f"*{suffix}"))) or "none"


def find_graph(
    folder: Path, usual: str, name: str | None, subfolder: str | None, *, places: tuple[str, ...]
) -> Path | None:
    """The graph asked for by `name` (which may hold the sub-folder), else the usual one; None if there is none.

    Raises NotAModel, naming what there is, if a graph that was asked for is missing.
    """
    where = places if subfolder is None else (subfolder, *places)
    suffix = Path(usual).suffix
    wanted = usual if name is None else name if name.endswith(suffix) else f"{name}{suffix}"
    found = next((folder / place / wanted for place in where if (folder / place / wanted).is_file()), None)
    if found is None and name is not None:
        raise NotAModel(f"the model in {str(folder)!r} has no file {name!r}; it has {_there(folder, suffix)}")
    return found


def copy_graph(files: Iterable[Path], target: Path) -> None:
    """Copy the files of a graph into the folder; those that are there already stay."""
    target.mkdir(parents=True, exist_ok=True)
    for source in files:
        if source.resolve() != (target / source.name).resolve():
            shutil.copyfile(source, target / source.name)
