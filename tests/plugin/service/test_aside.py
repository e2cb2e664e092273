"""Slow work beside the loop: its result, its error, and no waiting for it at the end."""

import subprocess
import sys

import pytest

from outrider.plugin.aside import aside


async def test_the_result_comes_back() -> None:
    assert await aside(lambda: 7) == 7


async def test_the_error_comes_back() -> None:
    with pytest.raises(ZeroDivisionError):
        await aside(lambda: 1 // 0)


def test_a_model_that_takes_for_ever_to_load_does_not_hold_up_the_end() -> None:
    code = """
import time
from fastapi.testclient import TestClient
from outrider.plugin.app import create_app
from outrider.plugin.settings import read_settings
with TestClient(create_app(read_settings(), opener=lambda _: time.sleep(600))) as client:
    assert client.get("/health").status_code == 200
    refused = client.post("/embed", json={"inputs": "a"})
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
