"""Reading a module's saved state into it."""

from torch import nn

from .. import files
from .module import read_weights


def load_into(
    module: nn.Module, model: str, subfolder: str, where: files.Where, *, renamed: dict[str, str] | None = None
) -> None:
    """Load the folder's weights; tensors that the module ties together may be saved once. `renamed`: old -> new key."""
    weights = {(renamed or {}).get(key, key): value for key, value in read_weights(model, subfolder, where).items()}
    tied = _tied(module)
    for name in module.state_dict():
        if name not in weights and (twin := next((key for key in tied.get(name, ()) if key in weights), None)):
            weights[name] = weights[twin]
    module.load_state_dict(weights)


def _tied(module: nn.Module) -> dict[str, set[str]]:
    places: dict[int, set[str]] = {}
    for name, tensor in module.state_dict(keep_vars=True).items():
        places.setdefault(id(tensor), set()).add(name)
    return {name: names - {name} for names in places.values() for name in names}
