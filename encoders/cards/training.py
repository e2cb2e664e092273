"""How a training went: its settings, and its log."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from .tables import table

_LONG_LOG = 100
_FIRST_COLUMNS = ("Epoch", "Step", "Training Loss")


def hyperparameters(all_of_them: Mapping[str, Any], changed: Mapping[str, Any]) -> str:
    """The settings that were changed, and all of them to unfold."""
    if not all_of_them:
        return ""
    sections = ["### Training Hyperparameters"]
    if changed:
        sections += ["#### Non-Default Hyperparameters", _items(changed)]
    return "\n\n".join([*sections, "#### All Hyperparameters", folded(_items(all_of_them))])


def log(rows: Sequence[Mapping[str, Any]], best_step: int | None) -> str:
    """Losses and main metrics, a row a step; the step whose weights were kept is bold."""
    if not rows:
        return ""
    names = dict.fromkeys(name for row in rows for name in row)
    losses = [name for name in names if "loss" in name.lower() and name not in _FIRST_COLUMNS]
    header = [name for name in _FIRST_COLUMNS if name in names]
    header += [*losses, *(name for name in names if name not in (*header, *losses))]
    lines = []
    for row in rows:
        stress = "**" if best_step is not None and row.get("Step") == best_step else ""
        lines.append([f"{stress}{shown(row.get(name, '-'))}{stress}" for name in header])
    text = table(header, lines, align=":-:")
    parts = ["### Training Logs", folded(text) if len(lines) > _LONG_LOG else text]
    if any(row.get("Step") == best_step for row in rows):
        parts.append("* The bold row is the checkpoint that was kept.")
    return "\n\n".join(parts)


def shown(value: Any) -> str:
    """A number of a log: losses and metrics to four places, steps as they are."""
    return str(round(value, 4)) if isinstance(value, float) else str(value)


def every_loss(loss: nn.Module) -> list[nn.Module]:
    """The loss, and the losses inside it; not the models that they train."""
    found = [loss]
    for child in loss.children():
        if hasattr(child, "get_config_dict") and not hasattr(child, "model_card_data"):
            found += every_loss(child)
    return found


def folded(text: str) -> str:
    """Text that a click unfolds."""
    return f"<details><summary>Click to expand</summary>\n\n{text}\n\n</details>"


def _items(settings: Mapping[str, Any]) -> str:
    return "\n".join(f"- `{name}`: {value}" for name, value in settings.items())
