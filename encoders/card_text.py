"""What a model's card says."""

import platform
from collections.abc import Callable
from typing import Any

import tokenizers
import torch
import transformers

_SIMILARITIES = {
    "cosine": "Cosine Similarity",
    "dot": "Dot Product",
    "euclidean": "Euclidean Distance",
    "manhattan": "Manhattan Distance",
}
_TITLES = {
    "SentenceTransformer": "SentenceTransformer",
    "SparseEncoder": "Sparse Encoder",
    "CrossEncoder": "CrossEncoder",
}
_TEXTS = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]


def render(model: Any) -> str:
    """Metadata, then the sections, each a few lines."""
    data = model.model_card_data
    sections = [
        f"---\n{data.to_yaml()}\n---",
        f"# {data.model_name or _TITLES[model.kind]}",
        _summary(model),
        "## Model Details",
        "### Model Description\n" + "\n".join(_description(model)),
        "### Full Model Architecture\n\n```\n" + repr(model) + "\n```",
        '## Usage\n\nWith Outrider:\n\n```bash\npip install "outrider[torch]"\n```\n\n```python\n'
        + _USAGE[model.kind](model)
        + "\n```",
        "The folder is in Sentence Transformers' format: that library opens it, too, under the same class name.",
        _evaluation(data.eval_results_dict),
        "## Training Details\n\n### Framework Versions\n" + "\n".join(_versions()),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _summary(model: Any) -> str:
    data = model.model_card_data
    task = data.task_name or data.usual_task
    if model.kind == "CrossEncoder":
        return f"A cross-encoder: it reads two texts together and scores the pair, for {task}."
    dimension = model.get_sentence_embedding_dimension()
    kind = "sparse" if model.kind == "SparseEncoder" else "dense"
    return f"It maps texts to {kind} vectors of {dimension} dimensions, for {task}."


def _description(model: Any) -> list[str]:
    data = model.model_card_data
    lines = [f"- **Model Type:** {_TITLES[model.kind]}"]
    if data.base_model:
        lines.append(f"- **Base model:** [{data.base_model}](https://huggingface.co/{data.base_model})")
    lines.append(f"- **Maximum Sequence Length:** {model.get_max_seq_length()} tokens")
    if model.kind == "CrossEncoder":
        plural = "label" if model.num_labels == 1 else "labels"
        lines.append(f"- **Number of Output Labels:** {model.num_labels} {plural}")
    else:
        lines.append(f"- **Output Dimensionality:** {model.get_sentence_embedding_dimension()} dimensions")
        lines.append(f"- **Similarity Function:** {_SIMILARITIES[model.similarity_fn_name]}")
    if data.train_datasets:
        names = ", ".join(entry.get("name", entry.get("id", "unnamed")) for entry in data.train_datasets)
        lines.append(f"- **Training Datasets:** {names}")
    if data.language:
        lines.append(f"- **Language:** {', '.join(data.language)}")
    if data.license:
        lines.append(f"- **License:** {data.license}")
    return lines


def _evaluation(results: dict[Any, dict[str, float]]) -> str:
    """A table of metrics for each evaluator that was run."""
    if not results:
        return ""
    return "## Evaluation\n\n### Metrics\n\n" + "\n\n".join(_table(*result) for result in results.items())


def _table(evaluator: Any, metrics: dict[str, float]) -> str:
    name = getattr(evaluator, "name", "")
    lines = [f"#### {evaluator.description}", "", *([f"* Dataset: `{name}`"] if name else [])]
    lines += [f"* Evaluated with `{type(evaluator).__name__}`", "", "| Metric | Value |", "|:---|---:|"]
    for key, value in metrics.items():
        short = key.removeprefix(f"{name}_")
        stress = "**" if key == evaluator.primary_metric else ""
        lines.append(f"| {stress}{short}{stress} | {stress}{value:.4f}{stress} |")
    return "\n".join(lines)


def _encode_usage(model: Any) -> str:
    name = model.model_card_data.model_id or "folder-or-hub-id"
    return "\n".join(
        [
            f"from outrider.encoders import {model.kind}",
            "",
            f'model = {model.kind}("{name}")',
            f"embeddings = model.encode({_TEXTS})",
            f"print(embeddings.shape)  # (3, {model.get_sentence_embedding_dimension()})",
            "print(model.similarity(embeddings, embeddings))",
        ]
    )


def _predict_usage(model: Any) -> str:
    name = model.model_card_data.model_id or "folder-or-hub-id"
    lines = [
        "from outrider.encoders import CrossEncoder",
        "",
        f'model = CrossEncoder("{name}")',
        f"scores = model.predict([({_TEXTS[0]!r}, {_TEXTS[1]!r}), ({_TEXTS[0]!r}, {_TEXTS[2]!r})])",
    ]
    if model.num_labels == 1:
        lines.append(f"ranked = model.rank({_TEXTS[0]!r}, {_TEXTS[1:]})")
    return "\n".join(lines)


_USAGE: dict[str, Callable[[Any], str]] = {
    "SentenceTransformer": _encode_usage,
    "SparseEncoder": _encode_usage,
    "CrossEncoder": _predict_usage,
}


def _versions() -> list[str]:
    return [
        f"- Python: {platform.python_version()}",
        f"- Transformers: {transformers.__version__}",
        f"- PyTorch: {torch.__version__}",
        f"- Tokenizers: {tokenizers.__version__}",
    ]
