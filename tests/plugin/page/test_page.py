"""The page as HTTP gives it, and its search route against a real cluster."""

import re
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from outrider.connectors import MODES


class Page(HTMLParser):
    """What the page loads, and what would run inside it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.loaded += [given[name] or "" for name in ("src", "href") if name in given]
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        self.inline += [tag] if tag == "style" or (tag == "script" and "src" not in given) else []
        self.ids.add(given.get("id") or "")


def search(running: Any, **body: Any) -> httpx.Response:
    return httpx.post(f"{running.url}/page/search", json={"query": "birds near water", **body}, timeout=60)


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(sidecar: Any) -> None:
    reply = httpx.get(f"{sidecar.url}/")
    page = Page(reply.text)
    assert page.inline == []
    assert [each for each in page.loaded if not each.startswith(("/page/", "data:,"))] == []
    policy = dict(each.split(" ", 1) for each in reply.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in reply.headers["content-security-policy"]
    for path in ("/page/page.js", "/page/api.js", "/page/state.js", "/page/compare.js", "/page/page.css"):
        found = httpx.get(f"{sidecar.url}{path}")
        assert found.status_code == 200
        assert not re.search(r"https?://|innerHTML|eval\(", found.text)
        assert set(re.findall(r'(?:at|getElementById)\("([\w-]+)"\)', found.text)) <= page.ids


def test_post_to_the_root_is_still_the_embedding_route(sidecar: Any) -> None:
    assert len(httpx.post(f"{sidecar.url}/", json={"inputs": "a"}).json()[0]) == 384


def test_without_a_cluster_the_route_says_so(sidecar: Any) -> None:
    reply = search(sidecar)
    assert reply.status_code == 404
    assert "cluster.url" in reply.json()["error"]["message"]
    assert httpx.get(f"{sidecar.url}/info").json()["indices"] == []


@pytest.mark.engine
def test_every_stage_answers_on_its_own_with_scores_and_times(asked: Any) -> None:
    answer = search(asked, size=3).json()
    assert list(answer["stages"]) == list(MODES)
    assert "bird" in answer["expansion"]
    for stage, column in answer["stages"].items():
        assert sum(column["timings_ms"].values()) > 0
        scores = [each["score"] for each in column["results"]]
        assert scores == sorted(scores, reverse=True)
        assert all(each["ranks"][stage] for each in column["results"])
    assert {each["title"] for each in answer["stages"]["reranked"]["results"][:2]} == {"Heron", "Kingfisher"}


@pytest.mark.engine
def test_a_stage_that_is_switched_off_has_no_part_in_the_fusion(asked: Any) -> None:
    alone = search(asked, stages=["bm25", "fused"]).json()
    assert list(alone["stages"]) == ["bm25"]
    assert alone["expansion"] == {}
    answer = search(asked, stages=["dense", "fused"]).json()["stages"]
    assert {stage for each in answer["fused"]["results"] for stage in each["ranks"]} <= {"bm25", "dense", "fused"}
    both = search(asked, stages=["sparse", "fused"]).json()["stages"]["fused"]["results"]
    assert "sparse" in {stage for each in both for stage in each["ranks"]}


@pytest.mark.engine
@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"index": "_all"}, 404),
        ({"index": "http://127.0.0.1:1/"}, 404),
        ({"index": "not-there"}, 502),
        ({"query": " "}, 400),
        ({"stages": ["guessing"]}, 400),
        ({"size": 0}, 400),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(asked: Any, body: dict[str, Any], status: int) -> None:
    reply = search(asked, **body)
    assert reply.status_code == status, reply.text
    assert len(reply.json()["error"]["message"]) > 20


def test_a_cluster_that_is_away_is_a_502_and_its_password_is_never_shown(start_sidecar: Any) -> None:
    environment = {
        "OUTRIDER_MODELS": '["all-MiniLM-L6-v2"]',
        "OUTRIDER_CLUSTER__URL": "http://127.0.0.1:9",
        "OUTRIDER_CLUSTER__INDICES": '["a"]',
        "OUTRIDER_CLUSTER__USERNAME": "anna",
        "OUTRIDER_CLUSTER__PASSWORD": "very-secret",
    }
    with start_sidecar(**environment) as running:
        reply = search(running)
        assert reply.status_code == 502
        assert "very-secret" not in reply.text + httpx.get(f"{running.url}/info").text
