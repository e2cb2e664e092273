"""From the spec's data to examples, whatever the source, with a few facts about them for the report."""

from collections.abc import Mapping
from typing import Any

from ..errors import CollectionInvalid
from .clicks import estimate_propensities, graded, read_clicks, relevance
from .documents import Passage, read_passages
from .examples import Example, of_grades, read_examples
from .pseudo import pseudo_examples
from .spec import Clicks, Judged, TrainSpec, Unlabelled

Facts = dict[str, Any]


def examples_of(spec: TrainSpec) -> tuple[list[Example], Mapping[str, Passage], Facts]:
    """Examples, the documents that further negatives may be found among (none where the source has none), and facts."""
    data = spec.data
    if isinstance(data, Judged):
        examples = read_examples(data)
        passages = read_passages(data.documents) if data.documents else {}
        return examples, passages, {"source": "judged queries"}
    passages = read_passages(data.documents)
    if isinstance(data, Unlabelled):
        examples = pseudo_examples(passages, data.per_document, data.limit)
        return examples, passages, {"source": "queries made of titles, headings and telling words"}
    return _of_clicks(data, passages)


def _of_clicks(data: Clicks, passages: Mapping[str, Passage]) -> tuple[list[Example], Mapping[str, Passage], Facts]:
    log = read_clicks(data.log)
    facts: Facts = {
        "source": f"clicks, position bias {data.correction}",
        "results shown": len(log.pair),
        "clicks": int(log.clicked.sum()),
        "views of pairs that changed place": f"{100 * log.moved:.0f} %",
    }
    if data.correction == "estimated":
        if not log.moved:
            raise CollectionInvalid(
                f"in {str(data.log)!r} every document keeps its place in all searches of a query, so place and "
                "relevance cannot be told apart; give propensities with correction: given, or use correction: none"
            )
        chances = estimate_propensities(log).tolist()
    else:
        chances = list(data.propensities) or [1.0]
    facts["chance that a place is looked at"] = ", ".join(f"{chance:.2f}" for chance in chances[:10])
    grades = graded(log, relevance(log, chances), data.minimum_views)
    found = [
        of_grades(query, each, passages, data.relevant_from, data.irrelevant_below) for query, each in grades.items()
    ]
    kept = [example for example in found if example.positives]
    if not kept:
        raise CollectionInvalid(
            f"{str(data.log)!r} has no query with a clicked document that was shown {data.minimum_views} times and is "
            "among the documents; lower minimum_views, or check the ids"
        )
    return kept, passages, facts
