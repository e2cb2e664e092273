# /// script
# requires-python = ">=3.11"
# dependencies = ["opensearch-py[async]==3.2.0"]
# ///
"""OpenSearch's own clients, unchanged, through a gateway: `uv run opensearch_clients.py URL INDEX`."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from opensearchpy import AsyncOpenSearch, NotFoundError, OpenSearch, TransportError, helpers
from opensearchpy.exceptions import ConflictError

WORDS = {"query": {"match": {"title": "cat"}}, "highlight": {"fields": {"title": {}}}}
TITLES = ("a cat sleeps", "kittens play", "a dog barks", "bread with rye flour")


def sync(url: str, index: str) -> None:
    client = OpenSearch(hosts=[url], http_compress=True)
    assert client.info()["version"]["distribution"] == "opensearch"
    assert client.ping()
    done, errors = helpers.bulk(
        client, ({"_index": index, "_id": str(n), "title": title} for n, title in enumerate(TITLES)), refresh=True
    )
    assert (done, errors) == (len(TITLES), [])
    check(client.search(index=index, body=WORDS))
    client.index(index=index, id="more", body={"title": "one more cat"}, refresh="wait_for")
    client.update(index=index, id="more", body={"doc": {"title": "a train leaves"}}, refresh=True)
    found = client.get(index=index, id="more")
    assert found["_source"]["outrider"]["state"] == "encoded"
    seen = {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}
    client.index(index=index, id="more", body={"title": "the next version"}, params=seen)
    refused(ConflictError, client.index, index=index, id="more", body={"title": "a stale version"}, params=seen)
    client.delete(index=index, id="more", refresh=True)
    missing = refused(NotFoundError, client.update, index=index, id="none", body={"doc": {"title": "x"}})
    assert missing.error == "document_missing_exception"
    answers = client.msearch(body=[{"index": index}, WORDS, {"index": index}, {"query": {"match_all": {}}}])
    check(answers["responses"][0])
    assert len(list(helpers.scan(client, index=index, size=2))) == len(TITLES)
    error = refused(TransportError, client.search, index=index, body={"query": {"nonsense": {}}})
    assert (error.status_code, error.error) == (400, "parsing_exception")
    client.close()


async def asynchronous(url: str, index: str) -> None:
    async with AsyncOpenSearch(hosts=[url]) as client:
        actions = ({"_op_type": "update", "_index": index, "_id": str(n), "doc": {"n": n}} for n in range(len(TITLES)))
        assert await helpers.async_bulk(client, actions, refresh=True) == (len(TITLES), [])
        check(await client.search(index=index, body=WORDS))
        pit = (await client.create_pit(index=index, params={"keep_alive": "1m"}))["pit_id"]
        body = {"pit": {"id": pit}, "sort": ["_doc"]}
        assert len((await client.search(body=body))["hits"]["hits"]) == len(TITLES)
        await client.delete_pit(body={"pit_id": [pit]})


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
