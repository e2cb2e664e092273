"""Sparse vectors tried out in a search engine: an index is made, filled and searched in one call."""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..errors import MissingExtra
from ..util.tensor import as_rows

Decoded = Sequence[Sequence[tuple[str, float]]]
Hits = list[list[dict[str, int | float]]]
_FIELD = "weights"
_MAPPING = {"properties": {_FIELD: {"type": "rank_features"}}}
_PER_REQUEST = 500
# The engines take a dot in a feature's name for a sub-field; tokens are stored with this character instead.
_DOT = "\u2024"


def semantic_search_opensearch(
    query_embeddings_decoded: Decoded,
    corpus_embeddings_decoded: Decoded | None = None,
    corpus_index: tuple[Any, str] | None = None,
    top_k: int = 10,
    output_index: bool = False,
    **kwargs: Any,
) -> tuple[Hits, float] | tuple[Hits, float, tuple[Any, str]]:
    """The `top_k` best for each query in OpenSearch, the seconds it took, and (client, index) if asked for.

    Embeddings are given as `SparseEncoder.decode` spells them out; `kwargs` go to the client. The index is new, of
    plain rank_features that need no plugin, and stays; scores have the engine's nine significant bits.
    """

    def connect() -> Any:
        from opensearchpy import OpenSearch

        return OpenSearch(**(kwargs or {"hosts": ["http://localhost:9200"]}))

    return _in_engine(
        query_embeddings_decoded, corpus_embeddings_decoded, corpus_index, top_k, connect, output_index=output_index
    )


def semantic_search_elasticsearch(
    query_embeddings_decoded: Decoded,
    corpus_embeddings_decoded: Decoded | None = None,
    corpus_index: tuple[Any, str] | None = None,
    top_k: int = 10,
    output_index: bool = False,
    **kwargs: Any,
) -> tuple[Hits, float] | tuple[Hits, float, tuple[Any, str]]:
    """Like semantic_search_opensearch, in Elasticsearch."""

    def connect() -> Any:
        from elasticsearch import Elasticsearch

        return Elasticsearch(**(kwargs or {"hosts": ["http://localhost:9200"]}))

    return _in_engine(
        query_embeddings_decoded, corpus_embeddings_decoded, corpus_index, top_k, connect, output_index=output_index
    )


def semantic_search_qdrant(
    query_embeddings: Any,
    corpus_embeddings: Any = None,
    corpus_index: tuple[Any, str] | None = None,
    top_k: int = 10,
    output_index: bool = False,
    **kwargs: Any,
) -> tuple[Hits, float] | tuple[Hits, float, tuple[Any, str]]:
    """The `top_k` best for each query in Qdrant; embeddings are sparse tensors. Needs qdrant-client."""
    try:
        from qdrant_client import QdrantClient, models
    except ImportError as err:
        raise MissingExtra("search in Qdrant needs its client: pip install qdrant-client") from err
    _check_corpus(corpus_embeddings, corpus_index)

    def vector(row: tuple[list[int], list[float]]) -> Any:
        return models.SparseVector(indices=row[0], values=row[1])

    if corpus_index is None:
        client, name = QdrantClient(**(kwargs or {"host": "localhost", "port": 6333})), f"outrider-{uuid.uuid4().hex}"
        client.create_collection(name, vectors_config={}, sparse_vectors_config={_FIELD: models.SparseVectorParams()})
        rows = enumerate(_rows(corpus_embeddings))
        client.upload_points(name, (models.PointStruct(id=i, vector={_FIELD: vector(row)}) for i, row in rows))
        corpus_index = (client, name)
    client, name = corpus_index
    start = time.perf_counter()
    answers = [
        client.query_points(name, query=vector(row), using=_FIELD, limit=top_k).points
        for row in _rows(query_embeddings)
    ]
    seconds = time.perf_counter() - start
    hits: Hits = [[{"corpus_id": int(hit.id), "score": float(hit.score)} for hit in answer] for answer in answers]
    return (hits, seconds, corpus_index) if output_index else (hits, seconds)


def semantic_search_seismic(
    query_embeddings_decoded: Decoded,
    corpus_embeddings_decoded: Decoded | None = None,
    corpus_index: Any = None,
    top_k: int = 10,
    output_index: bool = False,
    index_kwargs: dict[str, Any] | None = None,
    search_kwargs: dict[str, Any] | None = None,
) -> tuple[Hits, float] | tuple[Hits, float, Any]:
    """The `top_k` best for each query with Seismic's approximate index. Needs pyseismic-lsr."""
    try:
        import numpy as np
        from seismic import SeismicDataset, SeismicIndex, get_seismic_string
    except ImportError as err:
        raise MissingExtra("search with Seismic needs its package: pip install pyseismic-lsr") from err
    _check_corpus(corpus_embeddings_decoded, corpus_index)

    def columns(row: Sequence[tuple[str, float]]) -> tuple[Any, Any]:
        tokens = np.array([token for token, _ in row], dtype=get_seismic_string())
        return tokens, np.array([weight for _, weight in row], dtype=np.float32)

    if corpus_index is None:
        dataset = SeismicDataset()
        for place, row in enumerate(corpus_embeddings_decoded or ()):
            dataset.add_document(str(place), *columns(row))
        corpus_index = SeismicIndex.build_from_dataset(dataset, **(index_kwargs or {}))
    tokens, weights = map(list, zip(*map(columns, query_embeddings_decoded), strict=True))
    places = np.array([str(place) for place in range(len(tokens))], dtype=get_seismic_string())
    options = {"query_cut": 10, "heap_factor": 0.7, **(search_kwargs or {})}
    start = time.perf_counter()
    found = corpus_index.batch_search(
        queries_ids=places, query_components=tokens, query_values=weights, k=top_k, **options
    )
    seconds = time.perf_counter() - start
    by_query = {answer[0][0]: answer for answer in found if answer}
    hits: Hits = [
        [{"corpus_id": int(document), "score": float(score)} for _, score, document in by_query.get(str(place), ())]
        for place in range(len(tokens))
    ]
    return (hits, seconds, corpus_index) if output_index else (hits, seconds)


def _in_engine(
    queries: Decoded,
    corpus: Decoded | None,
    index: tuple[Any, str] | None,
    top_k: int,
    connect: Callable[[], Any],
    *,
    output_index: bool,
) -> tuple[Hits, float] | tuple[Hits, float, tuple[Any, str]]:
    """OpenSearch and Elasticsearch speak the same language here, and their clients take the same bodies."""
    _check_corpus(corpus, index)
    if index is None:
        index = (connect(), f"outrider-{uuid.uuid4().hex}")
        _fill(*index, corpus or ())
    client, name = index
    start = time.perf_counter()
    lines = [part for query in queries for part in ({"index": name}, _query(query, top_k))]
    answers = client.msearch(body=lines)["responses"] if lines else []
    seconds = time.perf_counter() - start
    hits: Hits = [
        [{"corpus_id": int(hit["_id"]), "score": float(hit["_score"])} for hit in answer["hits"]["hits"]]
        for answer in answers
    ]
    return (hits, seconds, index) if output_index else (hits, seconds)


def _fill(client: Any, name: str, corpus: Decoded) -> None:
    client.indices.create(index=name, body={"mappings": _MAPPING})
    for start in range(0, len(corpus), _PER_REQUEST):
        body: list[dict[str, Any]] = []
        for place, row in enumerate(corpus[start : start + _PER_REQUEST], start):
            body += [{"index": {"_index": name, "_id": str(place)}}, {_FIELD: _weights(row)}]
        answer = client.bulk(body=body)
        if answer["errors"]:
            failed = next(item["index"] for item in answer["items"] if "error" in item["index"])
            raise ValueError(f"document {failed['_id']} was not taken into {name!r}: {failed['error']}")
    client.indices.refresh(index=name)


def _query(row: Sequence[tuple[str, float]], top_k: int) -> dict[str, Any]:
    clauses = [
        {"rank_feature": {"field": f"{_FIELD}.{token}", "boost": weight, "linear": {}}}
        for token, weight in _weights(row).items()
    ]
    return {"query": {"bool": {"should": clauses}}, "size": top_k, "_source": False}


def _weights(row: Sequence[tuple[str, float]]) -> dict[str, float]:
    return {token.replace(".", _DOT): float(weight) for token, weight in row if weight > 0}


def _rows(embeddings: Any) -> Iterator[tuple[list[int], list[float]]]:
    """Indices and values of each row of a sparse tensor."""
    for row in as_rows(embeddings).to_dense().cpu():
        places = row.nonzero().flatten()
        yield places.tolist(), row[places].tolist()


def _check_corpus(corpus: Any, index: Any) -> None:
    if (corpus is None) == (index is None):
        raise ValueError("give either the corpus or corpus_index, and not both")
