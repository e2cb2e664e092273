"""encode_query and encode_document, made from encode: the same options, another prompt, and the task's name."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from .prompts import TASK_PROMPTS, task_prompt_name

Encode = TypeVar("Encode", bound=Callable[..., Any])


def for_task(encode: Encode, task: str) -> Encode:
    """`encode` for one side of retrieval: the task's prompt, and `task` for a Router."""
    prompt_names = TASK_PROMPTS[task]
    signature = inspect.signature(encode)

    @functools.wraps(encode)
    def encode_task(self: Any, *args: Any, **kwargs: Any) -> Any:
        if "inputs" in kwargs:
            kwargs["sentences"] = kwargs.pop("inputs")
        bound = signature.bind(self, *args, **kwargs)
        arguments = {k: v for k, v in bound.arguments.items() if k not in ("self", "kwargs")}
        if arguments.get("prompt") is None and arguments.get("prompt_name") is None:
            arguments["prompt_name"] = task_prompt_name(self.prompts, prompt_names)
        return self.encode(**arguments, **{"task": task, **bound.arguments.get("kwargs", {})})

    encode_task.__name__ = f"encode_{task}"
    encode_task.__qualname__ = f"{encode.__qualname__.rpartition('.')[0]}.encode_{task}"
    encode_task.__doc__ = f"Like encode, with the prompt of the first of {', '.join(prompt_names)} and task {task!r}."
    return encode_task  # type: ignore[return-value]
