"""Two specs, or two mappings, compared key by key."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ..index import FIXED
from ..spec import IndexSpec

Kind = Literal["add", "change", "remove", "conflict"]
_SIGNS: Mapping[Kind, str] = {"add": "+", "change": "~", "remove": "-", "conflict": "!"}


@dataclass(frozen=True, slots=True)
class Change:
    """One key that is not as it should be. A conflict cannot be mended where it is; `why` says what to do."""

    kind: Kind
    key: str
    before: Any = None
    after: Any = None
    why: str = ""

    def __str__(self) -> str:
        told = {
            "add": f"{_shown(self.after)}",
            "remove": f"{_shown(self.before)}",
        }.get(self.kind, f"{_shown(self.before)} -> {_shown(self.after)}")
        return f"{_SIGNS[self.kind]} {self.key}: {told}" + (f"  ({self.why})" if self.why else "")


def spec_changes(stored: IndexSpec | None, wanted: IndexSpec) -> Iterator[Change]:
    """What differs between the spec that an index has and the one it should have."""
    before, after = _flat(stored), _flat(wanted)
    for key in after | before:
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if stored is not None and _is_fixed(key):
            yield Change("conflict", key, old, new, "the stored vectors depend on it: see `outrider migrate`")
        elif old is None:
            yield Change("add", key, after=new)
        elif new is None:
            yield Change("remove", key, before=old)
        else:
            yield Change("change", key, old, new)


def mapping_changes(live: Mapping[str, Any], wanted: Mapping[str, Any], at: str = "mapping") -> Iterator[Change]:
    """Where the live fields are not what we made them: fields that are gone, or are of another kind."""
    for name, field in wanted.items():
        key, found = f"{at}.{name}", live.get(name)
        if found is None:
            yield Change("add", key, after=field.get("type", "object"))
        elif found.get("type", "object") != field.get("type", "object") or not _holds(found, field):
            why = "a field cannot change its kind: make a new index, or name another field"
            yield Change("conflict", key, _without_fields(found), _without_fields(field), why)
        else:
            yield from mapping_changes(found.get("properties", {}), field.get("properties", {}), key)


def _holds(found: Mapping[str, Any], field: Mapping[str, Any]) -> bool:
    """Whether a live field has every option that we gave it; the engine may tell more than was said."""
    for name, value in field.items():
        if name == "properties":
            continue
        inside = isinstance(value, Mapping) and isinstance(found.get(name), Mapping)
        if not (_holds(found[name], value) if inside else str(found.get(name)).lower() == str(value).lower()):
            return False
    return True


def _without_fields(field: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in field.items() if name != "properties"} or {"type": "object"}


def _is_fixed(key: str) -> bool:
    return key.split(".", maxsplit=1)[0] in FIXED and not key.startswith("models.rerank")


def _flat(spec: IndexSpec | None) -> dict[str, Any]:
    return dict(_leaves(asdict(spec), "")) if spec else {}


def _leaves(tree: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        elif value is not None:
            yield f"{prefix}{key}", list(value) if isinstance(value, tuple) else value


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
