"""Which queries are measured."""

from outrider.plugin.evaluation import JudgedQueries
from outrider.plugin.training.measure import drawn

JUDGED = JudgedQueries({f"q{i}": f"text {i}" for i in range(50)}, {f"q{i}": {"d": 1.0} for i in range(50)})


def test_the_same_queries_are_drawn_for_the_same_seed_whatever_their_order() -> None:
    backwards = JudgedQueries(dict(reversed(JUDGED.texts.items())), JUDGED.qrels)
    some = drawn(JUDGED, 8, seed=1)
    assert len(some.texts) == 8
    assert some == drawn(backwards, 8, seed=1)
    assert set(some.texts) != set(drawn(JUDGED, 8, seed=2).texts)
    assert some.qrels == {id: JUDGED.qrels[id] for id in some.texts}


def test_as_many_as_there_are_can_be_measured() -> None:
    for limit in (None, 50, 60):
        assert drawn(JUDGED, limit, seed=1) is JUDGED
