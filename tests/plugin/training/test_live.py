"""Training from a real engine, and into one: documents, clicks, BM25 rankings, and the index made anew."""

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from outrider.connectors import (
    Document,
    OpenSearchCluster,
    connect,
    index_documents,
    require_spec,
    spec_for,
    verify,
)
from outrider.plugin.client import SidecarClient
from outrider.plugin.errors import CollectionInvalid
from outrider.plugin.launcher import Engine
from outrider.plugin.training.documents import read_passages
from outrider.plugin.training.spec import Documents, LiveIndex
from outrider.plugin.training.words import read_rankings, word_rankings

from .conftest import DOCUMENTS, Run, texts_of, write_clicks

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


@pytest.fixture(scope="module")
def shop_index(opensearch: Engine) -> LiveIndex:
    cluster = OpenSearchCluster(opensearch.url)
    for id, fields in DOCUMENTS.items():
        cluster.write("PUT", f"/shop-with-clicks/_doc/{id}", fields)
    cluster.write("POST", "/shop-with-clicks/_refresh")
    return LiveIndex(url=opensearch.url, index="shop-with-clicks")


def test_an_index_and_its_click_log_teach_a_model(
    shop_index: LiveIndex, shop: Path, outrider: Run, spec: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    write_clicks(tmp_path / "log.jsonl", texts_of(shop / "train.jsonl"))
    live = shop_index.model_dump()
    given = spec("dense", evaluation={"documents": {"live": live}, "words": live})
    given["data"] = {"source": "clicks", "log": "log.jsonl", "documents": {"live": live}}
    report = json.loads(outrider("train", given, "--json").stdout)
    assert report["data"]["source"] == "clicks, position bias estimated"
    assert report["data"]["chance that a place is looked at"].startswith("1.00, 0.")
    modes = report["evaluation"][0]["modes"]
    assert modes["bm25"]["ndcg@10"]["before"] > 0  # the index was asked
    for mode in ("dense", "fused"):
        assert modes[mode]["ndcg@10"]["after"] > modes[mode]["ndcg@10"]["before"] + 0.1, mode


def test_one_command_serves_a_model_and_moves_the_index_to_it(
    opensearch: Engine,
    shop: Path,
    outrider: Run,
    tmp_path: Path,
    start_sidecar: Callable[..., AbstractContextManager[Any]],
) -> None:
    fresh, served = tmp_path / "fresh", tmp_path / "served"
    _other_dense(shop, fresh, seed=8)
    settings = [
        {"source": str(shop / "dense"), "name": "shop-1"},
        {"source": str(served), "name": "shop-2", "load": "request"},
    ]
    cluster = connect(opensearch.url)
    with (
        start_sidecar(OUTRIDER_MODELS=json.dumps(settings)) as sidecar,
        SidecarClient(sidecar.url, only={"dense": "shop-1"}) as old,
        SidecarClient(sidecar.url, only={"dense": "shop-2"}) as new,
    ):
        spec = spec_for(cluster, "shop-of-1", ("title", "text"), old.models, id_field="id")
        documents = [Document(n, {"id": id, **fields}) for n, (id, fields) in enumerate(DOCUMENTS.items())]
        index_documents(cluster, spec, old, documents)
        cluster.write("POST", "/_aliases", {"actions": [{"add": {"index": "shop-of-1", "alias": "shop"}}]})

        asked = ("publish", fresh, "--to", served, "--name", "shop-2", "--sidecar", sidecar.url)
        moving = ("--cluster", opensearch.url, "--migrate", "shop")
        told = json.loads(outrider(*asked, *moving, "--json").stdout)
        assert (told["name"], told["kind"], told["next_step"]) == ("shop-2", "dense", None)
        assert told["migration"]["old"] == "shop-of-1"
        behind = require_spec(cluster, told["migration"]["new"])
        assert behind.models.dense == new.models.dense
        assert behind.models.dense
        assert behind.models.dense.fingerprint == told["fingerprint"]
        found = verify(cluster, "shop-of-1", behind, new, samples=100)
        assert found.is_right
        assert found.sampled == len(DOCUMENTS)
        # The sidecar serves the former model first; the index says which one it was made with.
        answer = outrider("search", opensearch.url, "shop", "red chair", "--mode", "dense", "--sidecar", sidecar.url)
        assert "red chair" in answer.stdout
        assert "stands for" in outrider(*asked, *moving).stdout  # once more changes nothing

        third = tmp_path / "third"
        _other_dense(shop, third, seed=9)
        refused = outrider("publish", third, *asked[2:], *moving, check=False)
        assert refused.returncode == 1
        assert "could not be searched" in refused.stderr
        with SidecarClient(sidecar.url, only={"dense": "shop-2"}) as still:
            assert still.models.dense == behind.models.dense
    cluster.write("DELETE", "/shop-of-1")
    cluster.write("DELETE", f"/{behind.index}")


def _other_dense(shop: Path, folder: Path, seed: int) -> None:
    """The shop's dense model with other weights."""
    import torch
    from transformers import BertConfig, BertModel

    shutil.copytree(shop / "dense", folder)
    torch.manual_seed(seed)
    BertModel(BertConfig.from_pretrained(folder)).save_pretrained(folder)
