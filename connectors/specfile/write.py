"""A spec as the file that declares it."""

from dataclasses import MISSING, Field, asdict, fields, is_dataclass
from typing import Any

import yaml

from ..spec import IndexSpec
from .declared import KINDS

_ELSEWHERE = ("models", "pipelines", "endpoints", "follower")
_MODELS_DECIDE = "dimension"


def as_yaml(spec: IndexSpec) -> str:
    """What differs from the defaults, in the order of the spec; models with their fingerprints."""
    values = {each.name: getattr(spec, each.name) for each in fields(spec) if each.name not in _ELSEWHERE}
    defaults = {each.name: _default(each) for each in fields(spec)}
    shown = {name: _plain(value) for name, value in values.items() if value is not None and value != defaults[name]}
    models: dict[str, Any] = {}
    for kind in KINDS:
        model = getattr(spec.models, kind)
        models[kind] = asdict(model) if model else False
    first = {name: shown.pop(name) for name in ("index", "text_fields")}
    text: str = yaml.safe_dump({**first, "models": models, **shown}, sort_keys=False, allow_unicode=True)
    return text


def _default(each: "Field[Any]") -> Any:
    return each.default if each.default_factory is MISSING else each.default_factory()


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        inside = {each.name: getattr(value, each.name) for each in fields(value) if each.name != _MODELS_DECIDE}
        return {name: _plain(each) for name, each in inside.items() if each is not None}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
