"""An index described in a file: YAML or TOML, checked key by key."""

from .declared import Declared, declare
from .read import read_spec_file
from .tree import spec_schema

__all__ = ["Declared", "declare", "read_spec_file", "spec_schema"]
