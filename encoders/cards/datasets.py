"""Datasets as a card shows them: columns, statistics, samples, and the loss that reads them."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from torch import nn

from ..dotted import dotted_name
from .tables import code, indented, table

MEASURED_ROWS = 1000
_SHOWN_ROWS = 3
_SHOWN_NUMBERS = 5
_ON_THE_HUB = re.compile(r"datasets/(?P<id>[^@]+)@(?P<revision>[0-9a-f]{40})/")

# Lengths of texts, and what they are counted in.
Lengths = Callable[[Sequence[str]], tuple[list[int], str]]


def named(data: Any, name: str | None = None) -> list[dict[str, Any]]:
    """An entry for the dataset, or for each of a dict of them: its name, and where it is on the hub if it is there."""
    if isinstance(data, Mapping):
        return [entry for key, part in data.items() for entry in named(part, key)]
    entry: dict[str, Any] = {} if name is None else {"name": name}
    sources = getattr(getattr(data, "info", None), "download_checksums", None) or {}
    found = next((match for match in map(_ON_THE_HUB.search, sources) if match), None)
    if found is not None:
        entry = {"name": found["id"].rpartition("/")[2]} | entry | found.groupdict()
    return [entry]


def described(data: Any, lengths: Lengths) -> dict[str, Any]:
    """Size, columns, statistics of the first rows, and three of them; of a stream only the columns."""
    facts: dict[str, Any] = {"columns": [f"<code>{name}</code>" for name in data.column_names or ()]}
    if not hasattr(data, "__len__"):
        return facts
    first = data[: min(MEASURED_ROWS, len(data))]
    columns = {name: list(values) for name, values in first.items()}
    stats = {name: measured(values, lengths) for name, values in columns.items()}
    return {
        "size": len(data),
        **facts,
        "stats": stats,
        "stats_table": _stats_table(stats),
        "examples": {name: values[:_SHOWN_ROWS] for name, values in columns.items()},
        "examples_table": _examples_table(columns),
    }


def measured(values: Sequence[Any], lengths: Lengths) -> dict[str, Any]:
    """The type of a column, by its first value, and the lengths or the spread of its values."""
    present = [value for value in values if value is not None]
    first = present[0] if present else None
    if isinstance(first, str):
        counts, unit = lengths([str(value) for value in present])
        return {"dtype": "string", "data": _spread(counts, f" {unit}")}
    if isinstance(first, int):
        shares = sorted(Counter(present).items())
        return {"dtype": "int", "data": {str(value): f"~{n / len(present):.2%}" for value, n in shares}}
    if isinstance(first, float):
        return {"dtype": "float", "data": _spread(present)}
    if isinstance(first, (list, tuple)):
        sizes = [len(value) for value in present]
        same = len(set(sizes)) == 1
        return {"dtype": "list", "data": {"size": f"{sizes[0]} elements"} if same else _spread(sizes, " elements")}
    return {"dtype": type(first).__name__, "data": {}}


def loss_entry(loss: nn.Module) -> dict[str, str]:
    """The name of a loss, and its settings as JSON."""
    entry = {"fullname": dotted_name(type(loss))}
    settings: dict[str, Any] = getattr(loss, "get_config_dict", dict)()
    if settings:
        entry["config_code"] = f"```json\n{json.dumps(settings, indent=4, default=spoken)}\n```"
    return entry


def spoken(value: Any) -> Any:
    """What JSON has no word for: a loss in a loss with its settings, anything else by its name."""
    settings = value.get_config_dict() if hasattr(value, "get_config_dict") else {}
    name = getattr(value, "__name__", type(value).__name__)
    given = ", ".join(f"{key}={inner!r}" for key, inner in settings.items())
    return f"{name}({given})" if isinstance(value, nn.Module) else name


def section(kind: str, entries: Sequence[Mapping[str, Any]]) -> str:
    """`### Training Dataset` or the like, with every dataset under it."""
    known = [entry for entry in entries if "columns" in entry]
    if not known:
        return ""
    plural = "s" if len(known) > 1 else ""
    return "\n\n".join([f"### {kind.title()} Dataset{plural}", *(_block(kind, entry) for entry in known)])


def link(entry: Mapping[str, Any]) -> str:
    """The name of a dataset, as a link where it is on the hub."""
    name = entry.get("name") or entry.get("id") or "Unnamed Dataset"
    return f"[{name}](https://huggingface.co/datasets/{entry['id']})" if entry.get("id") else str(name)


def _block(kind: str, entry: Mapping[str, Any]) -> str:
    lines = [f"#### {entry.get('name') or 'Unnamed Dataset'}", ""]
    if entry.get("name"):
        at = f" at `{entry['revision'][:7]}`" if entry.get("revision") else ""
        lines.append(f"* Dataset: {link(entry)}{at}")
    if entry.get("size"):
        lines.append(f"* Size: {entry['size']:,} {kind} samples")
    lines.append(f"* Columns: {listed(entry['columns'])}")
    if entry.get("stats_table"):
        rows = min(entry["size"], MEASURED_ROWS)
        lines += [f"* Statistics of the first {rows} samples:", indented(entry["stats_table"])]
        lines += ["* Samples:", indented(entry["examples_table"])]
    if loss := entry.get("loss"):
        settings = loss.get("config_code")
        lines.append(f"* Loss: <code>{loss['fullname'].rpartition('.')[2]}</code>{' with:' if settings else ''}")
        lines += [indented(settings)] if settings else []
    return "\n".join(lines)


def listed(words: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _spread(numbers: Sequence[float], unit: str = "") -> dict[str, str]:
    mean = round(sum(numbers) / len(numbers), 2)
    return {"min": f"{round(min(numbers), 2)}{unit}", "mean": f"{mean}{unit}", "max": f"{round(max(numbers), 2)}{unit}"}


def _stats_table(stats: Mapping[str, Mapping[str, Any]]) -> str:
    details = ["<ul>" + _items(column["data"].items()) + "</ul>" for column in stats.values()]
    return table(["", *stats], [["type", *(column["dtype"] for column in stats.values())], ["details", *details]])


def _items(facts: Iterable[tuple[str, str]]) -> str:
    return "".join(f"<li>{name}: {value}</li>" for name, value in facts)


def _examples_table(columns: Mapping[str, Sequence[Any]]) -> str:
    rows = zip(*(values[:_SHOWN_ROWS] for values in columns.values()), strict=True)
    return table(list(columns), [[code(_shortened(value)) for value in row] for row in rows])


def _shortened(value: Any) -> Any:
    if isinstance(value, list) and len(value) > _SHOWN_NUMBERS and isinstance(value[0], (int, float)):
        return f"[{', '.join(map(str, value[:_SHOWN_NUMBERS]))}, ...]"
    return value
