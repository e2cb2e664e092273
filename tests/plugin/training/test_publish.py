"""A trained folder into a running sidecar."""

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import Run


@pytest.mark.parametrize("kind", ["reranker"])
def test_a_model_is_swapped_in_and_a_bad_one_is_swapped_out(
    kind: str, shop: Path, outrider: Run, tmp_path: Path, start_sidecar: Callable[..., AbstractContextManager[Any]]
) -> None:
    served = tmp_path / "served"
    shutil.copytree(shop / kind, served)
    models = json.dumps([{"source": str(served), "name": "shop"}])
    with start_sidecar(OUTRIDER_MODELS=models) as sidecar:

        def fingerprint() -> str:
            (model,) = httpx.get(f"{sidecar.url}/v1/models").json()["data"]
            return str(model["fingerprint"])

        before = fingerprint()
        fresh = tmp_path / "fresh"
        shutil.copytree(shop / kind, fresh)
        config = json.loads((fresh / "config.json").read_text())
        config["sentence_transformers"] = {"activation_fn": "torch.nn.modules.linear.Identity"}
        (fresh / "config.json").write_text(json.dumps(config))
        published = outrider("publish", fresh, "--to", served, "--name", "shop", "--sidecar", sidecar.url, "--json")
        told = json.loads(published.stdout)
        assert told["fingerprint"] == fingerprint() != before
        assert (told["kind"], Path(told["previous"])) == ("rerank", tmp_path / "served.previous")
        assert "nothing is left to do" in told["next_step"]

        arguments = ("publish", fresh, "--to", served, "--sidecar", sidecar.url)
        unknown = outrider(*arguments, "--name", "other", check=False)
        assert unknown.returncode == 1
        assert "'other' is not in the settings" in unknown.stderr
        assert fingerprint() == told["fingerprint"]
        assert (served / "config.json").read_text() == (fresh / "config.json").read_text()
        same = outrider("publish", served, "--to", served, "--name", "shop", check=False)
        assert "serves from already" in same.stderr
        (fresh / "model.safetensors").unlink()
        broken = outrider(*arguments, "--name", "shop", check=False)
        assert broken.returncode == 1
        assert "has no weights" in broken.stderr
