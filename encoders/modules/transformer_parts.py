"""What a transformer is put together from: where it lies, its tokeniser, and how much it reads."""

from pathlib import Path
from typing import Any

from .. import files
from ..sources import resolve


def taken_from(arguments: dict[str, Any], cache_folder: str | None) -> files.Where:
    """Where to look, as the keywords of transformers say it; they are taken out of `arguments`."""
    return files.Where(
        token=arguments.pop("token", None),
        cache_folder=arguments.pop("cache_dir", cache_folder),
        revision=arguments.pop("revision", None),
        local_files_only=arguments.pop("local_files_only", False),
    )


def local_folder(name: str, where: files.Where = files.ANYWHERE) -> str:
    """The model's folder on this machine."""
    return name if Path(name).is_dir() else str(resolve(name, **where.keywords()))


def load_tokenizer(folder: str, arguments: dict[str, Any], max_length: int | None) -> Any:
    """The folder's tokeniser; `max_length` is stated as its limit unless the arguments state another."""
    from transformers import AutoTokenizer

    limit = {} if max_length is None else {"model_max_length": max_length}
    return AutoTokenizer.from_pretrained(folder, **{**limit, **arguments})


def sequence_limit(asked: int | None, config: Any, tokenizer: Any) -> int | None:
    """What was asked for, or the smaller of the positions of the model and the limit of the tokeniser."""
    if asked is not None:
        return asked
    positions = getattr(config, "max_position_embeddings", None)
    limit = getattr(tokenizer, "model_max_length", None)
    if positions is None or limit is None:
        return None
    return int(min(positions, limit))
