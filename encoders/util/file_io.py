"""Files of models and of the web."""

from pathlib import Path
from typing import Any

from tqdm.auto import tqdm  # type: ignore[import-untyped]

from .. import files


class disabled_tqdm(tqdm):  # type: ignore[misc] # noqa: N801 -- the field's name
    """A progress bar that shows nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "disable": True})


def is_sentence_transformer_model(
    model_name_or_path: str,
    token: bool | str | None = None,
    cache_folder: str | None = None,
    revision: str | None = None,
    local_files_only: bool = False,
) -> bool:
    """Whether the model lists its modules."""
    where = files.Where(token, cache_folder, revision, local_files_only)
    return files.find_file(str(model_name_or_path), "modules.json", "", where) is not None


def load_file_path(
    model_name_or_path: str,
    filename: str | Path,
    subfolder: str = "",
    token: bool | str | None = None,
    cache_folder: str | None = None,
    revision: str | None = None,
    local_files_only: bool = False,
) -> str | None:
    """One file of a model on this machine, fetched if need be; None if the model has no such file."""
    where = files.Where(token, cache_folder, revision, local_files_only)
    return files.find_file(str(model_name_or_path), str(filename), subfolder, where)


def load_dir_path(
    model_name_or_path: str,
    subfolder: str,
    token: bool | str | None = None,
    cache_folder: str | None = None,
    revision: str | None = None,
    local_files_only: bool = False,
) -> str | None:
    """One folder of a model on this machine, fetched if need be; None if the model has no such folder."""
    where = files.Where(token, cache_folder, revision, local_files_only)
    return files.find_folder(str(model_name_or_path), subfolder, where)


def http_get(url: str, path: str) -> None:
    """Download a URL into a file; a half-finished download leaves nothing under that name."""
    import httpx

    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}_part")
    try:
        with httpx.stream("GET", url, follow_redirects=True, timeout=60) as answer, part.open("wb") as file:
            answer.raise_for_status()
            total = int(answer.headers.get("Content-Length", 0)) or None
            with tqdm(unit="B", unit_scale=True, total=total) as bar:
                for chunk in answer.iter_bytes():
                    file.write(chunk)
                    bar.update(len(chunk))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
