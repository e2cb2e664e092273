"""What the collector walks while the sidecar serves, and what is left of a model that is gone."""

import subprocess
import sys

CODE = """
import gc, weakref
from fastapi.testclient import TestClient
from outrider.plugin.app import create_app
from outrider.plugin.settings import read_settings
with TestClient(create_app(read_settings(flags={"models": ["all-MiniLM-L6-v2"]}))) as client:
    while client.get("/ready").status_code != 200:
        pass
    print(gc.get_freeze_count(), len(gc.get_objects()))
    model = weakref.ref(client.app.state.sidecar.registry.served[0].model)
    assert client.post("/embed", json={"inputs": ["a"]}).status_code == 200
    assert model() is not None
    assert client.post("/models/unload", json={"model": "all-MiniLM-L6-v2"}).status_code == 200
    print("gone" if model() is None else "kept")
"""


def test_the_collector_skips_what_stays_and_an_unloaded_model_is_freed() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=300)
    counts, fate = done.stdout.splitlines()
    frozen, walked = map(int, counts.split())
    assert frozen > 10 * walked
    assert fate == "gone"
