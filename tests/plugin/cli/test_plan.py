"""`outrider spec`, `plan`, `apply` and `destroy`, as a user types them, on a real engine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from outrider.plugin.launcher import Engine

SPEC = """\
index: cli-planned
text_fields: [title, body]
chunks: {by: paragraph, title: title}
"""


def outrider(folder: Path, *arguments: str, code: int = 0, answer: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-m", "outrider.plugin.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        input=answer,
        env=dict(os.environ),
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == code, done.stderr + done.stdout
    return done.stdout + done.stderr


def test_the_schema_is_printed_for_editors(tmp_path: Path) -> None:
    assert json.loads(outrider(tmp_path, "spec", "schema"))["properties"]["fusion"]["enum"]


def test_a_mistake_is_said_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC + "fusoin: rrf\n")
    said = outrider(tmp_path, "plan", "spec.yaml", "http://127.0.0.1:9", code=1)
    assert "spec.yaml:4: fusoin: this key is not known; did you mean 'fusion'?" in said


@pytest.mark.engine
def test_from_a_file_to_an_index_and_back(opensearch: Engine, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC)
    planned = ("plan", "spec.yaml", opensearch.url)
    assert "index 'cli-planned' is made" in outrider(tmp_path, *planned, "--detailed-exitcode", code=2)
    assert "+ chunks.by: paragraph" in outrider(tmp_path, "apply", "spec.yaml", opensearch.url)
    assert "nothing would change" in outrider(tmp_path, *planned, "--detailed-exitcode")
    long = "\n\n".join(f"Paragraph {n} speaks of {what}. " * 20 for n, what in enumerate(["bread", "trains", "herons"]))
    lines = [{"_id": "long", "title": "Notes", "body": long}, {"_id": "short", "title": "Cars", "body": "A red car."}]
    (tmp_path / "docs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    report = json.loads(outrider(tmp_path, "index", opensearch.url, "cli-planned", "docs.jsonl", "--json"))
    assert (report["written"], report["truncated"]) == (2, 0)
    found = json.loads(outrider(tmp_path, "search", opensearch.url, "cli-planned", "a wading bird", "--json"))
    assert found["results"][0]["id"] == "long"
    assert "herons" in found["results"][0]["excerpt"]["text"]
    (tmp_path / "again.yaml").write_text(outrider(tmp_path, "spec", "show", opensearch.url, "cli-planned"))
    assert "nothing would change" in outrider(tmp_path, "plan", "again.yaml", opensearch.url)
    refused = outrider(tmp_path, "destroy", "spec.yaml", opensearch.url, answer="n\n", code=1)
    assert "the vectors of 2 of its 2 documents" in refused
    outrider(tmp_path, "destroy", "spec.yaml", opensearch.url, "--yes")
    hits = httpx.get(f"{opensearch.url}/cli-planned/_search").json()["hits"]["hits"]
    assert {hit["_id"]: sorted(hit["_source"]) for hit in hits} == {
        "long": ["body", "title"],
        "short": ["body", "title"],
    }
    assert "nothing of ours" in outrider(tmp_path, "destroy", "spec.yaml", opensearch.url, "--yes")
    httpx.delete(f"{opensearch.url}/cli-planned")
