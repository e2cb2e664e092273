"""An alias moved to other vectors and back on a real engine, while applications write."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from outrider.connectors import (
    BadSpec,
    Cluster,
    Document,
    Encoder,
    IndexSpec,
    MigrationStopped,
    ModelIdentity,
    ModelMismatch,
    Models,
    Searcher,
    finish,
    index_documents,
    migrate,
    read_spec,
    require_spec,
    roll_back,
    spec_for_models,
    verify,
)
from outrider.connectors.migration import switch
from outrider.connectors.migration.migrate import name_for

pytestmark = pytest.mark.engine

COUNT = 60
NEW = Models(ModelIdentity("other-dense", "d2"), ModelIdentity("other-sparse", "s2"), None, 4)


@dataclass
class Shop:
    """An alias over an index of two shards, with routed documents and a mapping of its own."""

    cluster: Cluster
    alias: str
    old: IndexSpec
    wanted: IndexSpec

    def put(self, id: str, title: str, routing: str = "") -> None:
        routed = f"?routing={routing}" if routing else ""
        self.cluster.write("PUT", f"/{self.alias}/_doc/{id}{routed}", {"title": title})

    def delete(self, id: str, routing: str = "") -> None:
        self.cluster.write("DELETE", f"/{self.alias}/_doc/{id}" + (f"?routing={routing}" if routing else ""))

    def stored(self, index: str) -> dict[str, Any]:
        self.cluster.write("POST", f"/{index}/_refresh")
        hits = self.cluster.read("POST", f"/{index}/_search", {"size": 1000})["hits"]["hits"]
        return {hit["_id"]: hit["_source"] for hit in hits}

    def titles(self, index: str) -> dict[str, str]:
        return {id: source["title"] for id, source in self.stored(index).items()}

    def behind(self) -> list[str]:
        return list(self.cluster.read("GET", f"/_alias/{self.alias}"))


@pytest.fixture
def shop(cluster: Cluster, spec: IndexSpec, encoder: Encoder) -> Iterator[Shop]:
    alias = f"shop-{uuid4().hex[:8]}"
    mine = {"properties": {"title": {"type": "text", "analyzer": "english"}}}
    cluster.write("PUT", f"/{spec.index}", {"settings": {"number_of_shards": 2}, "mappings": mine})
    old = replace(spec, text_fields=("title",))
    documents = [Document(n, {"id": f"d{n}", "title": f"cat number {n}", "price": n}) for n in range(COUNT)]
    index_documents(cluster, old, encoder, documents)
    actions = [{"add": {"index": spec.index, "alias": alias, "is_write_index": True}}]
    cluster.write("POST", "/_aliases", {"actions": actions})
    shop = Shop(cluster, alias, old, spec_for_models(cluster, old, NEW))
    shop.put("routed", "dog elsewhere", "elsewhere")
    yield shop
    cluster.write("DELETE", f"/{alias}-*?ignore_unavailable=true")


def move(shop: Shop, encoder: Encoder, tmp_path: Path, **options: Any) -> Any:
    return migrate(shop.cluster, shop.alias, shop.wanted, encoder, checkpoint=tmp_path / "c.json", **options)


@pytest.fixture
def other(new_encoder: Callable[..., Any]) -> Any:
    return new_encoder(models=NEW)


def test_an_alias_moves_with_every_document_and_back(shop: Shop, encoder: Encoder, other: Any, tmp_path: Path) -> None:
    steps: list[str] = []
    done = move(shop, other, tmp_path, on_step=steps.append)
    assert shop.behind() == [done.new]
    assert (done.verification.old_count, done.verification.new_count) == (COUNT + 1, COUNT + 1)
    assert done.verification.sampled == 50
    assert "copying" in steps[0]
    assert shop.titles(done.new) == shop.titles(done.old)
    found = shop.stored(done.new)["d7"]
    assert (found["price"], found["outrider"]["models"]) == (7, {"dense": "d2", "sparse": "s2"})
    mapping = shop.cluster.read("GET", f"/{done.new}")[done.new]
    assert mapping["mappings"]["properties"]["title"]["analyzer"] == "english"
    assert mapping["settings"]["index"]["number_of_shards"] == "2"
    assert shop.cluster.read("GET", f"/_alias/{shop.alias}")[done.new]["aliases"][shop.alias] == {
        "is_write_index": True
    }
    spec = require_spec(shop.cluster, shop.alias)
    assert Searcher(shop.cluster, spec, other).search("number 7", "sparse", 1).results[0].id == "d7"
    with pytest.raises(ModelMismatch, match=r"other-dense \(d2\).*counting-dense \(d1\)"):
        Searcher(shop.cluster, spec, encoder)
    shop.put("after", "car after the move")
    shop.delete("d3")
    back = roll_back(shop.cluster, shop.alias, lambda _: encoder)
    assert (back.new, shop.behind()) == (shop.old.index, [shop.old.index])
    assert shop.titles(shop.old.index) == shop.titles(done.new)
    assert shop.stored(shop.old.index)["after"]["outrider"]["models"] == {"dense": "d1", "sparse": "s1"}
    shop.put("d5", "writing goes on")
    again = move(shop, other, tmp_path)
    assert shop.titles(again.new)["d5"] == "writing goes on"
    assert finish(shop.cluster, shop.alias) == shop.old.index
    for index in (again.new, shop.old.index):
        kept = shop.cluster.read("GET", f"/{index}/_mapping")[index]["mappings"]["_meta"]
        assert kept.keys() == {"outrider"}
    assert read_spec(shop.cluster, shop.alias).follower is None  # type: ignore[union-attr]
    with pytest.raises(BadSpec, match="nothing to go back to"):
        roll_back(shop.cluster, shop.alias, lambda _: encoder)


def test_what_applications_write_and_delete_meanwhile_comes_along(shop: Shop, other: Any, tmp_path: Path) -> None:
    encode = other.encode_document
    moments = iter(range(1000))

    def interfering(texts: list[str]) -> Any:
        n = next(moments)
        if n < 8:
            shop.put(f"d{n}", f"changed {n}")
            shop.put(f"new{n}", f"added {n}")
            shop.delete(f"d{40 + n}")
        if n == 4:
            shop.put("routed", "moved on", "elsewhere")
        return encode(texts)

    other.encode_document = interfering
    done = move(shop, other, tmp_path, batch_size=8, workers=2)
    assert next(moments) > 8
    assert shop.titles(done.new) == shop.titles(done.old)
    titles = shop.titles(done.new)
    assert {titles[f"d{n}"] for n in range(8)} == {f"changed {n}" for n in range(8)}
    assert titles["routed"] == "moved on"
    assert len(titles) == COUNT + 1
    assert verify(shop.cluster, done.old, require_spec(shop.cluster, done.new), other, samples=1000).is_right


def test_our_own_writer_writes_to_both(
    shop: Shop, encoder: Encoder, other: Any, tmp_path: Path, new_encoder: Callable[..., Any]
) -> None:
    done = move(shop, other, tmp_path)
    spec = require_spec(shop.cluster, shop.alias)
    assert spec.follower == shop.old.index
    documents = [Document(1, {"id": "both", "title": "cat in both"})]
    index_documents(shop.cluster, spec, other, documents, encoder_for=lambda _: encoder)
    for index, models in ((done.new, {"dense": "d2", "sparse": "s2"}), (done.old, {"dense": "d1", "sparse": "s1"})):
        assert shop.stored(index)["both"]["outrider"]["models"] == models
    with pytest.raises(ModelMismatch, match="holds dense vectors of counting-dense"):
        index_documents(shop.cluster, spec, other, documents, encoder_for=lambda _: other)


def test_a_document_that_cannot_be_encoded_is_not_lost(shop: Shop, other: Any, tmp_path: Path) -> None:
    shop.put("mute", "unspeakable")
    shop.cluster.write("PUT", f"/{shop.alias}/_doc/list", {"title": ["a", "list"]})
    letters = tmp_path / "letters"
    done = move(shop, other, tmp_path, dead_letters=letters)
    assert shop.titles(done.new) == shop.titles(done.old)
    assert shop.stored(done.new)["mute"]["outrider"]["state"] == "failed"
    reasons = {each["id"]: each["reason"] for each in map(json.loads, letters.read_text().splitlines())}
    assert reasons.keys() == {"mute", "list"}
    assert all("stored without vectors" in reason for reason in reasons.values())


def test_a_document_that_cannot_be_stored_stops_it(shop: Shop, other: Any, tmp_path: Path) -> None:
    strict = {"mappings": {"dynamic": "strict", "properties": {"title": {"type": "text"}, "id": {"type": "keyword"}}}}
    shop.cluster.write("PUT", f"/{name_for(shop.alias, shop.wanted)}", strict)
    with pytest.raises(MigrationStopped, match=f"{COUNT} documents of .* cannot be stored"):
        move(shop, other, tmp_path, dead_letters=tmp_path / "letters")
    assert shop.behind() == [shop.old.index]
    assert len((tmp_path / "letters").read_text().splitlines()) == COUNT


def test_a_change_that_cannot_be_stored_stops_it(
    shop: Shop, other: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the document as it was before would stay in the new index, and the counts would be right."""
    monkeypatch.setattr(switch, "_PASSES", 2)
    fields = {"title": {"type": "text"}, "id": {"type": "keyword"}, "price": {"type": "long"}}
    own = shop.cluster.dialect.own_properties(shop.wanted)
    body = shop.cluster.dialect.index_body(replace(shop.wanted, index=name_for(shop.alias, shop.wanted)))
    body["mappings"] |= {"dynamic": "strict", "properties": {**fields, **own}}
    shop.cluster.write("PUT", f"/{name_for(shop.alias, shop.wanted)}", body)

    def change(step: str) -> None:
        if step.startswith("bringing over"):
            shop.cluster.write("PUT", f"/{shop.alias}/_doc/d1", {"title": "changed", "colour": "red"})

    with pytest.raises(MigrationStopped, match=r"1 documents of .* cannot be stored in .*, such as 'd1': .*colour"):
        move(shop, other, tmp_path, on_step=change)
    assert shop.behind() == [shop.old.index]
    shop.put("d1", "without a colour")
    assert shop.titles(move(shop, other, tmp_path).new)["d1"] == "without a colour"


def test_writing_is_blocked_for_so_long_and_no_longer(
    shop: Shop, other: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as slow:
        slow.setattr(switch, "_BLOCK_S", 0.0)
        with pytest.raises(MigrationStopped, match=r"within 0 s in 3 tries.*stays"):
            move(shop, other, tmp_path)
    assert shop.behind() == [shop.old.index]
    shop.put("d1", "writing goes on")
    done = move(shop, other, tmp_path)
    assert shop.behind() == [done.new]
    assert shop.titles(done.new)["d1"] == "writing goes on"


def test_cut_off_anywhere_the_same_call_goes_on(shop: Shop, new_encoder: Callable[..., Any], tmp_path: Path) -> None:
    for answers in (1, 3, 5):
        with pytest.raises(Exception, match="the encoder is away"):
            move(shop, new_encoder(models=NEW, answers=answers), tmp_path, batch_size=4, workers=1, patience_s=0.1)
        assert shop.behind() == [shop.old.index]
    shop.put("d1", "between two tries")
    done = move(shop, new_encoder(models=NEW), tmp_path)
    assert shop.titles(done.new) == shop.titles(done.old)
    again = move(shop, new_encoder(models=NEW), tmp_path)
    assert (again.new, again.verification) == (done.new, None)


def test_judged_worse_the_alias_stays(shop: Shop, other: Any, tmp_path: Path) -> None:
    def judge(old: IndexSpec, new: IndexSpec) -> None:
        raise MigrationStopped(f"{new.index} is worse than {old.index}")

    with pytest.raises(MigrationStopped, match="is worse"):
        move(shop, other, tmp_path, judge=judge)
    assert shop.behind() == [shop.old.index]
    shop.put("still", "can be written")
    assert finish(shop.cluster, shop.alias) is not None


def test_wrong_vectors_are_found_and_the_alias_stays(shop: Shop, other: Any, tmp_path: Path) -> None:
    move(shop, other, tmp_path)
    spec = require_spec(shop.cluster, shop.alias)
    source = shop.stored(spec.index)["d1"]
    wrong = {**source, "outrider_sparse": {"wrong": 5.0}}
    shop.cluster.write("PUT", f"/{spec.index}/_doc/d1?refresh=true", wrong)
    found = verify(shop.cluster, shop.old.index, spec, other, samples=1000)
    assert (found.differing, found.is_right) == (("d1",), False)


def test_an_index_is_no_alias(shop: Shop, other: Any, tmp_path: Path) -> None:
    with pytest.raises(BadSpec, match="is no alias"):
        migrate(shop.cluster, shop.old.index, shop.wanted, other, checkpoint=tmp_path / "c")
    with pytest.raises(BadSpec, match="nothing to go back to"):
        roll_back(shop.cluster, shop.alias, lambda _: other)
    assert finish(shop.cluster, shop.alias) is None
