"""A folder that holds an adapter (PEFT), and the model that it was made for, which its adapter_config.json names."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from .errors import ModelNotFound, NotAModel, WrongBackend
from .files import Where
from .peft_mixin import require_peft
from .sources import ADAPTER_FILE, hub_name, resolve

MERGE = (
    "merge it into its model, and save that: "
    "model[0].auto_model = PeftModel.from_pretrained(model.transformers_model, folder).merge_and_unload()"
)


def has_adapter(folder: Path) -> bool:
    """Whether there is an adapter in the folder, alone or beside a whole model."""
    return (folder / ADAPTER_FILE).is_file()


def base_folder(folder: str, where: Where, backend: str = "torch") -> str:
    """The folder of the model that the adapter in `folder` goes into; `folder` itself if it is a whole model.

    Raises MissingExtra without peft, and WrongBackend where an adapter cannot run.
    """
    if not has_adapter(Path(folder)):
        return folder
    require_peft()
    if (Path(folder) / "config.json").is_file():  # a whole model with an adapter beside it: transformers loads both
        return folder
    if backend != "torch":
        raise WrongBackend(f"{folder!r} holds an adapter, which does not run with backend={backend!r}; {MERGE}")
    stated = Path(folder) / ADAPTER_FILE
    config: dict[str, Any] = json.loads(stated.read_text(encoding="utf-8"))
    if not (name := config.get("base_model_name_or_path")):
        raise NotAModel(f"{str(stated)!r} names no model that the adapter is for; set its base_model_name_or_path")
    try:
        return str(resolve(name, **replace(where, revision=config.get("revision")).keywords()))
    except ModelNotFound as err:
        raise ModelNotFound(f"the adapter in {folder!r} is for a model that was not found: {err}") from err


def tokenizer_folder(folder: str, base: str) -> str:
    """Where the tokeniser is: with the adapter, or, as adapters often come without one, with its model."""
    return folder if (Path(folder) / "tokenizer_config.json").is_file() else base


def name_for_adapters(model: Any, folder: str) -> None:
    """Let adapters that are saved from this model name it as other machines find it."""
    if name := hub_name(Path(folder)):
        model.name_or_path = name
