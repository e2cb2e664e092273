"""A file's text as values, and the line of each of its keys."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import yaml

Path = tuple[str | int, ...]
Lines = dict[Path, int]


class Malformed(ValueError):
    """Not what its suffix says; `line` is where."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def read_yaml(text: str) -> tuple[Any, Lines]:
    """Plain YAML: no aliases, no tags of Python, no key twice. Raises Malformed."""
    try:
        alias = next((event for event in yaml.parse(text, yaml.SafeLoader) if isinstance(event, yaml.AliasEvent)), None)
        if alias is not None:
            raise Malformed("aliases (*name) are not read here; write the value out", alias.start_mark.line + 1)
        root = yaml.compose(text, yaml.SafeLoader)
        lines = dict(_nodes(root, ())) if root is not None else {}
        return yaml.safe_load(text), lines
    except yaml.MarkedYAMLError as err:
        line = (err.problem_mark.line + 1) if err.problem_mark else 1
        raise Malformed(f"this is not YAML: {err.problem or err}", line) from err
    except (yaml.YAMLError, RecursionError) as err:
        raise Malformed(f"this is not YAML: {err}", 1) from err


def read_toml(text: str) -> tuple[Any, Lines]:
    """Raises Malformed."""
    try:
        return tomllib.loads(text), dict(_toml_keys(text))
    except tomllib.TOMLDecodeError as err:
        found = re.search(r"at line (\d+)", str(err))
        raise Malformed(f"this is not TOML: {err}", int(found.group(1)) if found else text.count("\n") + 1) from err


def line_of(lines: Lines, path: Path) -> int:
    """The line of a key, or of the nearest key around it; 1 at the top."""
    return next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), 1)


def _nodes(node: Any, path: Path) -> Iterator[tuple[Path, int]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen:
                raise Malformed(f"the key '{name}' stands here a second time", line)
            seen.add(name)
            yield (*path, name), line
            yield from _nodes(value, (*path, name))
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            yield (*path, place), value.start_mark.line + 1
            yield from _nodes(value, (*path, place))


def _toml_keys(text: str) -> Iterator[tuple[Path, int]]:
    """Tables and keys that begin a line: enough to say where something is wrong."""
    table: Path = ()
    for line, content in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", content):
            table = _dotted(header.group(1))
            yield table, line
        elif key := re.match(r"\s*([\w.\"'-]+)\s*=", content):
            yield (*table, *_dotted(key.group(1))), line


def _dotted(name: str) -> Path:
    return tuple(part.strip(" \t\"'") for part in name.split("."))
