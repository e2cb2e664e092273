"""Encoding in several processes: chunks go out in order of need and come back in any order."""

import math
import os
import pickle
import queue
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from tqdm.auto import tqdm  # type: ignore[import-untyped]

from .errors import WorkerDied

Pool = dict[str, Any]
_POLL_S = 1.0
_LARGEST_CHUNK = 5000


def default_devices() -> list[str]:
    """All CUDA devices; without any, four processes on the CPU."""
    if torch.cuda.is_available():
        return [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    return ["cpu"] * 4


def start(model: Any, devices: Sequence[str | torch.device]) -> Pool:
    """One process a device, each with the model; hand it to encode as `pool`, and stop it in the end."""
    context = torch.multiprocessing.get_context("spawn")
    home = model.device
    model.to("cpu").share_memory()
    inputs, outputs = context.Queue(), context.Queue()
    threads = max(1, (os.cpu_count() or 1) // len(devices))
    processes = [
        context.Process(target=_work, args=(str(device), model, inputs, outputs, threads), daemon=True)
        for device in devices
    ]
    for process in processes:
        process.start()
    model.to(home)
    return {"input": inputs, "output": outputs, "processes": processes}


def stop(pool: Pool) -> None:
    """End the processes and give their queues back."""
    for _ in pool["processes"]:
        pool["input"].put(None)
    for process in pool["processes"]:
        process.join(timeout=5)
        if process.is_alive():
            process.terminate()
            process.join()
        process.close()
    for name in ("input", "output"):
        pool[name].close()


def run(
    pool: Pool,
    method: str,
    inputs: Sequence[Any],
    options: dict[str, Any],
    *,
    chunk_size: int | None,
    show_progress_bar: bool,
) -> tuple[list[Any], int]:
    """model.method(chunk, **options) for every chunk; the results in the order of the inputs, and the texts cut.

    Raises what a process raised, and WorkerDied if one ended without a word.
    """
    size = chunk_size or min(math.ceil(len(inputs) / len(pool["processes"]) / 10), _LARGEST_CHUNK)
    starts = range(0, len(inputs), max(1, size))
    for index, begin in enumerate(starts):
        pool["input"].put((index, method, list(inputs[begin : begin + size]), options))
    results: dict[int, Any] = {}
    cut = 0
    for _ in tqdm(starts, desc="Chunks", disable=not show_progress_bar):
        index, content = _next(pool)
        result, truncated = pickle.loads(content)
        if isinstance(result, Exception):
            raise result
        results[index] = result
        cut += truncated
    return [results[index] for index in sorted(results)], cut


def _next(pool: Pool) -> tuple[int, bytes]:
    while True:
        try:
            answer: tuple[int, bytes] = pool["output"].get(timeout=_POLL_S)
            return answer
        except queue.Empty:
            dead = [process for process in pool["processes"] if process.exitcode is not None]
            if dead:
                raise WorkerDied(
                    f"{len(dead)} of {len(pool['processes'])} encoding processes ended early "
                    f"(exit code {dead[0].exitcode}; -9 usually means that memory ran out); "
                    "stop this pool and start another with fewer processes or smaller batches"
                ) from None


def _work(device: str, model: Any, inputs: Any, outputs: Any, threads: int) -> None:
    if device == "cpu":
        torch.set_num_threads(threads)
    model.to(device)
    while (task := inputs.get()) is not None:
        index, method, chunk, options = task
        outputs.put((index, _answer(model, method, chunk, {**options, "device": device})))


def _answer(model: Any, method: str, chunk: list[Any], options: dict[str, Any]) -> bytes:
    """The result, or whatever went wrong, which the parent process raises; and how many texts were cut."""
    before = model.truncated_texts
    try:
        result = getattr(model, method)(chunk, **options)
    except Exception as err:  # noqa: BLE001 -- handed to the parent, which raises it
        result = err
    return pickle.dumps((_on_cpu(result), model.truncated_texts - before))


def _on_cpu(result: Any) -> Any:
    if isinstance(result, torch.Tensor):
        return result.cpu()
    if isinstance(result, list):
        return [_on_cpu(row) for row in result]
    if isinstance(result, dict):
        return {name: _on_cpu(value) for name, value in result.items()}
    return result


def joined(parts: list[Any]) -> Any:
    """The results of the chunks as one result of the same kind."""
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    if isinstance(parts[0], torch.Tensor):
        whole = torch.cat(parts)
        return whole.coalesce() if whole.is_sparse else whole
    return [row for part in parts for row in part]
