"""Artifacts from a Maven repository, verified, unpacked once into a node's home."""

import contextlib
import fcntl
import fnmatch
import hashlib
import logging
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from .errors import DownloadFailed, MissingExtra, NoSpace, WrongHash
from .java import open_to_all
from .lock import Artifact, Flavor
from .modules import strike_from_jar
from .places import require_space
from .progress import Report, Step

# An unpacked node needs about as much again as what was downloaded for it.
_SPACE_FACTOR = 2
_DOWNLOAD_TIMEOUT_S = 60


def home_of(flavor: Flavor, root: Path, report: Report) -> Path:
    """The unpacked home of a flavour; fetched and put together if it is not there yet.

    Two processes may ask at once: the second waits for the first. Raises DownloadFailed, WrongHash or NoSpace.
    """
    home = root / flavor.folder
    if home.is_dir():
        return home
    with _only_one(root / f"{flavor.folder}.lock", report):
        if not home.is_dir():
            require_space(root, flavor.download_bytes * _SPACE_FACTOR, flavor.title)
            _assemble(flavor, root, home, report)
    return home


@contextlib.contextmanager
def _only_one(path: Path, report: Report) -> Iterator[None]:
    with path.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(Step("wait", "another process is fetching the same engine"))
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _assemble(flavor: Flavor, root: Path, home: Path, report: Report) -> None:
    done = 0
    try:
        with tempfile.TemporaryDirectory(prefix="assemble-", dir=root) as scratch:
            fresh = Path(scratch) / "home"
            for artifact in flavor.artifacts:
                report(Step("download", artifact.filename, done, flavor.download_bytes))
                file = download(artifact, Path(scratch) / "repository")
                done += artifact.bytes
                report(Step("unpack", artifact.filename, done, flavor.download_bytes))
                _place(artifact, file, fresh, flavor.skip)
                file.unlink()
            (fresh / "plugins").mkdir(exist_ok=True)  # the server wants it, also empty
            for pattern, modules in flavor.strike.items():
                for jar in fresh.glob(pattern):
                    strike_from_jar(jar, frozenset(modules))
            open_to_all(fresh)
            fresh.rename(home)
    except OSError as err:
        raise NoSpace(
            f"could not put {flavor.title} together in {root}: {err.strerror or err}; "
            "free some space, or choose another cache folder with OUTRIDER_CACHE"
        ) from err


def download(artifact: Artifact, repository: Path) -> Path:
    """One file, verified, in a folder for what is fetched. Raises DownloadFailed or WrongHash."""
    try:
        from jgo.maven import MavenContext
    except ImportError as err:
        raise MissingExtra("fetching an engine needs jgo; install it with: pip install 'outrider[quickstart]'") from err
    logging.getLogger("jgo").setLevel(logging.ERROR)
    context = MavenContext(repo_cache=repository, timeout=_DOWNLOAD_TIMEOUT_S)
    component = context.project(artifact.group, artifact.name).at_version(artifact.version)
    try:
        file = Path(component.artifact(packaging=artifact.packaging).resolve())
    except Exception as err:  # jgo and what it downloads with raise many kinds, all of them "it could not be had"
        raise DownloadFailed(
            f"could not fetch {artifact.filename} from a Maven repository: {err}; check the network, or copy the "
            "engines folder of the cache from a machine that has it"
        ) from err
    _verify(artifact, file)
    return file


def _verify(artifact: Artifact, file: Path) -> None:
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != artifact.sha256:
        raise WrongHash(
            f"{artifact.filename} has sha256 {found}, expected {artifact.sha256}: the repository serves another file "
            "than the one that was pinned; nothing of it was used. Try again, and ask the repository's owner"
        )


def _place(artifact: Artifact, file: Path, home: Path, skip: tuple[str, ...]) -> None:
    target = home / artifact.into
    target.mkdir(parents=True, exist_ok=True)
    if artifact.packaging == "jar":
        shutil.copy(file, target / artifact.filename)
        return
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            if not fnmatch.fnmatch(entry.filename, artifact.only):
                continue
            parts = PurePosixPath(entry.filename).parts[artifact.strip :]
            path = os.path.normpath(PurePosixPath(artifact.into, *parts)) + "/" * entry.is_dir()
            if ".." in parts or any(fnmatch.fnmatch(path, pattern) for pattern in skip):
                continue
            destination = home / path
            if entry.is_dir():  # an empty one matters: the server wants its plugins folder
                destination.mkdir(parents=True, exist_ok=True)
                continue
            destination.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, destination.open("wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
