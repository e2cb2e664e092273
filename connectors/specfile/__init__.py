"""An index described in a file: YAML or TOML, checked key by key.

pydantic and YAML load with the first file: whoever reads none does without them.
"""

from pathlib import Path
from typing import Any

from ..spec import IndexSpec
from .declared import Declared

__all__ = ["Declared", "read_spec_file", "spec_as_yaml", "spec_schema"]


def read_spec_file(path: Path) -> Declared:
    """What a file declares. Raises BadSpec, which names every mistake with its line."""
    from .read import read

    return read(path)


def spec_as_yaml(spec: IndexSpec) -> str:
    """The file that declares a spec."""
    from .write import as_yaml

    return as_yaml(spec)


def spec_schema() -> dict[str, Any]:
    """The JSON Schema of spec files, for editors."""
    from .tree import schema

    return schema()
