"""Tables in Markdown."""

from collections.abc import Sequence
from typing import Any

_LONGEST_CELL = 1000


def table(header: Sequence[str], rows: Sequence[Sequence[Any]], *, align: str = ":--") -> str:
    """Rows under a header; the cells are Markdown already."""
    lines = [header, [align] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def code(value: Any) -> str:
    """A value as one cell: on one line, not too long, and without what would end the cell."""
    text = str(value)
    if len(text) > _LONGEST_CELL:
        text = text[:_LONGEST_CELL] + "..."
    for mark, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "\\|"), ("\n", "<br>"), ("\r", "")):
        text = text.replace(mark, safe)
    return f"<code>{text}</code>"


def indented(block: str) -> str:
    """A block that belongs to the list item before it."""
    return "\n".join(f"  {line}" for line in block.splitlines())
