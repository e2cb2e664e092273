"""How long a run has trained, over all its interruptions."""

import json
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Clock:
    """Wall-clock and CPU seconds of training; kept in a file, so that a resumed run goes on counting."""

    path: Path
    wall_s: float = 0.0
    cpu_s: float = 0.0
    _wall_from_s: float = 0.0
    _cpu_from_s: float = 0.0

    def start(self) -> None:
        """Count from what the file says."""
        if self.path.is_file():
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            self.wall_s, self.cpu_s = kept["wall_s"], kept["cpu_s"]
        self._wall_from_s, self._cpu_from_s = time.monotonic(), time.process_time()

    def tick(self) -> None:
        """Count the time since the last tick."""
        wall_s, cpu_s = time.monotonic(), time.process_time()
        self.wall_s += wall_s - self._wall_from_s
        self.cpu_s += cpu_s - self._cpu_from_s
        self._wall_from_s, self._cpu_from_s = wall_s, cpu_s

    def save(self) -> None:
        """Keep the count."""
        self.path.write_text(json.dumps({"wall_s": self.wall_s, "cpu_s": self.cpu_s}), encoding="utf-8")

    def used(self, max_minutes: float | None, max_cpu_minutes: float | None) -> float:
        """The share of the time that is used up; 0 without a limit."""
        wall = self.wall_s / (60 * max_minutes) if max_minutes else 0.0
        cpu = self.cpu_s / (60 * max_cpu_minutes) if max_cpu_minutes else 0.0
        return max(wall, cpu)
