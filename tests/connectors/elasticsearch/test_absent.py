"""What no package of Elasticsearch has: the engine's own refusals, and that `explain` and `doctor` name the reason.

A package that brings the module makes these fail: then what they stand for can be tested live.
"""

from typing import Any

import pytest

from outrider.connectors import Cluster, RequestRefused, examine, explain, read_capabilities

STANDARD = {"standard": {"query": {"match": {"title": "boat"}}}}
RETRIEVERS: dict[str, Any] = {
    "rrf": {"retrievers": [STANDARD, STANDARD], "rank_constant": 60, "rank_window_size": 50},
    "linear": {"retrievers": [{"retriever": STANDARD, "weight": 0.5, "normalizer": "minmax"}], "rank_window_size": 50},
}
INFERENCE = {"model_id": "outrider-dense", "input_output": [{"input_field": "title", "output_field": "vector"}]}

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("name", RETRIEVERS)
def test_rank_fusion_by_the_engine_is_refused_by_name_and_explained(
    full_cluster: Cluster, index: str, name: str
) -> None:
    full_cluster.write("PUT", f"/{index}", {"mappings": {"properties": {"title": {"type": "text"}}}})
    with pytest.raises(RequestRefused, match=rf"unknown retriever \[{name}\]"):
        full_cluster.read("POST", f"/{index}/_search", {"retriever": {name: RETRIEVERS[name]}})
    full_cluster.write("DELETE", f"/{index}")
    choices = {choice.what: choice.why for choice in explain(read_capabilities(full_cluster))}
    assert "lacks module rank-rrf" in choices["fusion"]


def test_the_inference_processor_is_refused_by_name_and_the_doctor_says_why(full_cluster: Cluster) -> None:
    with pytest.raises(RequestRefused, match=r"No processor type exists with name \[inference\]"):
        full_cluster.write("PUT", "/_ingest/pipeline/absent", {"processors": [{"inference": INFERENCE}]})
    assert any("no module x-pack-ml" in finding.what for finding in examine(full_cluster).findings)
