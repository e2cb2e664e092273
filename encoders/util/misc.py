"""Names, logs and csv rows."""

import csv
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..dotted import dotted_name, import_dotted
from ..renames import keywords


@keywords(newer={"obj": "o"})
def fullname(o: Any) -> str:
    """The dotted name of a class, or of the class of an object."""
    return dotted_name(o)


def import_from_string(dotted_path: str) -> Any:
    """Import `package.module.Name`."""
    return import_dotted(dotted_path)


@contextmanager
def disable_logging(highest_level: int = logging.CRITICAL) -> Iterator[None]:
    """No log records up to this level within the block."""
    before = logging.root.manager.disable
    logging.disable(highest_level)
    try:
        yield
    finally:
        logging.disable(before)


@contextmanager
def disable_datasets_caching() -> Iterator[None]:
    """Within the block, `datasets` keeps nothing on disk."""
    from datasets import (  # type: ignore[import-not-found, unused-ignore]
        disable_caching,
        enable_caching,
        is_caching_enabled,
    )

    enabled = is_caching_enabled()
    disable_caching()
    try:
        yield
    finally:
        if enabled:
            enable_caching()


def append_to_last_row(csv_path: str, additional_data: list[Any]) -> bool:
    """Add values to the last row of a csv file; False if it has no rows."""
    with open(csv_path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    if not rows:
        return False
    rows[-1].extend(str(value) for value in additional_data)
    with open(csv_path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return True
