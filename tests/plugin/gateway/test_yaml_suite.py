"""The engines' own REST tests: every request is answered through the gateway as it is directly.

The gateway looks after an index meanwhile, so that it reads what it would not read otherwise. Some forty tests of
documents and searches; OUTRIDER_REST_SUITE=all for all of them, or the beginning of a name for some.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from outrider.connectors import Cluster, DenseField, IndexSpec, ModelIdentity, Models, connect, ensure_index
from outrider.plugin.launcher import Engine

from .yaml_suite import Answered, Suite, Unspeakable, YamlTest, differences, remembered, suite

pytestmark = pytest.mark.engine

ASKED = os.environ.get("OUTRIDER_REST_SUITE", "")
SAMPLE = ("bulk/10", "bulk/40", "create/10", "index/15", "mget/10", "msearch/10", "scroll/10", "search/20", "update/2")
WATCHED = "outrider-watched"
NOBODY = "http://127.0.0.1:9"
_HEADERS = ("content-type", "content-encoding", "location", "warning", "x-opaque-id")
_CLEANED = {
    "data_stream": "_data_stream",
    "index_template": "_index_template",
    "templates": "_template",
    "component_template": "_component_template",
    "stored_scripts": "_scripts",
    "search_pipeline": "_search/pipeline",
}


@dataclass
class Tally:
    """What was run, what was not and why, and what differed."""

    tests: int = 0
    requests: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        skipped = "".join(f"\n  {count} not run: {why}" for why, count in self.skipped.most_common())
        return f"{self.tests} tests, {self.requests} requests, {len(self.differing)} differences{skipped}"


@pytest.mark.parametrize("flavor", ["plain", "elasticsearch"])
def test_every_answer_is_the_engines_own(flavor: str, start_gateway: Any, capsys: Any) -> None:
    tally = Tally()
    found = suite()
    with Engine(flavor) as engine:
        cluster = connect(engine.url)
        watch(cluster)
        with (
            start_gateway(engine.url, "--sidecar", NOBODY) as gateway,
            httpx.Client(base_url=engine.url, timeout=60) as direct,
            httpx.Client(base_url=gateway.url, timeout=60) as through,
        ):
            for test in wanted(found):
                if why := test.why_skipped:
                    tally.skipped[why] += 1
                    continue
                try:
                    compare(found, test, cluster, direct, through, tally)
                except Unspeakable as err:
                    tally.skipped[str(err)] += 1
    with capsys.disabled():
        print(f"\n{flavor}: {tally}")
    assert tally.tests > 0
    assert not tally.differing, "\n".join(tally.differing[:20])


def wanted(found: Suite) -> Iterator[YamlTest]:
    starts = ("",) if ASKED == "all" else (ASKED,) if ASKED else SAMPLE
    return (test for test in found.tests() if test.name.startswith(starts))


def compare(
    found: Suite, test: YamlTest, cluster: Cluster, direct: httpx.Client, through: httpx.Client, tally: Tally
) -> None:
    """Three times from the same beginning; a difference counts where it is there a second time."""
    seen: set[str] = set()
    for is_again in (False, True):
        runs = []
        for client in (direct, direct, through):
            clean(cluster)
            runs.append(list(answers(found, test, client)))
        differing = {
            f"{test.name}: {first.call.method} {first.call.path}: {difference}"
            for first, second, third in zip(*runs, strict=True)
            for difference in differences(told(first), told(second), told(third))
        }
        if not is_again:
            tally.tests += 1
            tally.requests += len(runs[0])
        seen = seen & differing if is_again else differing
        if not seen:
            return
    tally.differing += sorted(seen)


def answers(found: Suite, test: YamlTest, client: httpx.Client) -> Iterator[Answered]:
    known: dict[str, Any] = {}
    last: Any = None
    for step in test.steps:
        if "do" in step:
            call = found.call(step["do"], known)
            answer = client.request(call.method, call.path, content=call.body, headers=dict(call.headers))
            last = parsed(answer)
            headers = {name: answer.headers[name] for name in _HEADERS if name in answer.headers}
            yield Answered(call, answer.status_code, headers, last)
        elif "set" in step:
            known |= remembered(step["set"], last)


def told(answer: Answered) -> dict[str, Any]:
    return {"status": answer.status, "headers": answer.headers, "body": answer.body}


def parsed(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text


def watch(cluster: Cluster) -> None:
    """An index with a spec: with one, the gateway looks into every bulk and every search."""
    spec = IndexSpec(WATCHED, ("title",), Models(ModelIdentity("none", "n1"), dimension=3), DenseField(3))
    ensure_index(cluster, spec)


def clean(cluster: Cluster) -> None:
    """An engine without what tests leave behind: indices, aliases, templates, pipelines, scripts, settings."""
    state = cluster.read("GET", "/_cluster/state/metadata,blocks")
    metadata = state["metadata"]
    delete(cluster, "_data_stream", metadata.get("data_stream", {}).get("data_stream", {}))
    indices = [name for name in metadata["indices"] if name != WATCHED and not name.startswith(".ds-")]
    if indices:
        cluster.write("DELETE", "/" + ",".join(indices) + "?ignore_unavailable=true&expand_wildcards=all")
    for key, path in _CLEANED.items():
        inner = metadata.get(key, {})
        delete(cluster, path, inner.get(key, inner))
    for pipeline in metadata.get("ingest", {}).get("pipeline", []):
        delete(cluster, "_ingest/pipeline", [pipeline["id"]])
    settings = cluster.read("GET", "/_cluster/settings")
    if any(settings[kind] for kind in ("persistent", "transient")):
        cluster.write("PUT", "/_cluster/settings", {kind: {"*": None} for kind in settings if settings[kind]})
    if WATCHED not in metadata["indices"]:
        watch(cluster)


def delete(cluster: Cluster, path: str, names: Any) -> None:
    for name in names:
        cluster.write("DELETE", f"/{path}/{name}")


def test_differences_are_found_and_what_is_never_the_same_is_left_out() -> None:
    first, second = {"took": 1, "hits": [{"n": 1}, {"n": 2}]}, {"took": 2, "hits": [{"n": 1}, {"n": 2}]}
    assert list(differences(first, second, {"took": 3, "hits": [{"n": 1}, {"n": 2}]})) == []
    assert list(differences(first, second, json.loads('{"took": 3, "hits": [{"n": 1}, {"n": 3}]}'))) == [
        ".hits.1.n: 2 directly, 3 through the gateway"
    ]
    assert list(differences({"took": 200}, {"took": 200}, {"took": 0})) == []
    assert len(list(differences({"took": 200}, {"took": 200}, {"took": None}))) == 1
    assert len(list(differences(first, second, {"took": 3}))) == 1
    assert len(list(differences(first, second, {"took": 3, "hits": []}))) == 1
