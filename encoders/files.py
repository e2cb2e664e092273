"""Files of a model, by folder or hub id: what is on disk is used, and only then the hub is asked."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Where:
    """How a model's files may be had."""

    token: bool | str | None = None
    cache_folder: str | None = None
    revision: str | None = None
    local_files_only: bool = False

    def keywords(self) -> dict[str, Any]:
        """As the keyword arguments of Module.load."""
        return asdict(self)


ANYWHERE = Where()


def find_file(model: str, filename: str, subfolder: str = "", where: Where = ANYWHERE) -> str | None:
    """The path of one file of the model; None if the model has no such file."""
    folder = Path(model)
    if folder.is_dir():
        path = folder / subfolder / filename
        return str(path) if path.is_file() else None
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, HFValidationError, LocalEntryNotFoundError

    try:
        return hf_hub_download(
            model,
            filename=filename,
            subfolder=subfolder or None,
            revision=where.revision,
            token=where.token,
            cache_dir=where.cache_folder,
            local_files_only=where.local_files_only,
            library_name="sentence-transformers",
        )
    except (EntryNotFoundError, HFValidationError, LocalEntryNotFoundError):
        return None


def find_folder(model: str, subfolder: str, where: Where = ANYWHERE) -> str | None:
    """The path of one folder of the model; None if the model has no such folder."""
    if not Path(model).is_dir():
        from .sources import resolve

        model = str(
            resolve(
                model,
                revision=where.revision,
                cache_folder=where.cache_folder,
                local_files_only=where.local_files_only,
                token=where.token,
            )
        )
    folder = Path(model) / subfolder
    return str(folder) if folder.is_dir() else None
