"""What is chosen follows from what the machine can do, and the sentence says why."""

from pathlib import Path

import pytest
import torch

from outrider.encoders import open_model
from outrider.encoders.inference import choice, machine, openvino_executor
from outrider.encoders.inference.choice import Wish
from outrider.encoders.inference.describe import describe
from outrider.encoders.inference.torch_device import half_type


@pytest.mark.parametrize(
    ("wish", "device"),
    [
        (Wish(), "cuda"),
        (Wish(precision="fast"), "cuda"),
        (Wish(backend="torch"), "cuda"),
        (Wish(backend="torch", device="cpu"), "cpu"),
        (Wish(device="cuda:1"), "cuda:1"),
        (Wish(device="cpu"), None),
        (Wish(precision="int8"), None),
        (Wish(backend="onnx"), None),
        (Wish(backend="openvino"), None),
    ],
)
def test_a_gpu_is_used_unless_something_else_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, dense_folder: Path, wish: Wish, device: str | None
) -> None:
    monkeypatch.setattr(choice, "has_cuda_gpu", lambda: True)
    assert choice._torch_device(describe(dense_folder), wish)[0] == device


def test_a_folder_with_only_a_graph_stays_on_the_cpu(monkeypatch: pytest.MonkeyPatch, reranker_folder: Path) -> None:
    monkeypatch.setattr(choice, "has_cuda_gpu", lambda: True)
    assert choice._torch_device(describe(reranker_folder), Wish()) == (None, "")


def test_the_driver_is_asked_for_gpus() -> None:
    assert machine.has_cuda_gpu() == torch.cuda.is_available()


def test_a_cpu_without_bfloat16_is_never_made_to_emulate_it(
    monkeypatch: pytest.MonkeyPatch, dense_folder: Path
) -> None:
    monkeypatch.setattr(choice, "has_cuda_gpu", lambda: False)
    monkeypatch.setattr(openvino_executor, "multiplies_bfloat16", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True})
    executors = {
        backend: open_model(dense_folder, backend=backend, precision="fast").executor
        for backend in ("auto", "openvino", "torch")
    }
    assert executors == {
        "auto": "ONNX Runtime, fp32 on CPU: bf16 takes OpenVINO (pip install 'outrider[openvino]') and a CPU that "
        "multiplies it",
        "openvino": "OpenVINO, fp32: this CPU has no bf16",
        "torch": "torch packed, fp32 on CPU: asked for; this CPU has no bf16",
    }


@pytest.mark.parametrize(
    ("able", "half"),
    [({"avx512_bf16": True}, "bfloat16"), ({"amx_bf16": True}, "bfloat16"), ({"avx512_f": True}, None)],
)
def test_half_precision_is_what_the_cpu_multiplies(
    monkeypatch: pytest.MonkeyPatch, able: dict[str, bool], half: str | None
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert half_type("cpu") == half
