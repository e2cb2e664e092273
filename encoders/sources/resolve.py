"""A model's name -> its folder on this machine."""

import os
from pathlib import Path

from ..errors import ModelNotFound, NotAModel
from . import hub, package
from .cache import cache_root
from .table import READY_MODELS, ReadyModel

ADAPTER_FILE = "adapter_config.json"
# One of these makes a folder a model: a pipeline of modules, an architecture, an adapter of one, or a ready graph.
_MARKERS = ("modules.json", "config.json", ADAPTER_FILE, "model.onnx", "onnx/model.onnx", "openvino/openvino_model.xml")


def resolve(
    name: str | os.PathLike[str],
    *,
    revision: str | None = None,
    cache_folder: str | Path | None = None,
    local_files_only: bool = False,
    token: bool | str | None = None,
) -> Path:
    """The folder of the model called `name`: a folder, a ready model, a `package:` reference or a hub id.

    What is on disk or in a cache is used as it is, and no network is asked. Raises ModelNotFound, NotAModel or
    ModelCorrupt, each saying what to do.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _checked(folder)
    text = os.fspath(name)
    if text.startswith(package.PREFIX):
        return _checked(_from_package(package.parse_reference(text), cache_folder, local_files_only))
    if text in READY_MODELS:
        return _checked(_from_table(text, READY_MODELS[text], cache_folder, local_files_only))
    if folder.is_absolute() or text.startswith((".", "~")) or text.count("/") > 1:
        raise ModelNotFound(f"there is no folder {text!r}; give a model's folder, a hub id, or one of {_known()}")
    try:
        return _checked(_from_hub(text, revision, cache_folder, local_files_only, token))
    except ModelNotFound:
        ready = next((ready for ready in READY_MODELS.values() if ready.hub_id == text), None)
        if ready is None or revision is not None:
            raise
        return _checked(_from_package(ready.package, cache_folder, local_files_only))


def hub_name(folder: Path) -> str | None:
    """The hub id under which other machines find what `resolve` put into this folder; None if there is none."""
    if origin := hub.hub_origin(folder):
        return origin[0]
    for ready in READY_MODELS.values():
        if folder.parts[-2:] == package.cached_folder(ready.package, Path()).parts[-2:]:
            return ready.hub_id
    return None


def _from_package(model: package.PackageModel, cache_folder: str | Path | None, offline: bool) -> Path:
    cache = cache_root(cache_folder)
    target = package.cached_folder(model, cache)
    if target.is_dir():
        return target
    if offline:
        raise ModelNotFound(
            f"{model.name} {model.version} is not in the cache {cache} and only local files are allowed; "
            "allow the network once, or copy the cache folder from a machine that has it"
        )
    return package.fetch(model, cache)


def _from_table(name: str, ready: ReadyModel, cache_folder: str | Path | None, offline: bool) -> Path:
    target = package.cached_folder(ready.package, cache_root(cache_folder))
    if target.is_dir():
        return target
    if ready.hub_id and (found := hub.cached(ready.hub_id, revision=None, cache_folder=cache_folder)):
        return found
    try:
        return _from_package(ready.package, cache_folder, offline)
    except ModelNotFound as err:
        if offline or ready.hub_id is None:
            raise
        try:
            return hub.download(ready.hub_id, revision=None, cache_folder=cache_folder, token=None)
        except ModelNotFound as hub_err:
            raise ModelNotFound(f"{name!r} could not be had: {err}; and {hub_err}") from err


def _from_hub(
    name: str,
    revision: str | None,
    cache_folder: str | Path | None,
    offline: bool,
    token: bool | str | None,
) -> Path:
    candidates = [name] if "/" in name else [f"sentence-transformers/{name}", name]
    for repo_id in candidates:
        if found := hub.cached(repo_id, revision=revision, cache_folder=cache_folder):
            return found
    if offline:
        raise ModelNotFound(
            f"{name!r} is no folder and not in the hub's cache, and only local files are allowed; "
            f"allow the network once, give a folder, or use one of {_known()}"
        )
    reasons = []
    for repo_id in candidates:
        try:
            return hub.download(repo_id, revision=revision, cache_folder=cache_folder, token=token)
        except ModelNotFound as err:
            reasons.append(str(err))
    raise ModelNotFound(
        f"{name!r} is no folder here, and {reasons[-1]}; give a model's folder, or where the hub is closed a "
        f"package: reference or one of {_known()}"
    )


def _checked(folder: Path) -> Path:
    if any((folder / marker).is_file() for marker in _MARKERS):
        return folder
    raise NotAModel(f"the folder {str(folder)!r} is no model: it has none of {', '.join(_MARKERS)}")


def _known() -> str:
    return ", ".join(READY_MODELS)
