"""Commands as a user types them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Command:
    """`outrider`, run in a folder; `usual` are environment variables of every run."""

    folder: Path
    usual: Mapping[str, str] = field(default_factory=dict)

    def __call__(
        self, *arguments: object, check: bool = True, answer: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """To its end. `check`: it must succeed; in no case may it end in a traceback."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(answer, timeout=600)
        assert not check or process.returncode == 0, err + out
        assert "Traceback" not in err, err
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def start(self, *arguments: object, **environment: str) -> "subprocess.Popen[str]":
        """While it runs."""
        return subprocess.Popen(
            [sys.executable, "-m", "outrider.plugin.cli", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env={**os.environ, **self.usual, **environment},
        )


@pytest.fixture
def outrider(tmp_path: Path) -> Command:
    return Command(tmp_path)
