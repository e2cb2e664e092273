"""The versions that a model was saved with."""

import platform
from importlib import metadata

_PACKAGES = {
    "Outrider": "outrider",
    "Transformers": "transformers",
    "PyTorch": "torch",
    "Accelerate": "accelerate",
    "Datasets": "datasets",
    "Tokenizers": "tokenizers",
}


def versions() -> dict[str, str]:
    """Python's, and those of the packages that are installed."""
    found = {"Python": platform.python_version()}
    for name, package in _PACKAGES.items():
        try:
            found[name] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
