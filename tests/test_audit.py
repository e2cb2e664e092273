"""The audit of dependencies fails for what is known, and never passes in silence."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SOUND = {"name": "numpy", "version": "2.4", "vulns": []}
FLAWED = {"name": "old", "version": "1.0", "vulns": [{"id": "CVE-2025-1", "fix_versions": ["1.1", "2.0"]}]}
UNKNOWN = {"name": "lost", "skip_reason": "not found"}


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    path = Path(__file__).resolve().parents[1] / ".ci" / "audit.py"
    spec = importlib.util.spec_from_file_location("audit", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_known_vulnerability_fails_and_names_the_cure(audit: ModuleType) -> None:
    status, lines = audit.verdict([SOUND, FLAWED], is_required=False)
    assert status == 1
    assert lines[0] == "VULNERABLE: old 1.0: CVE-2025-1, fixed in 1.1, 2.0"


def test_what_was_not_audited_is_said_and_fails_only_where_it_is_required(audit: ModuleType) -> None:
    status, lines = audit.verdict([SOUND, UNKNOWN], is_required=False)
    assert status == 0
    assert lines == [
        "audited 1 of 2 packages, 0 known vulnerabilities",
        "NOT AUDITED, the database does not answer for lost",
    ]
    assert audit.verdict([UNKNOWN], is_required=False)[1][1].endswith("does not answer for any of them")
    assert audit.verdict([SOUND, UNKNOWN], is_required=True)[0] == 1
    assert audit.verdict([], is_required=True)[0] == 1
    assert audit.verdict([SOUND], is_required=True)[0] == 0
