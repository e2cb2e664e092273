"""The reference pages say what the code says."""

from pathlib import Path

import pytest

from outrider.plugin.reference import PAGES

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_would_write(name: str) -> None:
    remedy = "python -m outrider.plugin.reference docs/reference"
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), f"{name} is stale: {remedy}"


@pytest.mark.parametrize("name", PAGES)
def test_every_row_says_what_it_is(name: str) -> None:
    lines = PAGES[name]().splitlines()
    rows = [line.split("|")[-2] for line in lines if line.startswith("| `")]
    rows += [line.partition(": ")[2] for line in lines if line.startswith("* `")]
    assert rows
    assert all(row.strip() for row in rows)
