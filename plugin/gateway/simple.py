"""Which searches can be answered by meaning too: those that ask for words in a text field, and filter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from outrider.connectors import IndexSpec

Query = Mapping[str, Any]

DEEPEST = 10_000  # index.max_result_window, by default


def names(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


# What of a search shapes the hits of a page, and what is about all that matches.
_OF_A_PAGE = names("_source fields docvalue_fields stored_fields script_fields highlight version seq_no_primary_term")
_OF_ALL = names("aggs aggregations suggest track_total_hits stats")
_OF_BOTH = names("timeout runtime_mappings derived")
_KNOWN = _OF_A_PAGE | _OF_ALL | _OF_BOTH | names("query post_filter size from collapse sort")
# The order that there is without one.
_BY_SCORE: tuple[Any, ...] = ("_score", {"_score": "desc"}, {"_score": {"order": "desc"}}, {"_score": {}})
# Parameters that change how, not what, is searched, or that are handled here.
_PARAMETERS = names("""
    q df default_operator analyzer analyze_wildcard lenient size from timeout track_total_hits stats format search_type
    _source _source_includes _source_excludes stored_fields docvalue_fields version seq_no_primary_term typed_keys
    rest_total_hits_as_int ignore_unavailable allow_no_indices expand_wildcards ignore_throttled request_cache
    preference batched_reduce_size pre_filter_shard_size max_concurrent_shard_requests ccs_minimize_roundtrips
    allow_partial_search_results pretty human error_trace filter_path outrider
""")
_WORDS_ONLY = frozenset('+-=&|><!(){}[]^"~*?:\\/')
_OPERATORS = frozenset(("AND", "OR", "NOT", "TO"))


class NotSimple(Exception):
    """The search goes through as it is; the text says why."""


@dataclass(frozen=True, slots=True)
class Simple:
    """A search for words: the words, the query as it was asked, what else must match, and which page is wanted.

    Of the documents with the same value in the field `collapse`, the best is wanted.
    """

    text: str
    query: Query
    filter: Query | None
    collapse: str | None
    offset: int
    size: int
    all: Mapping[str, Any]
    page: Mapping[str, Any]


def understood(spec: IndexSpec, parameters: Mapping[str, str], body: Mapping[str, Any]) -> Simple:
    """What a search asks for. Raises NotSimple."""
    _check_known(parameters, body)
    query = _asked_in_url(parameters) if "q" in parameters else body.get("query")
    if not isinstance(query, Mapping):
        raise NotSimple("no query")
    text, filters = _words(spec, query)
    if not text.strip():
        raise NotSimple("no words")
    post_filter = body.get("post_filter")
    filters += [post_filter] if post_filter else []
    offset, size = _number(parameters, body, "from", 0), _number(parameters, body, "size", 10)
    if size == 0:
        raise NotSimple("size=0")
    if offset + size > DEEPEST:
        raise NotSimple(f"page beyond {DEEPEST}")
    shared = {"query": query, **{key: body[key] for key in _OF_BOTH if key in body}}
    return Simple(
        text,
        {"bool": {"must": [query], "filter": [post_filter]}} if post_filter else query,
        {"bool": {"filter": filters}} if filters else None,
        _collapse(body.get("collapse")),
        offset,
        size,
        {**shared, **{key: body[key] for key in (*_OF_ALL, "post_filter") if key in body}},
        {**shared, **{key: body[key] for key in _OF_A_PAGE if key in body}},
    )


def _check_known(parameters: Mapping[str, str], body: Mapping[str, Any]) -> None:
    unknown = sorted(body.keys() - _KNOWN)
    if unknown:
        raise NotSimple(unknown[0])
    sort = body.get("sort", "_score")
    if (sort if isinstance(sort, list) else [sort]) not in [[each] for each in _BY_SCORE]:
        raise NotSimple("sort")
    if parameters.get("search_type", "query_then_fetch") != "query_then_fetch":
        raise NotSimple("search_type")
    if parameters.get("format", "json") != "json":
        raise NotSimple("format")
    others = sorted(parameters.keys() - _PARAMETERS)
    if others:
        raise NotSimple(others[0])


def _collapse(asked: Any) -> str | None:
    """The field that is collapsed by; the other documents of a group cannot be told."""
    if asked is None:
        return None
    if not isinstance(asked, Mapping) or not isinstance(asked.get("field"), str):
        raise NotSimple("collapse")
    if others := sorted(asked.keys() - {"field", "max_concurrent_group_searches"}):
        raise NotSimple(f"collapse with {others[0]}")
    return str(asked["field"])


def _asked_in_url(parameters: Mapping[str, str]) -> Query:
    """What `q=` and its like ask for, as a query."""
    options = {key: parameters[key] for key in ("default_operator", "analyzer") if key in parameters}
    options |= {"default_field": parameters["df"]} if "df" in parameters else {}
    flags = {key: parameters[key] != "false" for key in ("analyze_wildcard", "lenient") if key in parameters}
    return {"query_string": {"query": parameters["q"], **options, **flags}}


def _words(spec: IndexSpec, query: Query) -> tuple[str, list[Query]]:
    """The one text that a query scores by, and what it filters by. Raises NotSimple."""
    if len(query) != 1:
        raise NotSimple("query of several kinds")
    ((kind, asked),) = query.items()
    if not isinstance(asked, Mapping):
        raise NotSimple(f"query {kind}")
    if kind == "match":
        return _match(spec, asked), []
    if kind in ("multi_match", "query_string", "simple_query_string"):
        return _several_fields(spec, kind, asked), []
    if kind == "bool":
        return _bool(spec, asked)
    raise NotSimple(f"query {kind}")


def _match(spec: IndexSpec, asked: Query) -> str:
    if len(asked) != 1:
        raise NotSimple("match of several fields")
    ((field, options),) = asked.items()
    _check_field(spec, [field])
    return _text(options.get("query") if isinstance(options, Mapping) else options, "match")


def _several_fields(spec: IndexSpec, kind: str, asked: Query) -> str:
    fields = asked.get("fields") or ([asked["default_field"]] if asked.get("default_field") else [])
    if kind == "multi_match" and str(asked.get("type", "best_fields")).startswith(("phrase", "bool_prefix")):
        raise NotSimple(f"multi_match {asked['type']}")
    if not isinstance(fields, list | tuple):
        fields = [fields]
    if fields:
        _check_field(spec, [str(field) for field in fields])
    text = _text(asked.get("query"), kind)
    if kind != "multi_match" and (not _WORDS_ONLY.isdisjoint(text) or not _OPERATORS.isdisjoint(text.split())):
        raise NotSimple(f"{kind} with operators")
    return text


def _bool(spec: IndexSpec, asked: Query) -> tuple[str, list[Query]]:
    if asked.keys() - {"must", "should", "filter", "must_not", "boost", "_name", "minimum_should_match"}:
        raise NotSimple("query bool")
    scoring = [*_clauses(asked, "must"), *_clauses(asked, "should")]
    if len(scoring) != 1:
        raise NotSimple("no scoring clause" if not scoring else "several scoring clauses")
    text, filters = _words(spec, scoring[0])
    excluded = _clauses(asked, "must_not")
    filters += _clauses(asked, "filter")
    return text, [*filters, {"bool": {"must_not": excluded}}] if excluded else filters


def _clauses(asked: Query, name: str) -> list[Query]:
    found = asked.get(name) or []
    clauses = found if isinstance(found, list) else [found]
    if not all(isinstance(clause, Mapping) for clause in clauses):
        raise NotSimple("query bool")
    return list(clauses)


def _check_field(spec: IndexSpec, fields: list[str]) -> None:
    """At least one of them is a text field of the spec, or a sub-field of one."""
    for field in fields:
        name = field.partition("^")[0]
        if "*" in name or any(name == text or name.startswith(f"{text}.") for text in spec.text_fields):
            return
    raise NotSimple("no text field of the spec")


def _text(given: Any, kind: str) -> str:
    if not isinstance(given, str):
        raise NotSimple(f"{kind} without a text")
    return given


def _number(parameters: Mapping[str, str], body: Mapping[str, Any], name: str, default: int) -> int:
    given = parameters.get(name, body.get(name, default))
    if isinstance(given, bool) or not str(given).isdigit():
        raise NotSimple(name)
    return int(given)
