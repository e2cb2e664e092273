"""Vectors to fill a field of any form with, and the scores that they must have."""

import json
from collections.abc import Sequence

import numpy as np

from outrider.connectors import Cluster, Encoded, IndexSpec
from outrider.connectors.common.hits import parse_hits
from outrider.connectors.common.query import Question
from outrider.connectors.spec import Space

DIMENSIONS = 64
COUNT = 200
VECTORS = np.random.default_rng(7).normal(size=(COUNT, DIMENSIONS)).astype(np.float32)


def fill(cluster: Cluster, spec: IndexSpec, encoded: Sequence[Encoded]) -> None:
    cluster.write("PUT", f"/{spec.index}", cluster.dialect.index_body(spec))
    lines = [
        line
        for number, each in enumerate(encoded)
        for line in ({"index": {"_id": str(number)}}, cluster.dialect.vector_fields(spec, each))
    ]
    if not lines:
        return
    body = "".join(json.dumps(line) + "\n" for line in lines).encode()
    answer = cluster.write("POST", f"/{spec.index}/_bulk?refresh=true", body)
    assert not answer["errors"], answer


def best(cluster: Cluster, spec: IndexSpec, vector: Sequence[float], size: int) -> list[tuple[str, float]]:
    dialect = cluster.dialect
    plan = dialect.dense_plan(spec, COUNT)
    body = dialect.dense_body(spec, plan, Question("", Encoded(dense=vector)), size, None)
    hits = parse_hits(cluster.read("POST", f"/{spec.index}/_search", body), "the search")
    return [(hit.key.id, hit.score) for hit in hits.hits]


def scores(space: Space) -> list[tuple[str, float]]:
    """Every vector's score for the fourth, as the k-NN plugin of OpenSearch gives it as well."""
    rows = VECTORS.astype(np.float64)
    query = rows[3]
    if space == "l2":
        values = 1 / (1 + np.square(rows - query).sum(axis=1))
    elif space == "innerproduct":
        products = rows @ query
        values = np.where(products < 0, 1 / (1 - np.minimum(products, 0)), products + 1)
    else:
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        values = (1 + unit @ unit[3]) / 2
    return [(str(at), float(values[at])) for at in np.argsort(-values)]
