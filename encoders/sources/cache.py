"""Where unpacked models and built graphs are kept on this machine."""

import os
from pathlib import Path

import platformdirs


def cache_root(cache_folder: str | os.PathLike[str] | None = None) -> Path:
    """The cache folder: the argument, else OUTRIDER_CACHE, else the user's cache folder.

    The only place of this room that reads the environment.
    """
    chosen = cache_folder or os.environ.get("OUTRIDER_CACHE") or platformdirs.user_cache_dir("outrider")
    return Path(chosen).expanduser()
