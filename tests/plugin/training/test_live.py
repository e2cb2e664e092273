"""Documents and BM25 rankings out of a real engine."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from outrider.connectors import OpenSearchCluster
from outrider.plugin.errors import CollectionInvalid
from outrider.plugin.launcher import Engine
from outrider.plugin.training.documents import read_passages
from outrider.plugin.training.spec import Documents, LiveIndex
from outrider.plugin.training.words import read_rankings, word_rankings

from .conftest import DOCUMENTS

pytestmark = pytest.mark.engine
INDEX = "shop-to-train-on"


@pytest.fixture(scope="module")
def live(opensearch: Engine) -> LiveIndex:
    cluster = OpenSearchCluster(opensearch.url)
    for number in range(13):
        for id, fields in DOCUMENTS.items():
            # Fifty pages would take long; five hundred documents and some more are two.
            cluster.write("PUT", f"/{INDEX}/_doc/{number}-{id}", {**fields, "price": number})
    cluster.write("POST", f"/{INDEX}/_refresh")
    return LiveIndex(url=opensearch.url, index=INDEX)


def test_every_document_is_read_once(live: LiveIndex) -> None:
    passages = read_passages(Documents(live=live))
    assert len(passages) == 13 * len(DOCUMENTS)
    assert passages["12-red-chair"].text == "red chair a chair in red for every room"
    assert len(read_passages(Documents(live=live, limit=7))) == 7


def test_an_index_is_asked_once(live: LiveIndex, tmp_path: Path) -> None:
    keep = tmp_path / "words.jsonl"
    seen: list[tuple[int, int]] = []

    def ask(queries: list[str], source: Any = live, show: Callable[[int, int], None] | None = None) -> Any:
        return word_rankings(source, ("title", "text"), queries, 20, keep, show)

    first = ask(["red chair", "lamp", " "], show=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (3, 3)
    assert len(first["red chair"]) == 20
    assert all(id.endswith("red-chair") for id, _ in first["red chair"][:13])
    assert first[" "] == []
    assert ask(["lamp"], LiveIndex(url="http://127.0.0.1:1", index="gone")) == {"lamp": first["lamp"]}
    assert read_rankings(keep)["lamp"] == first["lamp"]
    with pytest.raises(CollectionInvalid, match="has no ranking of 1 of 1 queries, among them 'kettle'"):
        ask(["kettle"], keep)
    keep.write_text("{")
    with pytest.raises(CollectionInvalid, match="line 1"):
        read_rankings(keep)
