"""Transformers on OpenVINO: a compiled model that answers like a transformers model."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import MissingExtra, NotAModel
from .config import config_from_graph, read_config
from .graphs import OUTPUTS, copy_graph, ready_graph

FOLDER = "openvino"
FILE = "openvino_model.xml"


class OpenVinoModel(nn.Module):
    """One compiled OpenVINO model; has no torch parameters."""

    def __init__(self, path: Path, task: str, config: Any, *, device: str, ov_config: dict[str, Any]) -> None:
        super().__init__()
        self.path, self.task = path, task
        self._device_name, self._ov_config = device, ov_config
        self._container, self._field, self._wanted = OUTPUTS[task]
        self._compile()
        self.config = config if config is not None else config_from_graph(path.parent, self._width)

    def _compile(self) -> None:
        model = _openvino().Core().read_model(self.path)
        self.input_names = [node.get_any_name() for node in model.inputs]
        names = {name: index for index, node in enumerate(model.outputs) for name in node.get_names()}
        self._output = next((names[name] for name in self._wanted if name in names), 0)
        last = model.outputs[self._output].get_partial_shape()[-1]
        self._width = last.get_length() if last.is_static else None
        self.compiled = _openvino().Core().compile_model(model, self._device_name, self._ov_config)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Run the compiled model; masks and type ids are made up where it wants them and nothing was given."""
        given = {
            "input_ids": input_ids,
            "attention_mask": torch.ones_like(input_ids) if attention_mask is None else attention_mask,
            "token_type_ids": torch.zeros_like(input_ids) if token_type_ids is None else token_type_ids,
        }
        if unknown := set(self.input_names) - set(given):
            raise NotAModel(f"the graph {str(self.path)!r} wants inputs {sorted(unknown)} that a text does not give")
        outputs = self.compiled({name: given[name].cpu().numpy() for name in self.input_names})
        output = torch.from_numpy(outputs[self._output].copy()).float().to(input_ids.device)
        return self._container(**{self._field: output}) if return_dict else (output,)

    def save_pretrained(self, output_path: str) -> None:
        """Write the graph into openvino/ and the configuration beside it."""
        copy_graph((self.path, self.path.with_suffix(".bin")), Path(output_path) / FOLDER)
        if hasattr(self.config, "save_pretrained"):
            self.config.save_pretrained(output_path)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"compiled": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._compile()


def load_openvino(folder: str, task: str, model_args: dict[str, Any], config_args: dict[str, Any]) -> OpenVinoModel:
    """The OpenVINO graph of the folder; converted once where there is none, or where `export` says so."""
    root = Path(folder)
    graph = ready_graph(root, FILE, model_args, places=(FOLDER, ""))
    if graph is None:
        graph = _convert(folder, task, model_args, config_args)
    return OpenVinoModel(
        graph,
        task,
        read_config(root, config_args),
        device=model_args.get("device", "CPU"),
        ov_config=_ov_config(model_args.get("ov_config")),
    )


def _convert(folder: str, task: str, model_args: dict[str, Any], config_args: dict[str, Any]) -> Path:
    from .export import export_to_cache

    onnx = export_to_cache(folder, task, model_args, config_args)
    target = onnx.parent / FILE
    openvino = _openvino()
    openvino.save_model(openvino.convert_model(onnx), target, compress_to_fp16=False)
    return target


def _ov_config(given: Any) -> dict[str, Any]:
    """As given, or read from the JSON file at that path; numbers as exact as torch's unless it says otherwise."""
    if isinstance(given, (str, Path)):
        given = json.loads(Path(given).read_text(encoding="utf-8"))
    return {"INFERENCE_PRECISION_HINT": "f32", **(given or {})}


def _openvino() -> Any:
    try:
        import openvino
    except ImportError as err:
        raise MissingExtra('backend="openvino" needs OpenVINO: pip install "outrider[openvino]"') from err
    return openvino
