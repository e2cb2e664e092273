import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.connectors import escape_token, feature_weights, unescape_token
from outrider.connectors.common.features import query_weights


@given(st.text())
def test_an_escaped_token_has_no_dot_and_comes_back_whole(token: str) -> None:
    assert "." not in escape_token(token)
    assert unescape_token(escape_token(token)) == token


def test_ordinary_tokens_stay_as_they_are() -> None:
    assert [escape_token(token) for token in ("cat", "##ine", "c++", "__")] == ["cat", "##ine", "c++", "__"]


@pytest.mark.parametrize("weight", [0.0, -1.0, math.nan, math.inf, 1e-40])
def test_weights_that_the_engine_refuses_are_left_out(weight: float) -> None:
    assert feature_weights({"cat": 1.0, "dog": weight}) == {"cat": 1.0}


def test_the_empty_token_is_left_out() -> None:
    assert feature_weights({"": 1.0}) == {}


def test_a_query_keeps_its_heaviest_terms_within_the_clause_limit() -> None:
    kept = query_weights({f"t{n}": float(n % 60 + 1) for n in range(5000)})
    assert len(kept) == 1023
    assert min(kept.values()) > 40


def test_no_query_weight_is_above_what_neural_sparse_takes() -> None:
    assert query_weights({"cat": 99.5}) == {"cat": 64.0}
