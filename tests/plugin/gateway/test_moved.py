from dataclasses import replace
from typing import Any

import pytest

from outrider.connectors import DenseField, IndexSpec, ModelIdentity, Models
from outrider.plugin.gateway.moved import goes_again, is_in_doubt

OLD = IndexSpec("shop", ("title",), Models(ModelIdentity("old", "o1"), dimension=3), DenseField(3))
NEW = replace(OLD, models=Models(ModelIdentity("new", "n1"), dimension=3))
MOVING = replace(OLD, follower="shop-2")
BLOCKED: dict[str, Any] = {"_index": "shop-1", "status": 403, "error": {"type": "cluster_block_exception"}}
REFUSED: dict[str, Any] = {"_index": "shop-1", "status": 400, "error": {"type": "mapper_parsing_exception"}}


@pytest.mark.parametrize(
    ("told", "before", "now", "again"),
    [
        (BLOCKED, OLD, MOVING, True),
        (BLOCKED, None, MOVING, True),  # a deletion
        (BLOCKED, OLD, OLD, False),  # blocked by somebody else, for good
        (BLOCKED, OLD, None, False),
        ({**BLOCKED, "error": {"type": "security_exception"}}, OLD, MOVING, False),
        (REFUSED, OLD, NEW, True),
        (REFUSED, OLD, OLD, False),
        (REFUSED, None, NEW, False),
        ({"_index": "shop-1", "status": 409, "error": {}}, OLD, NEW, False),
        ({"_index": "shop-2", "status": 201}, OLD, NEW, False),
    ],
)
def test_a_refused_write_goes_again_where_its_spec_changed_or_the_alias_is_moving(
    told: dict[str, Any], before: IndexSpec | None, now: IndexSpec | None, again: bool
) -> None:
    assert goes_again(told, before, now) is again


def test_an_answer_from_another_index_or_a_refusal_is_in_doubt() -> None:
    assert is_in_doubt({"_index": "shop-2", "status": 201}, "shop-1")
    assert is_in_doubt(REFUSED, "shop-1")
    assert not is_in_doubt({"_index": "shop-1", "status": 201}, "shop-1")
    assert not is_in_doubt({"result": "created"}, "shop-1")  # filter_path left the index out
