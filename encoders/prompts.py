"""Which prompt stands before each text."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

logger = logging.getLogger(__name__)

RETRIEVAL_PROMPTS = {"query": "", "document": ""}
TASK_PROMPTS = {"query": ("query",), "document": ("document", "passage", "corpus")}
"""The names that a task's prompt may have, the first that a model has being taken."""


def choose_prompt(
    prompts: Mapping[str, str], default_name: str | None, prompt: str | None, prompt_name: str | None
) -> str | None:
    """The prompt itself wins, then its name, then the model's default; None if there is nothing to add."""
    if prompt is not None:
        if prompt_name is not None:
            logger.warning("Both `prompt` and `prompt_name` were given; `prompt_name` %r is ignored.", prompt_name)
        return prompt or None
    name = prompt_name if prompt_name is not None else default_name
    if name is None:
        return None
    if name not in prompts:
        known = ", ".join(repr(key) for key in prompts)
        raise ValueError(f"Prompt name {name!r} not found in the configured prompts dictionary; it has {known}")
    return prompts[name] or None


def task_prompt_name(prompts: Mapping[str, str], names: Sequence[str]) -> str | None:
    """The first of these names that the model has a prompt for."""
    return next((name for name in names if name in prompts), None)


def put_before(prompt: str, text: Any) -> Any:
    """The input with the prompt before its text, or before the first of a pair."""
    if isinstance(text, dict):
        return {key: prompt + value for key, value in text.items()}
    if isinstance(text, (list, tuple)):
        return [prompt + text[0], *text[1:]]
    return prompt + text
