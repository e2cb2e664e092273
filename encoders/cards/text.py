"""What a model's card says: the sections, in order."""

from typing import Any

from ..losses.citations import bibtex
from . import datasets, evaluations, training, usage
from .versions import versions

_SIMILARITIES = {
    "cosine": "Cosine Similarity",
    "dot": "Dot Product",
    "euclidean": "Euclidean Distance",
    "manhattan": "Manhattan Distance",
}


def render(model: Any) -> str:
    """Metadata, then the sections, each a few lines."""
    data = model.model_card_data
    sections = [
        f"---\n{data.to_yaml()}\n---",
        f"# {data.model_name or data.get_default_model_name()}",
        _summary(model),
        "## Model Details",
        "### Model Description",
        "\n".join(_description(model)),
        "### Model Sources",
        "\n".join(_sources(model)),
        *_architecture(model),
        usage.section(model),
        evaluations.section(data.eval_results_dict),
        "## Training Details",
        datasets.section("training", data.train_datasets),
        datasets.section("evaluation", data.eval_datasets),
        training.hyperparameters(data.all_hyperparameters, data.non_default_hyperparameters),
        training.log(data.training_logs, data.best_model_step),
        "### Framework Versions",
        "\n".join(f"- {name}: {version}" for name, version in versions().items()),
        "## Citation",
        "### BibTeX",
        *_citations(data),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _summary(model: Any) -> str:
    data = model.model_card_data
    task = data.task_name or data.usual_task
    origin = f", made from {_hub_link(data.base_model)}" if data.base_model else ""
    if model.kind == "CrossEncoder":
        return f"A cross-encoder{origin}: it reads two texts together and scores the pair, for {task}."
    dimension = model.get_sentence_embedding_dimension()
    kind = "sparse" if model.kind == "SparseEncoder" else "dense"
    return f"An encoder{origin}: it maps texts to {kind} vectors of {dimension} dimensions, for {task}."


def _hub_link(name: str) -> str:
    return f"[{name}](https://huggingface.co/{name})"


def _description(model: Any) -> list[str]:
    data = model.model_card_data
    lines = [f"- **Model Type:** {data.model_type}"]
    if data.base_model:
        revision = f" at revision `{data.base_model_revision}`" if data.base_model_revision else ""
        lines.append(f"- **Base model:** {_hub_link(data.base_model)}{revision}")
    lines.append(f"- **Maximum Sequence Length:** {model.get_max_seq_length()} tokens")
    if model.kind == "CrossEncoder":
        plural = "label" if model.num_labels == 1 else "labels"
        lines.append(f"- **Number of Output Labels:** {model.num_labels} {plural}")
    else:
        lines.append(f"- **Output Dimensionality:** {model.get_sentence_embedding_dimension()} dimensions")
        lines.append(f"- **Similarity Function:** {_SIMILARITIES[model.similarity_fn_name]}")
    if known := [entry for entry in data.train_datasets if entry.get("name") or entry.get("id")]:
        lines.append(f"- **Training Dataset{_s(known)}:** {datasets.listed([datasets.link(one) for one in known])}")
    if data.language:
        lines.append(f"- **Language{_s(data.language)}:** {', '.join(data.language)}")
    if data.license:
        lines.append(f"- **License:** {data.license}")
    return lines


def _s(several: list[Any]) -> str:
    return "s" if len(several) > 1 else ""


def _sources(model: Any) -> list[str]:
    tag = model.model_card_data.kind_tags[0]
    return [
        "- **Format:** [Sentence Transformers](https://sbert.net)",
        f"- **Hugging Face:** [models of this kind](https://huggingface.co/models?library=sentence-transformers&other={tag})",
    ]


def _architecture(model: Any) -> list[str]:
    if model.kind == "CrossEncoder":
        return []
    return ["### Full Model Architecture", f"```\n{model!r}\n```"]


def _citations(data: Any) -> list[str]:
    """The paper of the method, and those of the losses; each paper once."""
    own = bibtex("sentence-bert")
    entries = {own: "Sentence Transformers"}
    for name, entry in data.citations.items():
        entries.setdefault(entry, name)
    return [f"#### {name}\n\n```bibtex\n{entry.strip()}\n```" for entry, name in entries.items()]
