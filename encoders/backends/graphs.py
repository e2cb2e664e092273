"""Where a folder keeps its ready graphs, and which of their outputs a task reads."""

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
        known = sorted(str(path.relative_to(folder)) for path in folder.rglob(f"*{suffix}"))
        raise NotAModel(f"the model in {str(folder)!r} has no file {name!r}; it has {', '.join(known) or 'none'}")
    return found
