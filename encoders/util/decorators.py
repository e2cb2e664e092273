"""Old argument forms of save_to_hub."""

import functools
from collections.abc import Callable
from typing import Any

from ..renames import warn_renamed


def save_to_hub_args_decorator(func: Callable[..., Any]) -> Callable[..., Any]:
    """Accept `repo_name`, and the `organization` before it, as the repository's id."""

    @functools.wraps(func)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if "repo_name" in kwargs:
            warn_renamed("save_to_hub", "repo_name", "repo_id")
            kwargs.setdefault("repo_id", kwargs.pop("repo_name"))
        if organization := kwargs.pop("organization", None):
            warn_renamed("save_to_hub", "organization", "repo_id")
            args = (f"{organization}/{args[0]}", *args[1:]) if args else args
            if "repo_id" in kwargs and "/" not in kwargs["repo_id"]:
                kwargs["repo_id"] = f"{organization}/{kwargs['repo_id']}"
        return func(self, *args, **kwargs)

    return wrapper
