"""The page in a real headless browser, light and dark, against a real cluster.

The browser is the system's: no package registry that Python's installers read has one. Where there is none, and none
can be installed, this one test is left out and says why; test_page.py looks at the same page without it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CHECKS = Path(__file__).parent / "browser_checks.py"


@pytest.mark.engine
def test_the_page_works_in_a_browser(asked: Any, chromium: str, tmp_path: Path) -> None:
    screenshots = Path(os.environ.get("OUTRIDER_SCREENSHOTS", tmp_path))
    beside = Path(sys.executable).parent / "uv"
    uv = str(beside) if beside.is_file() else shutil.which("uv")
    command = [str(uv), "run", "--quiet", "--no-project", "--script", str(CHECKS)]
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(
        [*command, asked.url, chromium, str(screenshots)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert len(done.stdout.splitlines()) == 10
    assert all((screenshots / f"{scheme}.png").stat().st_size > 20_000 for scheme in ("light", "dark"))
