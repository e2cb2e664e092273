"""The helpers give what the reference's give."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SimilarityFunction as TheirSimilarity
from sentence_transformers import quantize_embeddings as their_quantize
from sentence_transformers import util as their_util

from outrider.encoders import SentenceTransformer, SimilarityFunction, quantize_embeddings, util

from .conftest import TEXTS
from .oracle import assert_same

A = torch.randn(40, 16, generator=torch.Generator().manual_seed(1))
B = A[:25] + 0.4 * torch.randn(25, 16, generator=torch.Generator().manual_seed(2))
SIMILARITIES = ("cos_sim", "dot_score", "manhattan_sim", "euclidean_sim")
PAIRWISE = [f"pairwise_{name}" for name in (*SIMILARITIES, "angle_sim")]


@pytest.mark.parametrize("name", SIMILARITIES)
@pytest.mark.parametrize("kind", [torch.Tensor.clone, torch.Tensor.numpy, torch.Tensor.tolist], ids=str)
def test_all_pairs(name: str, kind: Any) -> None:
    assert_same(getattr(util, name)(kind(A), kind(B)), getattr(their_util, name)(kind(A), kind(B)), 1e-4)
    assert_same(getattr(util, name)(list(A), list(B)), getattr(util, name)(A, B))
    assert_same(getattr(util, name)(list(A.numpy()), B), getattr(util, name)(A, B))
    assert_same(getattr(util, name)(A[0], B), getattr(their_util, name)(A[0], B), 1e-4)


@pytest.mark.parametrize("name", PAIRWISE)
def test_row_by_row(name: str) -> None:
    assert_same(getattr(util, name)(A[:25], B), getattr(their_util, name)(A[:25], B), 1e-4)


def test_similarity_functions_by_name() -> None:
    assert SimilarityFunction.possible_values() == TheirSimilarity.possible_values()
    assert SimilarityFunction.to_similarity_fn("dot") is util.dot_score
    assert SimilarityFunction.to_similarity_pairwise_fn(SimilarityFunction.COSINE) is util.pairwise_cos_sim
    assert SimilarityFunction.DOT is SimilarityFunction.DOT_PRODUCT
    with pytest.raises(ValueError, match="angle"):
        SimilarityFunction("angle")


@pytest.mark.parametrize("options", [{}, {"top_k": 3}, {"query_chunk_size": 2, "corpus_chunk_size": 7, "top_k": 30}])
def test_semantic_search(options: dict[str, Any]) -> None:
    ours, theirs = util.semantic_search(B, A, **options), their_util.semantic_search(B, A, **options)
    assert_same(ours, theirs)
    with pytest.warns(DeprecationWarning, match="semantic_search"):
        assert util.information_retrieval(B, A, **options) == ours


@pytest.mark.parametrize(
    "options", [{}, {"max_pairs": 9}, {"query_chunk_size": 7, "corpus_chunk_size": 11, "top_k": 3}]
)
def test_paraphrase_mining(options: dict[str, Any]) -> None:
    rows = torch.cat([A, B])
    ours = util.paraphrase_mining_embeddings(rows, **options)
    theirs = their_util.paraphrase_mining_embeddings(rows, **options)
    # The reference counts a pair and its mirror image against the limit.
    assert_same(ours[: len(theirs)], theirs)
    assert len(ours) == min(options.get("max_pairs", len(theirs)), len(ours))


def test_paraphrases_of_texts(dense_folder: str) -> None:
    model = SentenceTransformer(dense_folder, device="cpu")
    pairs = util.paraphrase_mining(model, [*TEXTS, TEXTS[0]])
    assert pairs[0][1:] == [0, len(TEXTS)]


@pytest.mark.parametrize("options", [{"threshold": 0.6, "min_community_size": 2}, {"threshold": 0.1, "batch_size": 9}])
def test_communities(options: dict[str, Any]) -> None:
    rows = torch.cat([A, B, A[:10] + 0.1])
    assert util.community_detection(rows, **options) == their_util.community_detection(rows, **options)


@pytest.mark.filterwarnings("ignore:Sparse invariant:UserWarning")
def test_tensors() -> None:
    sparse = (A * (A > 0.5)).to_sparse()
    assert_same(util.normalize_embeddings(A), their_util.normalize_embeddings(A))
    assert_same(util.normalize_embeddings(sparse).to_dense(), their_util.normalize_embeddings(sparse).to_dense())
    assert_same(util.truncate_embeddings(A, 3), their_util.truncate_embeddings(A, 3))
    assert_same(util.select_max_active_dims(A, 3), their_util.select_max_active_dims(A, 3))
    assert_same(util.compute_count_vector(sparse), their_util.compute_count_vector(sparse))
    assert (util.to_scipy_coo(sparse) != their_util.to_scipy_coo(sparse)).nnz == 0
    assert util.batch_to_device({"a": A, "b": "text"}, "cpu")["b"] == "text"


@pytest.mark.parametrize("precision", ["float32", "int8", "uint8", "binary", "ubinary"])
def test_quantised_embeddings(precision: Any) -> None:
    ranges = np.stack([A.numpy().min(axis=0), A.numpy().max(axis=0)])
    for options in ({}, {"ranges": ranges}, {"calibration_embeddings": A.numpy()}):
        given = A.numpy()[:20]
        assert_same(quantize_embeddings(given, precision, **options), their_quantize(given, precision, **options))
    assert_same(quantize_embeddings(A, precision), their_quantize(A, precision))
    assert_same(quantize_embeddings(list(A), precision), their_quantize(list(A), precision))


def test_names_and_files(dense_folder: str, tmp_path: Path) -> None:
    assert util.fullname(torch.nn.Tanh()) == their_util.fullname(torch.nn.Tanh())
    assert util.import_from_string("torch.nn.Tanh") is torch.nn.Tanh
    assert util.is_sentence_transformer_model(dense_folder)
    assert not util.is_sentence_transformer_model(str(tmp_path))
    assert util.load_file_path(dense_folder, "modules.json") == str(Path(dense_folder) / "modules.json")
    assert util.load_file_path(dense_folder, "nothing.json") is None
    assert util.load_dir_path(dense_folder, "1_Pooling") == str(Path(dense_folder) / "1_Pooling")
    assert util.get_device_name() == their_util.get_device_name()
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    assert util.append_to_last_row(str(tmp_path / "rows.csv"), [3])
    assert (tmp_path / "rows.csv").read_text().split() == ["a,b", "1,2,3"]
    assert util.all_gather(A) is A


@pytest.fixture
def web() -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/file" else 404)
            self.end_headers()
            self.wfile.write(b"content")

        def log_message(self, *args: Any) -> None:
            """Keep quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_downloads_leave_a_whole_file_or_none(web: str, tmp_path: Path) -> None:
    import httpx

    util.http_get(f"{web}/file", str(tmp_path / "sub" / "file"))
    assert (tmp_path / "sub" / "file").read_bytes() == b"content"
    with pytest.raises(httpx.HTTPStatusError):
        util.http_get(f"{web}/missing", str(tmp_path / "sub" / "missing"))
    assert [path.name for path in (tmp_path / "sub").iterdir()] == ["file"]
