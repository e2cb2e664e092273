"""The default install brings what the code imports, and nothing else."""

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
# What is used without an import: uvicorn picks up its two, pip is run to fetch a model from an index.
UNIMPORTED = {"httptools", "uvloop", "pip"}


def imported() -> Iterator[str]:
    for room in ("encoders", "connectors", "plugin"):
        for file in (REPOSITORY / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    yield from (alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    yield node.module.partition(".")[0]


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_package_of_the_default_install_is_imported() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {normalised(re.split(r"[^\w.-]", each)[0]) for each in project["dependencies"]}
    distributions = packages_distributions()
    used = {normalised(name) for module in set(imported()) for name in distributions.get(module, ())}
    assert wanted - used - UNIMPORTED == set()
