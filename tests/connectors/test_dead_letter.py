import json
from pathlib import Path

import pytest

from outrider.connectors import DeadLetterUnwritable, Outcome
from outrider.connectors.dead_letter import DeadLetters


def failure(**document: object) -> Outcome:
    return Outcome(3, "x", "failed", "no good", document=document)


def test_no_failure_makes_no_file(tmp_path: Path) -> None:
    with DeadLetters(tmp_path / "letters") as letters:
        letters.write([])
    assert not (tmp_path / "letters").exists()


def test_a_failure_stands_in_the_file_at_once_with_all_that_is_known(tmp_path: Path) -> None:
    with DeadLetters(tmp_path / "letters") as letters:
        letters.write([failure(title="café")])
        (line,) = (tmp_path / "letters").read_text().splitlines()
    assert json.loads(line) == {"position": 3, "id": "x", "reason": "no good", "document": {"title": "café"}}


def test_letters_of_an_earlier_run_are_kept(tmp_path: Path) -> None:
    for _ in range(2):
        with DeadLetters(tmp_path / "letters") as letters:
            letters.write([failure()])
    assert len((tmp_path / "letters").read_text().splitlines()) == 2


def test_half_a_character_pair_can_be_written_down(tmp_path: Path) -> None:
    with DeadLetters(tmp_path / "letters") as letters:
        letters.write([failure(title="\ud83d")])
    assert json.loads((tmp_path / "letters").read_text())["document"] == {"title": "\ud83d"}


def test_a_full_disk_is_said_with_the_file_and_the_remedy() -> None:
    with (
        DeadLetters(Path("/dev/full")) as letters,
        pytest.raises(DeadLetterUnwritable, match=r"/dev/full.*space.*again"),
    ):
        letters.write([failure()])
