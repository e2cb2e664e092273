"""Each protocol's words for the query side and the document side."""

from ..errors import BadRequest
from ..served import Task

_WORDS: dict[Task, tuple[str, ...]] = {
    "query": ("query", "search_query", "search", "retrieval.query", "question", "internal_search"),
    "document": (
        "document",
        "passage",
        "search_document",
        "ingest",
        "retrieval.passage",
        "internal_ingest",
        "classification",
        "clustering",
        "text-matching",
        "separation",
        "unspecified",
    ),
}
_TASKS = {word: task for task, words in _WORDS.items() for word in words}


def side(word: str | None, field: str, route_task: Task | None = None) -> Task | None:
    """The side that a request's word means; without one, the side that the route says. Raises BadRequest."""
    if word is None:
        return route_task
    task = _TASKS.get(word.lower())
    if task is None:
        known = "; ".join(f"{side}: {', '.join(words)}" for side, words in _WORDS.items())
        raise BadRequest(f"{field} {word!r} says neither query nor document; known are {known}")
    return task
