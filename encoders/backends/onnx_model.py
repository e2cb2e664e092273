"""Transformers on ONNX Runtime: a session that answers like a transformers model."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import NotAModel
from .config import config_from_graph, read_config
from .graphs import OUTPUTS, copy_graph, ready_graph

FOLDER = "onnx"
FILE = "model.onnx"


class OnnxModel(nn.Module):
    """One ONNX Runtime session; has no torch parameters."""

    def __init__(
        self, path: Path, task: str, config: Any, *, providers: list[Any] | None, session_options: Any
    ) -> None:
        import onnxruntime

        super().__init__()
        self.path, self.task = path, task
        self._arguments = {"providers": providers or onnxruntime.get_available_providers()[:1]}
        self._session_options = session_options
        self.session = onnxruntime.InferenceSession(path, session_options, **self._arguments)
        self.input_names = [node.name for node in self.session.get_inputs()]
        outputs = [node.name for node in self.session.get_outputs()]
        self._container, self._field, wanted = OUTPUTS[task]
        self._output = next((name for name in wanted if name in outputs), outputs[0])
        self.config = config if config is not None else config_from_graph(path.parent, self._width())

    def _width(self) -> int | None:
        node = next(node for node in self.session.get_outputs() if node.name == self._output)
        return node.shape[-1] if isinstance(node.shape[-1], int) else None

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        return_dict: bool = True,
    ) -> Any:
        """Run the session; masks and type ids are made up where the graph wants them and nothing was given."""
        given = {"input_ids": input_ids, "attention_mask": attention_mask, "token_type_ids": token_type_ids}
        default = {"attention_mask": torch.ones_like, "token_type_ids": torch.zeros_like}
        feeds = {}
        for name in self.input_names:
            value = given.get(name)
            if value is None:
                if name not in default:
                    raise NotAModel(f"the graph {str(self.path)!r} wants an input {name!r} that a text does not give")
                value = default[name](input_ids)
            feeds[name] = value.cpu().numpy().astype(np.int64)
        output = torch.from_numpy(self.session.run([self._output], feeds)[0]).to(input_ids.device)
        return self._container(**{self._field: output}) if return_dict else (output,)

    def save_pretrained(self, output_path: str) -> None:
        """Write the graph into onnx/ and the configuration beside it."""
        copy_graph((self.path, *self.path.parent.glob(f"{self.path.name}_data")), Path(output_path) / FOLDER)
        if hasattr(self.config, "save_pretrained"):
            self.config.save_pretrained(output_path)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"session": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        import onnxruntime

        self.__dict__.update(state)
        self.session = onnxruntime.InferenceSession(self.path, self._session_options, **self._arguments)


def load_onnx(folder: str, task: str, model_args: dict[str, Any], config_args: dict[str, Any]) -> OnnxModel:
    """The ONNX graph of the folder; exported once with torch where there is none, or where `export` says so."""
    root = Path(folder)
    graph = ready_graph(root, FILE, model_args, places=(FOLDER, ""))
    if graph is None:
        from .export import export_to_cache

        graph = export_to_cache(folder, task, model_args, config_args)
    provider = model_args.get("provider")
    providers = model_args.get("providers") or ([provider] if provider else None)
    return OnnxModel(
        graph,
        task,
        read_config(root, config_args),
        providers=providers,
        session_options=model_args.get("session_options"),
    )
