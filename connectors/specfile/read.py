"""A spec file read and checked; what is wrong is said with file, line, key, value and remedy."""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ..errors import BadSpec
from .declared import Declared, declare
from .positions import Lines, Malformed, line_of, read_toml, read_yaml
from .tree import TREE

_READERS = {".yaml": read_yaml, ".yml": read_yaml, ".toml": read_toml}
_LARGEST = 1_000_000


def read(path: Path) -> Declared:
    """What a file declares. Raises BadSpec, which names every mistake with its line."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise BadSpec(f"{path} is no spec file by its name; call it {', '.join(f'*{each}' for each in _READERS)}")
    text = _text(path)
    try:
        tree, lines = reader(text)
    except Malformed as err:
        raise BadSpec(f"{path}:{err.line}: {err}") from err
    if not isinstance(tree, Mapping):
        raise BadSpec(f"{path}:1: a spec file holds keys such as 'index: products', this one holds {_short(tree)}")
    try:
        checked = TREE.model_validate_json(json.dumps(tree, default=str), strict=True)
    except ValidationError as err:
        raise BadSpec("\n".join(_told(path, lines, each) for each in _one_a_key(err))) from err
    try:
        return declare(checked.model_dump(exclude_unset=True))
    except BadSpec as err:
        raise BadSpec(f"{path}: {err}") from err


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise BadSpec(f"{path} has {path.stat().st_size} bytes; a spec file has {_LARGEST} at most")
        return path.read_text(encoding="utf-8")
    except OSError as err:
        raise BadSpec(f"the spec file {path} cannot be read: {err.strerror}") from err
    except UnicodeDecodeError as err:
        raise BadSpec(f"the spec file {path} is not UTF-8: byte {err.start} is {err.object[err.start]:#04x}") from err


def _one_a_key(err: ValidationError) -> list[ErrorDetails]:
    """A key that may be of several types fails by each of them; one sentence is enough."""
    found: dict[tuple[str | int, ...], ErrorDetails] = {}
    for each in err.errors(include_url=False):
        path = each["loc"][:2] if each["loc"][0] == "models" else each["loc"]
        found.setdefault(path, {**each, "loc": path})
    return list(found.values())


def _told(path: Path, lines: Lines, error: ErrorDetails) -> str:
    where = ".".join(map(str, error["loc"]))
    return f"{path}:{line_of(lines, error['loc'])}: {where}: {_sentence(error)}"


def _sentence(error: ErrorDetails) -> str:
    if error["type"] == "missing":
        return "this key is missing; add it"
    if error["type"] == "extra_forbidden":
        known = _keys(error["loc"][:-1])
        near = get_close_matches(str(error["loc"][-1]), known, 1)
        return "this key is not known; " + (f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known)}")
    if error["loc"][0] == "models":
        return f"{_short(error['input'])} names no model; write its name, name and fingerprint, or false for none"
    message = error["msg"].removeprefix("Input ")
    return f"{_short(error['input'])} does not go here: it {message[0].lower()}{message[1:]}"


def _keys(path: tuple[str | int, ...]) -> list[str]:
    fields = TREE.model_fields
    for name in path:
        if isinstance(name, int):  # a place in a list, whose items are all alike
            continue
        annotation: Any = fields[name].annotation
        inside = next((each for each in get_args(annotation) if hasattr(each, "model_fields")), annotation)
        fields = inside.model_fields
    return list(fields)


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
