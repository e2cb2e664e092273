"""What the tests of the running service share."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

REPOSITORY = Path(__file__).resolve().parents[3]

Post = Callable[..., httpx.Response]


@pytest.fixture(scope="session")
def http(sidecar: Any) -> Iterator[httpx.Client]:
    """A connection to the sidecar with the three ready models."""
    with httpx.Client(base_url=sidecar.url, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def post(http: httpx.Client) -> Post:
    """Send raw bytes or a value as JSON, as OpenSearch's connector would: few headers, no Accept."""

    def send(path: str, body: Any, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        return http.post(path, content=content, headers={"Content-Type": "application/json", **headers})

    return send
