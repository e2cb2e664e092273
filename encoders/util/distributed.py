"""Tensors of all training processes in one."""

import torch
from torch import Tensor


def all_gather(tensor: Tensor, with_grad: bool = False) -> Tensor:
    """The rows of all processes, in order of rank; only the own rows carry a gradient unless `with_grad`."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return tensor
    if with_grad:
        from torch.distributed.nn.functional import all_gather as gather_with_grad

        parts: tuple[Tensor, ...] = gather_with_grad(tensor)  # type: ignore[no-untyped-call]
        return torch.cat(parts, dim=0)
    gathered = [torch.zeros_like(tensor) for _ in range(torch.distributed.get_world_size())]
    torch.distributed.all_gather(gathered, tensor)
    gathered[torch.distributed.get_rank()] = tensor
    return torch.cat(gathered, dim=0)


def all_gather_with_grad(tensor: Tensor) -> Tensor:
    """The rows of all processes, each with its gradient."""
    return all_gather(tensor, with_grad=True)
