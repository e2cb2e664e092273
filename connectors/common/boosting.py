"""Business fields as factors on a query's scores, and as values told with each hit."""

from typing import Any

from ..boosts import DAY_MS, Boost
from ..spec import IndexSpec
from .query import Query

_SATURATION = "double v = doc[params.field].value; return v / (v + params.pivot);"


def boosted_query(spec: IndexSpec, query: Query) -> Query:
    """The query with each score multiplied by what `boosts.factor` gives for the document."""
    if not spec.boosts:
        return query
    functions = [{"weight": 1.0}, *map(_function, spec.boosts)]
    return {"function_score": {"query": query, "functions": functions, "score_mode": "sum", "boost_mode": "multiply"}}


def told_values(spec: IndexSpec, also: str | None = None) -> dict[str, Any]:
    """The part of a search body that has the business fields told with each hit, and one more field."""
    formats: dict[str, dict[str, str]] = {also: {}} if also else {}
    formats |= {boost.field: {"format": "epoch_millis"} if boost.is_of_date else {} for boost in spec.boosts}
    return {"docvalue_fields": [{"field": name, **format} for name, format in formats.items()]} if formats else {}


def _function(boost: Boost) -> dict[str, Any]:
    return {**(_decay(boost) if boost.function == "decay" else _growth(boost)), "weight": boost.weight}


def _decay(boost: Boost) -> dict[str, Any]:
    place: dict[str, Any] = {"origin": boost.origin, "scale": boost.pivot}
    if boost.is_of_date:
        # The hour as boosts.whole_hour_ms rounds it; date math goes with dates of every format.
        place = {"origin": "now/h", "scale": f"{round(boost.pivot * DAY_MS)}ms"}
    # The filter, because a document without a value would count in full.
    return {"filter": {"exists": {"field": boost.field}}, "exp": {boost.field: {**place, "decay": 0.5}}}


def _growth(boost: Boost) -> dict[str, Any]:
    # The filter, because one negative value would fail the whole search.
    within = {"filter": {"range": {boost.field: {"gte": 0}}}}
    if boost.function == "log1p":
        value = {"field": boost.field, "factor": 1 / boost.pivot, "modifier": "ln1p", "missing": 0}
        return {**within, "field_value_factor": value}
    script = {"source": _SATURATION, "params": {"field": boost.field, "pivot": boost.pivot}}
    return {**within, "script_score": {"script": script}}
