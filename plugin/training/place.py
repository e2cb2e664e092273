"""The folder of one run: what is in it, and whose it is."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import SettingsInvalid
from .labels import Row
from .spec import TrainSpec

# What may change between two calls that continue one run: how it is measured, and how much of the machine it may have.
_FREE: dict[str, Any] = {
    "evaluation": True,
    "int8": True,
    "output": True,
    "training": {"max_minutes", "max_cpu_minutes", "checkpoint_minutes", "threads"},
}


@dataclass(frozen=True)
class Place:
    """The output folder."""

    folder: Path

    @property
    def model(self) -> Path:
        """The trained model; there as soon as it is whole."""
        return self.folder / "model"

    @property
    def int8(self) -> Path:
        """The same as an 8-bit graph."""
        return self.folder / "model-int8"

    @property
    def work(self) -> Path:
        """What a run that is cut off goes on from."""
        return self.folder / "work"

    @property
    def fitted(self) -> Path:
        """How the training went; written when it is over."""
        return self.work / "fitted.json"

    def claim(self, spec: TrainSpec) -> None:
        """Make the folder. Raises SettingsInvalid where it cannot be made, or another run has it."""
        try:
            self.work.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise SettingsInvalid(f"the output folder {str(self.folder)!r} cannot be made: {err.strerror}") from err
        told = spec.model_dump_json(exclude=_FREE)
        path = self.work / "spec.json"
        if path.is_file() and path.read_text(encoding="utf-8") != told:
            raise SettingsInvalid(
                f"the folder {str(self.folder)!r} holds a run with another spec; name another `output`, or remove it"
            )
        path.write_text(told, encoding="utf-8")

    def keep_rows(self, rows: Sequence[Row]) -> None:
        """Keep what is trained on: mining and teaching are not done twice."""
        partial = self.work / "rows.partial"
        partial.write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows), encoding="utf-8")
        partial.rename(self.work / "rows.jsonl")

    def kept_rows(self, digest: str) -> list[Row] | None:
        """What was kept for the same examples."""
        path, mark = self.work / "rows.jsonl", self.work / "rows.sha256"
        if not path.is_file() or not mark.is_file() or mark.read_text(encoding="utf-8") != digest:
            mark.write_text(digest, encoding="utf-8")
            path.unlink(missing_ok=True)
            return None
        found = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
        return [Row(row["query"], row["positive"], tuple(row["negatives"]), tuple(row["scores"])) for row in found]

    def publish_model(self, partial: Path) -> None:
        """A folder that was written in full becomes the model."""
        shutil.rmtree(self.model, ignore_errors=True)
        partial.rename(self.model)

    def forget_checkpoints(self) -> None:
        """They are of no more use, and large."""
        for path in self.work.glob("checkpoint-*"):
            shutil.rmtree(path, ignore_errors=True)


def digest_of(examples: object) -> str:
    """Changes when the examples do."""
    return hashlib.sha256(repr(examples).encode("utf-8", "replace")).hexdigest()
