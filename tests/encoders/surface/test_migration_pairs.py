"""Every before / after pair of the migration guide and of the 4.0.1 notes that is about inference, as written there.

A pair is two pieces of code: the old one runs and warns, where the guide says that it is deprecated, with a sentence
that has the new name and points at the caller's line; the new one runs without a warning; both end in the same values.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import pytest
import torch

from .conftest import PAIRS, TEXTS
from .oracle import assert_same

OLD_FILE, NEW_FILE = "<the old form>", "<the new form>"


@dataclass(frozen=True)
class Pair:
    """Old and new code, the variable that both end in, and what the old one's warning names (None: it has none)."""

    old: str
    new: str
    result: str
    warns: str | None = None


def _cross(old: str, new: str, warns: str) -> Pair:
    """Two ways to build a CrossEncoder."""
    lines = "from sentence_transformers import CrossEncoder\nmodel = CrossEncoder({})\nscores = model.predict(pairs)\n"
    lines += "result = (scores, model.max_length, model.config.hidden_dropout_prob, model.config.classifier_dropout)"
    return Pair(lines.format(old), lines.format(new), "result", warns)


def _call(old: str, new: str, warns: str) -> Pair:
    """Two calls of a CrossEncoder."""
    lines = "from sentence_transformers import CrossEncoder\nmodel = CrossEncoder('RERANKER')\nresult = model.{}"
    return Pair(lines.format(old), lines.format(new), "result", warns)


def _evaluator(old: str, new: str, data: str) -> Pair:
    """Two names of an evaluator."""
    lines = """
from sentence_transformers import CrossEncoder
from sentence_transformers.cross_encoder.evaluation import {0}
result = {0}({1})(CrossEncoder('RERANKER'))
"""
    return Pair(lines.format(old, data), lines.format(new, data), "result", new)


TABLE = {
    "v5: encode_query and encode_document": Pair(
        """
from sentence_transformers import SentenceTransformer
model = SentenceTransformer("DENSE")
query = "What is the capital of France?"
document = "Paris is the capital of France."
query_embedding = model.encode(query, prompt_name="query")
document_embedding = model.encode(document)
result = (query_embedding, document_embedding)
""",
        """
from sentence_transformers import SentenceTransformer
model = SentenceTransformer("DENSE")
query = "What is the capital of France?"
document = "Paris is the capital of France."
query_embedding = model.encode_query(query)
document_embedding = model.encode_document(document)
result = (query_embedding, document_embedding)
""",
        "result",
    ),
    "v5: encode_query and encode_document of a SparseEncoder": Pair(
        """
from sentence_transformers import SparseEncoder
model = SparseEncoder("SPARSE", prompts={"query": "a query "})
result = (model.encode("capital", prompt_name="query"), model.encode("Paris"))
""",
        """
from sentence_transformers import SparseEncoder
model = SparseEncoder("SPARSE", prompts={"query": "a query "})
result = (model.encode_query("capital"), model.encode_document("Paris"))
""",
        "result",
    ),
    "v5: encode_multi_process": Pair(
        """
from sentence_transformers import SentenceTransformer
def main():
    model = SentenceTransformer("DENSE")
    texts = ["The weather is so nice!", "It's so sunny outside.", "a"] * 3
    pool = model.start_multi_process_pool(["cpu"])
    embeddings = model.encode_multi_process(texts, pool, chunk_size=4)
    model.stop_multi_process_pool(pool)
    return embeddings
if __name__ == "__main__":
    embeddings = main()
""",
        """
from sentence_transformers import SentenceTransformer
def main():
    model = SentenceTransformer("DENSE")
    texts = ["The weather is so nice!", "It's so sunny outside.", "a"] * 3
    embeddings = model.encode(texts, device=["cpu"], chunk_size=4)
    return embeddings
if __name__ == "__main__":
    embeddings = main()
""",
        "embeddings",
        "encode",
    ),
    "v5: truncate_dim at encode": Pair(
        """
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(
    "DENSE",
    truncate_dim=12,
)
sentences = ["This is an example sentence", "Each sentence is converted"]
embeddings = model.encode(sentences)
result = (embeddings.shape, embeddings[:, :8])
""",
        """
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(
    "DENSE",
    truncate_dim=12,
)
sentences = ["This is an example sentence", "Each sentence is converted"]
shorter = model.encode(sentences, truncate_dim=8)
embeddings = model.encode(sentences)
result = (embeddings.shape, shorter)
""",
        "result",
    ),
    "v5: Asym to Router": Pair(
        """
from sentence_transformers import SentenceTransformer, models
model = SentenceTransformer("DENSE")
dim = model.get_sentence_embedding_dimension()
asym_model = models.Asym({
    "query": [models.Dense(dim, dim)],
    "document": [models.Dense(dim, dim)],
})
model.add_module("asym", asym_model)
result = (model.encode({"query": "capital"}, prompt=""), model.encode({"document": "Paris"}))
""",
        """
from sentence_transformers import SentenceTransformer, models
model = SentenceTransformer("DENSE")
dim = model.get_sentence_embedding_dimension()
router_model = models.Router({
    "query": [models.Dense(dim, dim)],
    "document": [models.Dense(dim, dim)],
})
model.add_module("router", router_model)
result = (model.encode_query("capital", prompt=""), model.encode_document("Paris"))
""",
        "result",
        "Router",
    ),
    "v5: Asym to Router for queries and documents": Pair(
        """
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Asym, Normalize
document_embedder = SentenceTransformer("DENSE")
query_embedder = SentenceTransformer("STATIC")
asym = Asym({
    "query": list(query_embedder.children()),
    "document": list(document_embedder.children()),
})
normalize = Normalize()
model = SentenceTransformer(
    modules=[asym, normalize],
)
query_embedding = model.encode({"query": "What is the capital of France?"})
document_embedding = model.encode({"document": "Paris is the capital of France."})
result = (query_embedding, document_embedding)
""",
        """
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Router, Normalize
document_embedder = SentenceTransformer("DENSE")
query_embedder = SentenceTransformer("STATIC")
router = Router.for_query_document(
    query_modules=list(query_embedder.children()),
    document_modules=list(document_embedder.children()),
)
normalize = Normalize()
model = SentenceTransformer(
    modules=[router, normalize],
)
query_embedding = model.encode_query("What is the capital of France?")
document_embedding = model.encode_document("Paris is the capital of France.")
result = (query_embedding, document_embedding)
""",
        "result",
        "Router",
    ),
    "v5: Asym inference to Router inference": Pair(
        """
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Asym, Dense, Pooling, Transformer
routes = {name: [Dense(32, 8)] for name in ("query", "document", "classification")}
model = SentenceTransformer(modules=[Transformer("BERT"), Pooling(32), Asym(routes)])
query_embedding = model.encode([{"query": "What is the capital of France?"}])
document_embedding = model.encode([
    {"document": "Paris is the capital of France."},
    {"document": "Berlin is the capital of Germany."},
])
class_embedding = model.encode(
    [{"classification": "S&P500 is down 2.1% today."}],
)
result = (query_embedding, document_embedding, class_embedding)
""",
        """
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Dense, Pooling, Router, Transformer
routes = {name: [Dense(32, 8)] for name in ("query", "document", "classification")}
model = SentenceTransformer(modules=[Transformer("BERT"), Pooling(32), Router(routes)])
query_embedding = model.encode_query(["What is the capital of France?"])
document_embedding = model.encode_document([
    "Paris is the capital of France.",
    "Berlin is the capital of Germany.",
])
class_embedding = model.encode(
    ["S&P500 is down 2.1% today."],
    task="classification"
)
result = (query_embedding, document_embedding, class_embedding)
""",
        "result",
        "Router",
    ),
    "v5: Module and InputModule": Pair(
        """
import torch
from sentence_transformers import SentenceTransformer
class MyModule(torch.nn.Module):
    def __init__(self):
        super().__init__()
    def tokenize(self, texts):
        return {"lengths": torch.tensor([[float(len(text))] for text in texts])}
    def forward(self, features):
        return {**features, "sentence_embedding": features["lengths"]}
model = SentenceTransformer(modules=[MyModule()])
result = model.encode(["a", "bcd"])
""",
        """
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Module, InputModule
class MyModule(InputModule):
    def __init__(self):
        super().__init__()
    def tokenize(self, texts, **kwargs):
        return {"lengths": torch.tensor([[float(len(text))] for text in texts])}
    def forward(self, features, **kwargs):
        return {**features, "sentence_embedding": features["lengths"]}
    def save(self, output_path, *args, safe_serialization=True, **kwargs):
        self.save_config(output_path)
assert issubclass(MyModule, Module)
model = SentenceTransformer(modules=[MyModule()])
result = model.encode(["a", "bcd"])
""",
        "result",
    ),
    "v5: transformers_model": Pair(
        """
from sentence_transformers import SentenceTransformer
model = SentenceTransformer("DENSE")
result = str(model[0].auto_model)
""",
        """
from sentence_transformers import SentenceTransformer
model = SentenceTransformer("DENSE")
result = str(model.transformers_model)
""",
        "result",
    ),
    "v4: CrossEncoder(model_name)": _cross(
        "model_name='RERANKER'", "model_name_or_path='RERANKER'", "model_name_or_path"
    ),
    "v4: CrossEncoder(automodel_args)": _cross(
        "'RERANKER', automodel_args={'attn_implementation': 'eager'}",
        "'RERANKER', model_kwargs={'attn_implementation': 'eager'}",
        "model_kwargs",
    ),
    "v4: CrossEncoder(tokenizer_args)": _cross(
        "'RERANKER', tokenizer_args={'model_max_length': 9}",
        "'RERANKER', tokenizer_kwargs={'model_max_length': 9}",
        "tokenizer_kwargs",
    ),
    "v4: CrossEncoder(config_args)": _cross(
        "'RERANKER', config_args={'hidden_dropout_prob': 0.2}",
        "'RERANKER', config_kwargs={'hidden_dropout_prob': 0.2}",
        "config_kwargs",
    ),
    "v4: CrossEncoder(cache_dir)": _cross("'RERANKER', cache_dir='.'", "'RERANKER', cache_folder='.'", "cache_folder"),
    "v4: CrossEncoder(default_activation_function)": _cross(
        "'RERANKER', default_activation_function=torch.nn.Identity()",
        "'RERANKER', activation_fn=torch.nn.Identity()",
        "activation_fn",
    ),
    "v4: CrossEncoder(classifier_dropout)": _cross(
        "'RERANKER', classifier_dropout=0.3",
        "'RERANKER', config_kwargs={'classifier_dropout': 0.3}",
        "config_kwargs",
    ),
    "v4: predict(activation_fct)": _call(
        "predict(pairs, activation_fct=torch.nn.Tanh())",
        "predict(pairs, activation_fn=torch.nn.Tanh())",
        "activation_fn",
    ),
    "v4: rank(activation_fct)": _call(
        "rank('a', texts, activation_fct=torch.nn.Tanh())",
        "rank('a', texts, activation_fn=torch.nn.Tanh())",
        "activation_fn",
    ),
    "v4: predict(num_workers)": _call("predict(pairs, num_workers=2)", "predict(pairs)", "no effect"),
    "v4: rank(num_workers)": _call("rank('a', texts, num_workers=2)", "rank('a', texts)", "no effect"),
    "v4: CEBinaryAccuracyEvaluator": _evaluator(
        "CEBinaryAccuracyEvaluator", "CrossEncoderClassificationEvaluator", "pairs, [1, 0, 1]"
    ),
    "v4: CEBinaryClassificationEvaluator": _evaluator(
        "CEBinaryClassificationEvaluator", "CrossEncoderClassificationEvaluator", "pairs, [1, 0, 1]"
    ),
    "v4: CECorrelationEvaluator": _evaluator(
        "CECorrelationEvaluator", "CrossEncoderCorrelationEvaluator", "pairs, [0.1, 0.9, 0.5]"
    ),
    "v4: CEF1Evaluator": _evaluator("CEF1Evaluator", "CrossEncoderClassificationEvaluator", "pairs, [1, 0, 1]"),
    "v4: CESoftmaxAccuracyEvaluator": _evaluator(
        "CESoftmaxAccuracyEvaluator", "CrossEncoderClassificationEvaluator", "pairs, [1, 0, 1]"
    ),
    "v4: CERerankingEvaluator": _evaluator(
        "CERerankingEvaluator",
        "CrossEncoderRerankingEvaluator",
        "[{'query': 'a car', 'positive': [texts[2]], 'negative': [texts[0], texts[1]]}]",
    ),
}


@pytest.fixture(scope="session")
def folders(
    dense_folder: str, splade_folder: str, reranker_folder: str, static_folder: str, backbones: dict[str, str]
) -> dict[str, str]:
    """What stands in the code for the models of the hub."""
    return {
        "DENSE": dense_folder,
        "SPARSE": splade_folder,
        "RERANKER": reranker_folder,
        "STATIC": static_folder,
        "BERT": backbones["bert"],
    }


def _run(code: str, file: str, folders: dict[str, str], result: str) -> tuple[Any, list[warnings.WarningMessage]]:
    code = code.replace("from sentence_transformers", "from outrider.encoders")
    for name, folder in folders.items():
        code = code.replace(f"'{name}'", repr(folder)).replace(f'"{name}"', repr(folder))
    torch.manual_seed(0)
    names: dict[str, Any] = {"__name__": "__main__", "torch": torch, "pairs": PAIRS, "texts": TEXTS}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(compile(code, file, "exec"), names)
    return names[result], [one for one in caught if issubclass(one.category, (DeprecationWarning, FutureWarning))]


@pytest.mark.parametrize("name", TABLE)
def test_a_pair_of_the_guide(name: str, folders: dict[str, str]) -> None:
    pair = TABLE[name]
    old, said = _run(pair.old, OLD_FILE, folders, pair.result)
    new, silent = _run(pair.new, NEW_FILE, folders, pair.result)
    assert_same(old, new)
    assert silent == []
    if pair.warns is None:
        assert said == []
    else:
        # Python itself asks a package twice for a name that is imported from it.
        assert {(one.filename, pair.warns in str(one.message)) for one in said} == {(OLD_FILE, True)}
