"""Configurations, also for graphs that came without one."""

import json
from pathlib import Path
from typing import Any

from transformers import AutoConfig, PreTrainedConfig

from ..errors import NotAModel


def load_config(folder: str, config_args: dict[str, Any]) -> Any:
    """The configuration in `folder`, changed by `config_args`; the architecture must be known."""
    if not (Path(folder) / "config.json").is_file():
        raise NotAModel(f"the folder {folder!r} has no config.json, so its architecture is not known")
    return AutoConfig.from_pretrained(folder, **config_args)


def read_config(folder: Path, config_args: dict[str, Any]) -> Any:
    """The configuration for a ready graph, which also runs without knowing its architecture; None if there is none."""
    path = folder / "config.json"
    if not path.is_file():
        return None
    values = json.loads(path.read_text(encoding="utf-8"))
    if "model_type" in values:
        return load_config(str(folder), config_args)
    return PreTrainedConfig.from_dict({**values, **config_args})


def config_from_graph(folder: Path, width: int | None) -> Any:
    """What can be told from the graph alone: the width of its output, which for a scorer is its labels."""
    return PreTrainedConfig.from_dict({"name_or_path": str(folder), "num_labels": width or 1, "hidden_size": width})
