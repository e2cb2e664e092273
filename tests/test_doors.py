"""Three rooms, doors that open one way: plugin -> connectors, encoders; those two know nothing of each other."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_ENTER = {"encoders": set(), "connectors": set(), "plugin": {"encoders", "connectors"}}
ROOMS = set(MAY_ENTER)


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_imports_only_through_its_doors(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        for module in imported_modules(path):
            first, *rest = module.split(".")
            where = f"{path.relative_to(ROOT)} imports {module}"
            assert first not in ROOMS, f"{where}: the import name is outrider.{module}"
            if first == "outrider" and rest[0] in ROOMS:
                assert rest[0] in MAY_ENTER[room], f"{where}: that door is closed"


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_importing_a_room_loads_nothing_heavy(room: str) -> None:
    heavy = ("torch", "transformers", "onnxruntime", "openvino", "onnx", "sentence_transformers")
    code = f"import sys, outrider.{room}; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
