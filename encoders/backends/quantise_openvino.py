"""An int8 OpenVINO graph whose ranges are measured on sample texts, beside the model's own."""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import MissingExtra, WrongBackend
from .openvino_model import FOLDER, OpenVinoModel

# What the ranges are measured on where no texts are named.
_DATASET = ("glue", "sst2", "train", "sentence")
_SAMPLES = 300


def export_static_quantized_openvino_model(
    model: Any,
    quantization_config: Any,
    model_name_or_path: str,
    dataset_name: str | None = None,
    dataset_config_name: str | None = None,
    dataset_split: str | None = None,
    column_name: str | None = None,
    push_to_hub: bool = False,
    create_pr: bool = False,
    file_suffix: str = "qint8_quantized",
) -> None:
    """Write openvino/openvino_model_<suffix>.xml with int8 weights and activations, calibrated on a column of texts.

    `quantization_config` is None, or a dictionary of nncf.quantize's options and `num_samples`, or an object with
    `num_samples`. The dataset is one that `datasets` loads: a hub repository, a folder, or "json" and the like.
    """
    backbone = model.transformers_model
    if not isinstance(backbone, OpenVinoModel):
        raise WrongBackend("only a model that runs on OpenVINO can be quantised so; load it with backend='openvino'")
    nncf, openvino = _packages()
    options, samples = _options(quantization_config)
    texts = _texts((dataset_name, dataset_config_name, dataset_split, column_name), samples)
    graph = openvino.Core().read_model(backbone.path)
    calibration = nncf.Dataset(_features(model, backbone.input_names, texts))
    quantised = nncf.quantize(
        graph, calibration, subset_size=len(texts), model_type=nncf.ModelType.TRANSFORMER, **options
    )
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / f"openvino_model_{file_suffix}.xml"
        openvino.save_model(quantised, path, compress_to_fp16=False)
        _deliver(path, model_name_or_path, push_to_hub=push_to_hub, create_pr=create_pr)


def _options(given: Any) -> tuple[dict[str, Any], int]:
    if isinstance(given, dict):
        return {key: value for key, value in given.items() if key != "num_samples"}, given.get("num_samples", _SAMPLES)
    return {}, getattr(given, "num_samples", None) or _SAMPLES


def _texts(named: tuple[str | None, ...], samples: int) -> list[str]:
    needed = [named[0], named[2], named[3]]
    if None in needed and any(needed):
        raise ValueError("to choose the texts, give dataset_name, dataset_split and column_name together")
    name, config, split, column = named if named[0] else _DATASET
    import datasets

    rows = datasets.load_dataset(name, config, split=split)
    if column not in rows.column_names:
        raise ValueError(f"the dataset {name!r} has no column {column!r}; it has {', '.join(rows.column_names)}")
    return list(rows.select(range(min(samples, len(rows))))[column])


def _features(model: Any, names: list[str], texts: list[str]) -> Iterable[dict[str, Any]]:
    features = []
    for text in texts:
        tokens = model.tokenize([text])
        features.append({name: tokens[name].cpu().numpy() for name in names if name in tokens})
    return features


def _packages() -> tuple[Any, Any]:
    try:
        import datasets  # noqa: F401
        import nncf
        import openvino
    except ImportError as err:
        raise MissingExtra(
            "static quantisation needs OpenVINO's compression package and datasets: "
            'pip install "outrider[openvino,train]" nncf'
        ) from err
    return nncf, openvino


def _deliver(path: Path, destination: str, *, push_to_hub: bool, create_pr: bool) -> None:
    """The graph and its weights, into the folder or the hub repository."""
    files = (path, path.with_suffix(".bin"))
    if push_to_hub:
        from huggingface_hub import CommitOperationAdd, HfApi

        HfApi().create_commit(
            destination,
            [CommitOperationAdd(f"{FOLDER}/{file.name}", str(file)) for file in files],
            commit_message=f"Add {path.name}",
            create_pr=create_pr,
        )
        return
    folder = Path(destination) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        (folder / file.name).write_bytes(file.read_bytes())
