"""Exports leave nothing behind."""

import os
import subprocess
import sys
from pathlib import Path


def test_temporary_graphs_go_with_the_process(dense_folder: str, tmp_path: Path) -> None:
    script = f"""
import pathlib, tempfile
from outrider.encoders import SentenceTransformer
for backend in ("onnx", "openvino"):
    SentenceTransformer({dense_folder!r}, backend=backend).encode("a")
print(len(list(pathlib.Path(tempfile.gettempdir()).rglob("model.onnx"))))
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True, timeout=300
    )
    assert done.stdout.split() == ["2"]
    assert not list(tmp_path.glob("outrider-*"))
