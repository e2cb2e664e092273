# /// script
# requires-python = ">=3.11"
# dependencies = ["elasticsearch[async]==9.5.1"]
# ///
"""Elasticsearch's own clients, unchanged, through a gateway: `uv run elasticsearch_clients.py URL INDEX`."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from elasticsearch import AsyncElasticsearch, BadRequestError, ConflictError, Elasticsearch, NotFoundError, helpers

QUERY = {"match": {"title": "cat"}}
HIGHLIGHT = {"fields": {"title": {}}}
TITLES = ("a cat sleeps", "kittens play", "a dog barks", "bread with rye flour")


def sync(url: str, index: str) -> None:
    client = Elasticsearch(url, http_compress=True)
    assert client.cluster.health()["status"] in ("green", "yellow")
    actions = ({"_index": index, "_id": str(n), "title": title} for n, title in enumerate(TITLES))
    assert helpers.bulk(client, actions, refresh=True) == (len(TITLES), [])
    check(client.search(index=index, query=QUERY, highlight=HIGHLIGHT))
    client.index(index=index, id="more", document={"title": "one more cat"}, refresh="wait_for")
    client.update(index=index, id="more", doc={"title": "a train leaves"}, refresh=True)
    found = client.get(index=index, id="more")
    assert found["_source"]["outrider"]["state"] == "encoded"
    seen = {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}
    client.index(index=index, id="more", document={"title": "the next version"}, **seen)
    refused(ConflictError, client.index, index=index, id="more", document={"title": "a stale version"}, **seen)
    client.delete(index=index, id="more", refresh=True)
    missing = refused(NotFoundError, client.update, index=index, id="none", doc={"title": "x"})
    assert missing.error == "document_missing_exception"
    searches = [
        {"index": index},
        {"query": QUERY, "highlight": HIGHLIGHT},
        {"index": index},
        {"query": {"match_all": {}}},
    ]
    answers = client.msearch(searches=searches)
    check(answers["responses"][0])
    assert len(list(helpers.scan(client, index=index, size=2))) == len(TITLES)
    error = refused(BadRequestError, client.search, index=index, query={"nonsense": {}})
    assert error.error == "parsing_exception"
    client.close()


async def asynchronous(url: str, index: str) -> None:
    async with AsyncElasticsearch(url) as client:
        actions = ({"_op_type": "update", "_index": index, "_id": str(n), "doc": {"n": n}} for n in range(len(TITLES)))
        assert await helpers.async_bulk(client, actions, refresh=True) == (len(TITLES), [])
        check(await client.search(index=index, query=QUERY, highlight=HIGHLIGHT))
        pit = (await client.open_point_in_time(index=index, keep_alive="1m"))["id"]
        found = await client.search(pit={"id": pit}, sort=["_doc"])
        assert len(found["hits"]["hits"]) == len(TITLES)
        await client.close_point_in_time(id=pit)


def refused(kind: type[Exception], ask: Callable[..., Any], **arguments: Any) -> Any:
    """The error that a client raises."""
    try:
        ask(**arguments)
    except kind as err:
        return err
    raise AssertionError(f"{ask} raised no {kind.__name__}")


def check(answer: Any) -> None:
    hits = answer["hits"]["hits"]
    assert [hit["_id"] for hit in hits[:2]] == ["0", "1"], hits
    assert hits[0]["highlight"] == {"title": ["a <em>cat</em> sleeps"]}
    assert "outrider_dense" not in hits[0]["_source"]
    assert answer["hits"]["total"]["value"] == len(TITLES)


if __name__ == "__main__":
    for work in (sync, asynchronous):
        result = work(*sys.argv[1:])
        if asyncio.iscoroutine(result):
            asyncio.run(result)
        print(work.__name__)
