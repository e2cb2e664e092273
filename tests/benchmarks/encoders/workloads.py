"""What is encoded: documentation as it lies on any machine with Python, and passages for one query."""

import ast
import importlib.metadata
import random
import sysconfig
from pathlib import Path
from typing import Any


def mixed_texts(count: int, tokenizer: Any, shortest: int = 20, longest: int = 500, seed: int = 7) -> list[str]:
    """Docstrings of the standard library and descriptions of installed packages, 20 to 500 tokens, shuffled."""
    texts: list[str] = []
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
        texts += [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, documented)]
    for package in sorted(importlib.metadata.distributions(), key=lambda each: each.name):
        readme = str(package.metadata.get_payload() or "")
        texts += [readme[start : start + 2000] for start in range(0, min(len(readme), 20_000), 2000)]
    random.Random(seed).shuffle(texts)
    chosen = [text for text in texts if shortest <= len(tokenizer.encode(text).ids) <= longest]
    return chosen[:count]


def passages(count: int, tokenizer: Any, tokens: int = 120) -> list[str]:
    """Passages of about that many tokens each."""
    words = " ".join(mixed_texts(400, tokenizer, 100, 500)).split()
    found: list[str] = []
    start = 0
    while len(found) < count:
        stop = start + 30
        while len(tokenizer.encode(" ".join(words[start : stop + 1])).ids) <= tokens:
            stop += 1
        found.append(" ".join(words[start:stop]))
        start = stop
    return found
