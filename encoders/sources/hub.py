"""Models from the Hugging Face hub, the cache always first."""

from pathlib import Path

from ..errors import ModelNotFound

_PATTERNS = ("*.json", "*.txt", "*.model", "*.jinja", "*.safetensors", "README.md", "**/*.json", "**/*.safetensors")
_EXPORTS = ("*.onnx", "*.onnx_data", "*.xml", "*.bin")


def cached(repo_id: str, *, revision: str | None, cache_folder: str | Path | None) -> Path | None:
    """The repository's folder in the hub's cache, or None; asks no network."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        found = snapshot_download(repo_id, revision=revision, cache_dir=cache_folder, local_files_only=True)
    except (LocalEntryNotFoundError, HFValidationError):
        return None
    return Path(found)


def download(
    repo_id: str,
    *,
    revision: str | None,
    cache_folder: str | Path | None,
    token: bool | str | None,
) -> Path:
    """Fetch what inference needs of a repository into the hub's cache."""
    import httpx
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        found = snapshot_download(
            repo_id, revision=revision, cache_dir=cache_folder, token=token, allow_patterns=[*_PATTERNS, *_EXPORTS]
        )
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, httpx.HTTPError, OSError) as err:
        reason = str(err).strip().splitlines()[0] if str(err).strip() else type(err).__name__
        raise ModelNotFound(f"the hub gave no {repo_id!r}: {reason}") from err
    return Path(found)


def hub_origin(folder: Path) -> tuple[str, str] | None:
    """The repository and the revision of a folder in the hub's cache; None for any other folder."""
    name, snapshots, revision = folder.absolute().parts[-3:] if len(folder.absolute().parts) > 3 else ("", "", "")
    if snapshots != "snapshots" or not name.startswith("models--"):
        return None
    return name.removeprefix("models--").replace("--", "/", 1), revision
