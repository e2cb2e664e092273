"""A request to a cluster, as a value."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a cluster."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None

    def as_console(self) -> str:
        """The request as the engines' documentation and dev tools write it."""
        body = "" if self.body is None else "\n" + json.dumps(self.body, indent=2, ensure_ascii=False)
        return f"{self.method} {self.path}{body}"

    def as_curl(self, url: str) -> str:
        """The request as a command for the shell."""
        line = f"curl -X{self.method} '{url.rstrip('/')}{self.path}'"
        if self.body is None:
            return line
        body = json.dumps(self.body, ensure_ascii=False).replace("'", "'\\''")
        return f"{line} -H 'Content-Type: application/json' -d '{body}'"


def index_path(index: str, rest: str = "") -> str:
    return f"/{quote(index, safe=',')}{rest}"
