"""One page of a hybrid answer, in the shape that the engine gives its own."""

from collections.abc import Mapping, Sequence
from typing import Any

from outrider.connectors import Answer, IndexSpec

from .simple import Simple


def all_body(asked: Simple) -> dict[str, Any]:
    """The search that counts and aggregates all that matches the words."""
    return {**asked.all, "size": 0}


def page_body(
    spec: IndexSpec, asked: Simple, parameters: Mapping[str, str], ids: Sequence[str], size: int
) -> dict[str, Any]:
    """The search that fetches the documents of a page with all that was asked of them; the words are there to be shown.

    Our own fields stay out of sight, unless they are asked for by name. Hits that were collapsed tell by what.
    """
    query = {"bool": {"filter": [{"ids": {"values": list(ids)}}], "should": [asked.page["query"]]}}
    given = _source_in_url(parameters, asked.page.get("_source", True))
    page = {**asked.page, "query": query, "size": size, "_source": shown(given, spec.own_fields)}
    if asked.collapse is None:
        return page
    return {**page, "docvalue_fields": [*page.get("docvalue_fields", ()), {"field": asked.collapse}]}


def shown(given: Any, own_fields: Sequence[str]) -> Any:
    """A `_source` option that hides our fields too."""
    if given is False:
        return False
    if isinstance(given, str | list):
        given = {"includes": [given] if isinstance(given, str) else given}
    options = dict(given) if isinstance(given, Mapping) else {}
    named = _listed(options, "includes", "include")
    hidden = [field for field in own_fields if not any(each.split(".")[0] == field for each in named)]
    excluded = [*_listed(options, "excludes", "exclude"), *hidden]
    rest = {key: value for key, value in options.items() if key not in ("includes", "include", "excludes", "exclude")}
    return {**rest, **({"includes": named} if named else {}), "excludes": excluded}


def assembled(matching: dict[str, Any], page: Mapping[str, Any], found: Answer, took_ms: int) -> dict[str, Any]:
    """The answer: counts and aggregations of what matches the words, hits in the order of the fusion."""
    by_key = {(hit["_index"], hit["_id"]): hit for hit in page["hits"]["hits"]}
    hits = [
        {**by_key[key], "_score": result.score}
        for result in found.results
        if (key := (result.index, result.id)) in by_key
    ]
    total = _total(matching["hits"].get("total"), found.reachable)
    told = {"total": total} if total is not None else {}
    best = hits[0]["_score"] if hits else None
    return {**matching, "took": took_ms, "hits": {**told, "max_score": best, "hits": hits}}


def reach(matching: Mapping[str, Any], reachable: int) -> int:
    """How many results there are to page through: what matches the words, or what was found, if that is more."""
    total = matching["hits"].get("total", 0)
    return max(total if isinstance(total, int) else int(total["value"]), reachable)


def _total(total: Any, reachable: int) -> Any:
    if total is None:
        return None
    if isinstance(total, int):
        return max(total, reachable)
    return total if total["value"] >= reachable else {"value": reachable, "relation": "eq"}


def _source_in_url(parameters: Mapping[str, str], given: Any) -> Any:
    """The `_source` option, which parameters of the URL replace."""
    plain = parameters.get("_source")
    if plain in ("true", "false"):
        given = plain == "true"
    elif plain:
        given = plain.split(",")
    lists = {
        key: parameters[f"_source_{key}"].split(",")
        for key in ("includes", "excludes")
        if f"_source_{key}" in parameters
    }
    return lists or given


def _listed(options: Mapping[str, Any], *names: str) -> list[str]:
    found = [options[name] for name in names if name in options]
    return [each for value in found for each in ([value] if isinstance(value, str) else value)]
