"""The example in a card, with texts of the training data where there was some."""

import logging
from typing import Any

import torch

from ..errors import EncoderError

logger = logging.getLogger(__name__)

_SENTENCES = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
_QUERY_AND_DOCUMENTS = [
    "How deep does a heron wade?",
    "A grey heron fishes in water up to half a metre deep.",
    "Herons build their nests high up in trees.",
    "The stadium is closed on Mondays.",
]


def section(model: Any) -> str:
    """How to load and run this model."""
    data = model.model_card_data
    name = data.model_id or "folder-or-hub-id"
    lines = [f"from outrider.encoders import {model.kind}", "", f'model = {model.kind}("{name}")', *_body(model, data)]
    return "\n\n".join(
        [
            "## Usage",
            "### Direct Usage (Sentence Transformers)",
            'Install Outrider with `pip install "outrider[torch]"`; the folder is in the format of Sentence '
            "Transformers, whose class of the same name opens it, too.",
            "```python\n" + "\n".join(lines) + "\n```",
        ]
    )


def _body(model: Any, data: Any) -> list[str]:
    if model.kind == "CrossEncoder":
        return _pairs(model, data.predict_example)
    return _retrieval(model, data.predict_example) if data.ir_model else _similarity(model, data.predict_example)


def _similarity(model: Any, example: Any) -> list[str]:
    texts = example or _SENTENCES
    width = model.get_sentence_embedding_dimension()
    return [
        *_list("sentences", texts),
        "embeddings = model.encode(sentences)",
        f"print(embeddings.shape)  # ({len(texts)}, {width})",
        "similarities = model.similarity(embeddings, embeddings)",
        *_printed(model, lambda: (model.encode(texts, **_TENSOR), None)),
    ]


def _retrieval(model: Any, example: Any) -> list[str]:
    query, *documents = example or _QUERY_AND_DOCUMENTS
    width = model.get_sentence_embedding_dimension()
    return [
        *_list("queries", [query]),
        *_list("documents", documents),
        "query_embeddings = model.encode_query(queries)",
        "document_embeddings = model.encode_document(documents)",
        f"print(query_embeddings.shape, document_embeddings.shape)  # (1, {width}) ({len(documents)}, {width})",
        "similarities = model.similarity(query_embeddings, document_embeddings)",
        *_printed(model, lambda: (model.encode_query([query], **_TENSOR), model.encode_document(documents, **_TENSOR))),
    ]


_TENSOR = {"convert_to_tensor": True, "show_progress_bar": False}


def _pairs(model: Any, example: Any) -> list[str]:
    query, documents = _QUERY_AND_DOCUMENTS[0], _QUERY_AND_DOCUMENTS[1:]
    pairs = example or [[query, document] for document in documents]
    labels = "" if model.num_labels == 1 else f" {model.num_labels}"
    lines = [*_list("pairs", [list(pair) for pair in pairs]), "scores = model.predict(pairs)"]
    lines.append(f"print(scores.shape)  # ({len(pairs)},{labels})")
    if model.num_labels == 1:
        lines += ["", *_list("documents", [pair[1] for pair in pairs])]
        lines.append(f"ranks = model.rank({pairs[0][0]!r}, documents)  # [{{'corpus_id': ..., 'score': ...}}, ...]")
    return lines


def _list(name: str, texts: list[Any]) -> list[str]:
    return [f"{name} = [", *(f"    {text!r}," for text in texts), "]"]


def _printed(model: Any, encode: Any) -> list[str]:
    """What the example prints; without the numbers where the model cannot take these texts."""
    training = model.training
    try:
        left, right = encode()
    except (EncoderError, ValueError, TypeError, RuntimeError) as err:
        logger.info("The card shows no similarities: the example cannot be run (%s)", err)
        return ["print(similarities)"]
    finally:
        model.train(training)
    scores = model.similarity(left, left if right is None else right).detach().float().cpu()
    shown = repr(scores.to_dense() if scores.is_sparse else torch.as_tensor(scores))
    return ["print(similarities)", *(f"# {line}" for line in shown.splitlines())]
