"""Where torch computes, and in which half precision that place multiplies."""

from typing import Any

from ..errors import EncoderError, MissingExtra


def load_torch() -> Any:
    """torch itself. Raises MissingExtra with the line that installs it."""
    try:
        import torch
    except ImportError as err:
        raise MissingExtra("this needs torch, which is not installed: pip install 'outrider[torch]'") from err
    return torch


def torch_device(name: str) -> str:
    """The device as torch writes it. Raises EncoderError for one that torch does not know or cannot use here."""
    torch = load_torch()
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as err:
        raise EncoderError(f"torch cannot use the device {name!r} here: {str(err).splitlines()[0]}") from err
    return str(device)


def half_type(device: str) -> str | None:
    """ "bfloat16" where the device multiplies it, "float16" on older GPUs, None on a CPU that would emulate it."""
    torch = load_torch()
    if torch.device(device).type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
    if torch.device(device).type != "cpu":
        return "float16"
    able = torch.cpu.get_capabilities()
    return "bfloat16" if able.get("avx512_bf16") or able.get("amx_bf16") or able.get("bf16") else None
