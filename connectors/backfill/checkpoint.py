"""How far a backfill has come, on disk, so that it goes on where it was cut off."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import CheckpointUnusable


@dataclass(slots=True)
class Checkpoint:
    """The snapshot that is read, the last place of each slice (None before its first page), and the counts so far."""

    index: str
    fingerprints: dict[str, str]
    text_fields: list[str]
    pit: str
    sort: str
    after: list[list[Any] | None]
    finished: list[bool]
    total: int
    counts: dict[str, int] = field(default_factory=dict)

    def is_for(self, other: "Checkpoint") -> bool:
        """Whether both are about the same work."""
        same = ("index", "fingerprints", "text_fields")
        return all(getattr(self, name) == getattr(other, name) for name in same)


def read_checkpoint(path: Path) -> Checkpoint | None:
    """What an earlier run left; None where there was none. Raises CheckpointUnusable."""
    try:
        return Checkpoint(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as err:
        raise CheckpointUnusable(
            f"the checkpoint {path} cannot be read: {err}; remove it to start over, what is encoded is skipped"
        ) from err


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the file as a whole, so that a crash leaves the old one or the new one. Raises CheckpointUnusable."""
    scratch = path.with_name(path.name + ".new")
    try:
        with scratch.open("wb") as stream:
            stream.write(json.dumps(asdict(checkpoint)).encode())
            stream.flush()
            os.fsync(stream.fileno())
        scratch.replace(path)
    except OSError as err:
        raise CheckpointUnusable(
            f"the checkpoint {path} cannot be written: {err.strerror}; make room there or name another file"
        ) from err
