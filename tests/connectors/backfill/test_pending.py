"""Documents that lack the vectors of their index are found and completed, by the spec that the index has now."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from outrider.connectors import (
    BadSpec,
    Cluster,
    Document,
    IndexSpec,
    ModelIdentity,
    Models,
    complete,
    complete_some,
    index_documents,
    spec_for,
)

pytestmark = pytest.mark.engine

OTHER = Models(ModelIdentity("other-dense", "d2"), ModelIdentity("other-sparse", "s2"), None, 4)


@pytest.fixture
def index(either: Cluster, encoder: Any) -> Iterator[IndexSpec]:
    name = f"test-{uuid4().hex[:12]}"
    spec = spec_for(either, name, ("title",), encoder.models)
    index_documents(either, spec, encoder, [Document(n, {"_id": f"d{n}", "title": f"cat {n}"}) for n in range(5)])
    yield spec
    either.write("DELETE", f"/{name}")


def stored(cluster: Cluster, spec: IndexSpec) -> dict[str, Any]:
    cluster.write("POST", f"/{spec.index}/_refresh")
    body = {"size": 100, "_source": cluster.dialect.source_filter([])}
    hits = cluster.read("POST", f"/{spec.index}/_search", body)["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}


def test_what_other_models_encoded_and_what_got_past_us_is_found(
    either: Cluster, index: IndexSpec, encoder: Any
) -> None:
    before = stored(either, index)
    foreign = {"state": "encoded", "text_hash": before["d1"]["outrider"]["text_hash"], "models": {"dense": "d2"}}
    either.write("PUT", f"/{index.index}/_doc/d1", {**before["d1"], "outrider": foreign})
    either.write("PUT", f"/{index.index}/_doc/d2", {"title": "cat 2"})
    either.write("PUT", f"/{index.index}/_doc/d3", {"title": "cat 3", "outrider": {"state": "pending"}})
    either.write("POST", f"/{index.index}/_refresh")
    seen = 0
    while (done := complete_some(either, index, encoder)).seen:
        seen += done.seen
    assert seen == 3
    assert stored(either, index) == before


def test_nothing_is_completed_by_a_spec_that_the_index_has_no_more(
    either: Cluster, index: IndexSpec, new_encoder: Callable[..., Any]
) -> None:
    before = stored(either, index)
    stale = replace(index, models=OTHER)
    with pytest.raises(BadSpec, match="does not have the vectors any more"):
        complete(either, stale, new_encoder(models=OTHER), [("d1", None)], 1)
    assert stored(either, index) == before
