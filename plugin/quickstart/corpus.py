"""A real corpus that every machine has: the documentation in the Python standard library and in installed packages."""

import ast
import inspect
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

# Shorter docstrings say little that a question could find.
_MIN_CHARS = 80
_MAX_CHARS = 4000
_SKIPPED = frozenset({"test", "tests", "idlelib", "lib2to3", "site-packages", "dist-packages", "__pycache__"})


def passages() -> Iterator[Mapping[str, str]]:
    """Documents {_id, title, body, source}, in the same order on every run, none twice."""
    seen: set[str] = set()
    for document in (*_standard_library(), *_installed_packages()):
        if document["body"] not in seen:
            seen.add(document["body"])
            yield document


def _standard_library() -> Iterator[Mapping[str, str]]:
    root = Path(sysconfig.get_path("stdlib"))
    version = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if not _SKIPPED.isdisjoint(parts) or parts[0].startswith("_"):
            continue
        module = ".".join(part for part in parts if part != "__init__")
        for title, body in _docstrings(path, module):
            yield {"_id": title, "title": title, "body": body, "source": version}


def _docstrings(path: Path, module: str) -> Iterator[tuple[str, str]]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return
    yield from _described(tree, module)


def _described(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, name: str
) -> Iterator[tuple[str, str]]:
    body = ast.get_docstring(node) or ""
    if len(body) >= _MIN_CHARS:
        yield name, body[:_MAX_CHARS]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    for child in node.body:
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not child.name.startswith("_"):
            yield from _described(child, f"{name}.{child.name}")


def _installed_packages() -> Iterator[Mapping[str, str]]:
    found = {dist.metadata["Name"]: dist for dist in metadata.distributions() if dist.metadata["Name"]}
    for name in sorted(found, key=str.lower):
        about = found[name].metadata.json
        title = f"{name}: {about.get('summary') or 'a Python package'}"
        source = f"{name} {found[name].version}"
        for number, body in enumerate(_paragraphs(inspect.cleandoc(str(about.get("description", ""))))):
            yield {"_id": f"package-{name}-{number}", "title": title, "body": body, "source": source}


def _paragraphs(text: str) -> Iterator[str]:
    """Blocks between blank lines, joined until they are long enough to stand alone."""
    gathered = ""
    for block in text.split("\n\n"):
        gathered = f"{gathered}\n\n{block}".strip()
        if len(gathered) >= 4 * _MIN_CHARS:
            yield gathered[:_MAX_CHARS]
            gathered = ""
    if len(gathered) >= _MIN_CHARS:
        yield gathered[:_MAX_CHARS]
