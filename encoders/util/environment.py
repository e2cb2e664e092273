"""What this machine and this Python have."""

import importlib.metadata
import importlib.util

import torch

_ACCELERATORS = ("cuda", "mps", "npu", "hpu", "xpu")


def get_device_name() -> str:
    """The kind of device that models go to by default: cuda, mps, npu, hpu, xpu or cpu."""
    for name in _ACCELERATORS:
        backend = getattr(torch, name, None)
        if backend is not None and hasattr(backend, "is_available") and backend.is_available():
            return name
    return "cpu"


def check_package_availability(package_name: str, owner: str) -> bool:
    """Whether the package is installed and its metadata names this owner (others may use the same name)."""
    if importlib.util.find_spec(package_name) is None:
        return False
    try:
        metadata = importlib.metadata.metadata(package_name)
    except importlib.metadata.PackageNotFoundError:
        return False
    urls = [*(metadata.get_all("Home-page") or []), *(metadata.get_all("Project-URL") or [])]
    return any(f"/{owner}/" in url for url in urls)


def is_accelerate_available() -> bool:
    """Whether accelerate is installed."""
    return importlib.util.find_spec("accelerate") is not None


def is_datasets_available() -> bool:
    """Whether datasets is installed."""
    return importlib.util.find_spec("datasets") is not None


def is_training_available() -> bool:
    """Whether everything that training needs is installed."""
    return is_accelerate_available() and is_datasets_available()
