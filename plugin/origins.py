"""Where each setting's value comes from: what `outrider config` prints."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from pydantic_settings import EnvSettingsSource, TomlConfigSettingsSource

from .settings import Settings, chosen_file, read_settings


@dataclass(frozen=True, slots=True)
class Origin:
    """One setting: its dotted name, its value, and who gave it."""

    name: str
    value: Any
    source: str

    @property
    def shown(self) -> Any:
        """The value as JSON."""
        return to_jsonable_python(self.value)


def origins(file: str | Path | None = None, flags: Mapping[str, Any] | None = None) -> list[Origin]:
    """Every setting of the resolved tree. Raises SettingsInvalid as `read_settings` does."""
    settings = read_settings(file, flags)
    path = chosen_file(file)
    sources: dict[str, Mapping[str, Any]] = {
        "flag": {name: value for name, value in (flags or {}).items() if value is not None},
        "environment": EnvSettingsSource(Settings)(),
        f"file {path}": TomlConfigSettingsSource(Settings, path)() if path else {},
    }
    return [Origin(name, value, _source(name, sources)) for name, value in _leaves(settings)]


def _leaves(tree: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name in type(tree).model_fields:
        value = getattr(tree, name)
        if isinstance(value, BaseModel):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _source(name: str, sources: Mapping[str, Mapping[str, Any]]) -> str:
    """The first source that has the setting: the order of the sources is their precedence."""
    return next((source for source, given in sources.items() if _has(given, name.split("."))), "default")


def _has(given: Any, path: list[str]) -> bool:
    for part in path:
        if isinstance(given, BaseModel):
            given = given.model_dump(exclude_unset=True)
        if not isinstance(given, Mapping) or part not in given:
            return False
        given = given[part]
    return True
