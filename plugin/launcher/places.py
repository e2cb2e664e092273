"""Where engines live on this machine, and as whom they run.

OpenSearch refuses to run as root, rightly. So root's engines run as `nobody`, and everything they read must be open
to that user: root's own cache folder (/root/.cache) usually is not, /var/cache is.
"""

import os
import shutil
import stat
from pathlib import Path

import platformdirs

from .errors import NoSpace
from .progress import Report, Step

NOBODY = 65534
_SYSTEM_CACHE = Path("/var/cache/outrider")


def node_user() -> int | None:
    """The user id that the node runs as: None for the user that we are, `nobody` when we are root."""
    return NOBODY if hasattr(os, "geteuid") and os.geteuid() == 0 else None


def engine_root(cache: Path | None, report: Report) -> Path:
    """The folder of unpacked engines and their data: the argument, else OUTRIDER_CACHE, else the user's cache.

    The only place of the launcher that reads the environment. A cache that the node's user cannot enter is exchanged
    for /var/cache/outrider, and the report says so.
    """
    chosen = cache or Path(os.environ.get("OUTRIDER_CACHE") or platformdirs.user_cache_dir("outrider")).expanduser()
    user = node_user()
    if user is not None and not can_enter(chosen, user):
        report(Step("place", f"{chosen} is closed to the node's user id {user}; engines are kept in {_SYSTEM_CACHE}"))
        chosen = _SYSTEM_CACHE
    root = chosen.absolute() / "engines"
    make_open(root)
    return root


def can_enter(folder: Path, user: int) -> bool:
    """Whether a user without groups may reach the folder, or the nearest ancestor of it that exists."""
    folder = folder.absolute()
    existing = [path for path in (folder, *folder.parents) if path.exists()]
    return all(_is_open(path.stat(), user) for path in existing)


def _is_open(status: os.stat_result, user: int) -> bool:
    return bool(status.st_mode & (stat.S_IXUSR if status.st_uid == user else stat.S_IXOTH))


def make_open(folder: Path) -> None:
    """Make a folder, and what is missing above it, that every user may enter whatever our umask says."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            path.chmod(0o755)
    except OSError as err:
        raise NoSpace(
            f"cannot make the folder {folder}: {err.strerror}; choose another cache folder with OUTRIDER_CACHE"
        ) from err


def hand_over(folder: Path, user: int | None) -> None:
    """Give a folder and all that is in it to the node's user."""
    if user is None:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)


def require_space(folder: Path, needed_bytes: int, purpose: str) -> None:
    """Say no before the disk is full."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise NoSpace(
            f"{purpose} needs {needed_bytes / 1e6:.0f} MB in {folder}, {free / 1e6:.0f} MB are free; "
            "free some space, or choose another cache folder with OUTRIDER_CACHE"
        )
