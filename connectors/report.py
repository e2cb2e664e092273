"""What became of each document of a bulk run."""

from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["written", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One document's fate. `note` is worth knowing of a success, `reason` is why it failed.

    `document` is what failed, as given: a mapping, or the line that could not be read.
    """

    position: int
    id: str | None
    status: Status
    reason: str = ""
    note: str = ""
    truncated: bool = False
    document: Any = None


@dataclass(slots=True)
class IndexingReport:
    """Counts of a run: seen = written + skipped + failed + unfinished, the last 0 unless the run was stopped.

    `blank` of the written ones have no text, so no vectors; of the `truncated` a model read only the beginning.
    Where another index was filled, `deleted` are the documents that were deleted there because the origin has them no
    more, `surplus` those that were left there.
    """

    seen: int = 0
    written: int = 0
    skipped: int = 0
    failed: int = 0
    blank: int = 0
    truncated: int = 0
    deleted: int = 0
    surplus: int = 0
    seconds: float = 0.0
    first_failures: list[Outcome] = field(default_factory=list)

    @property
    def unfinished(self) -> int:
        return self.seen - self.written - self.skipped - self.failed

    def count(self, outcome: Outcome) -> None:
        if outcome.status == "written":
            self.written += 1
            self.blank += bool(outcome.note)
            self.truncated += outcome.truncated
        elif outcome.status == "skipped":
            self.skipped += 1
        else:
            self.failed += 1
            if len(self.first_failures) < 10:
                self.first_failures.append(outcome)

    def __str__(self) -> str:
        parts = [f"{self.seen} seen", f"{self.written} written", f"{self.skipped} unchanged", f"{self.failed} failed"]
        parts += [f"{self.unfinished} not finished"] * (self.unfinished > 0)
        parts += [f"{self.blank} of the written without text, stored without vectors"] * (self.blank > 0)
        parts += [f"{self.truncated} of the written longer than the model reads, encoded by their beginning"] * (
            self.truncated > 0
        )
        parts += [f"{self.deleted} deleted that the origin no longer has"] * (self.deleted > 0)
        parts += [f"{self.surplus} more there that the origin does not have"] * (self.surplus > 0)
        return ", ".join(parts)
