"""An index described in a file: YAML or TOML, checked key by key."""

from .declared import Declared, declare
from .read import read_spec_file
from .tree import spec_schema
from .write import spec_as_yaml

__all__ = ["Declared", "declare", "read_spec_file", "spec_as_yaml", "spec_schema"]
