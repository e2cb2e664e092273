import re

import pytest

from outrider.connectors.opensearch.settings import HEAP, PRIVATE_IP, TRUSTED, changes_wanted, trusted_pattern

OPEN = {PRIVATE_IP: "true", TRUSTED: ["^http://10\\.0\\.0\\.5:8080/.*$"]}


def test_nothing_is_in_the_way_of_a_trusted_sidecar() -> None:
    assert changes_wanted(OPEN, 20, "http://10.0.0.5:8080") == []


def test_a_pattern_is_added_to_those_that_are_there() -> None:
    (change,) = changes_wanted(OPEN, 20, "http://10.0.0.6:8080")
    assert change.key == TRUSTED
    assert change.wanted == [*OPEN[TRUSTED], "^http://10\\.0\\.0\\.6:8080/.*$"]


@pytest.mark.parametrize(
    ("url", "is_asked"),
    [
        ("http://127.0.0.1:1", True),
        ("http://10.0.0.5:1", True),
        ("http://sidecar:1", True),
        ("http://8.8.8.8:1", False),
    ],
)
def test_private_addresses_must_be_allowed(url: str, is_asked: bool) -> None:
    changes = changes_wanted({PRIVATE_IP: "false", TRUSTED: [trusted_pattern(url)]}, 20, url)
    assert [change.key for change in changes] == [PRIVATE_IP] * is_asked


def test_a_fuller_heap_than_allowed_is_in_the_way() -> None:
    (change,) = changes_wanted({**OPEN, HEAP: "85"}, 90, "http://10.0.0.5:8080")
    assert (change.key, change.wanted) == (HEAP, 100)


def test_the_pattern_trusts_this_address_alone() -> None:
    pattern = trusted_pattern("http://10.0.0.5:8080/")
    assert re.fullmatch(pattern, "http://10.0.0.5:8080/sparse")
    assert not re.fullmatch(pattern, "http://10x0.0.5:8080/sparse")
    assert not re.fullmatch(pattern, "http://10.0.0.5:8080.evil.example/sparse")
