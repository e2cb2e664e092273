"""The file of documents that could not be indexed: nothing is counted as failed before it stands there."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from .errors import DeadLetterUnwritable
from .report import Outcome


class DeadLetters:
    """Failed documents as JSON lines {position, id, reason, document}, each batch forced to disk.

    The file appears with the first failure. Raises DeadLetterUnwritable.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, failures: Iterable[Outcome]) -> None:
        lines = b"".join(_line(failure) for failure in failures)
        if not lines:
            return
        try:
            if self._file is None:
                self._file = self.path.open("ab", buffering=0)
            self._write_all(self._file, lines)
            os.fsync(self._file.fileno())
        except OSError as err:
            raise DeadLetterUnwritable(
                f"failed documents cannot be put on record in {self.path}: {err.strerror}; "
                f"make room there or name another file, and run the same command again"
            ) from err

    @staticmethod
    def _write_all(file: IO[bytes], data: bytes) -> None:
        while data:
            data = data[file.write(data) :]


def _line(failure: Outcome) -> bytes:
    letter = {
        "position": failure.position,
        "id": failure.id,
        "reason": failure.reason,
        "document": failure.document,
    }
    # ASCII: also a lone surrogate can be written down. Whatever JSON cannot hold is kept as Python shows it.
    return json.dumps(letter, ensure_ascii=True, default=repr).encode() + b"\n"
