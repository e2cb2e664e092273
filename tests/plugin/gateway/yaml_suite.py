"""The REST tests that OpenSearch tests itself with, as requests: what they ask, not what they expect of the answer.

They are YAML, of the Apache License 2.0, in a Maven artifact that is fetched as the launcher fetches engines. Only
OpenSearch publishes them; Elasticsearch's artifact of the same name has no tests, so that it is asked what it
understands of the same requests.
"""

import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import yaml

from outrider.plugin.launcher.fetch import download
from outrider.plugin.launcher.lock import Artifact
from outrider.plugin.launcher.places import engine_root
from outrider.plugin.launcher.progress import silent

ARTIFACT = Artifact(
    group="org.opensearch",
    name="rest-api-spec",
    version="3.1.0",
    packaging="jar",
    bytes=429_113,
    sha256="fbaced31d6144a2aa816bfe5525c7bfdd13b2d7681e341a7a09f6ade4df2759e",
    into="",
)
# What of a step is not the name of an API.
_BESIDE = ("catch", "headers", "warnings", "allowed_warnings", "node_selector")
_TELLS_OF_THE_NODE = "it tells of the node and its work, never the same twice"
# Tests that are not run, by the beginning of their names.
SKIPPED: Mapping[str, str] = {
    **dict.fromkeys(("nodes.", "cluster.stats", "cluster.state", "tasks.", "wlm_stats"), _TELLS_OF_THE_NODE),
    **dict.fromkeys(("search.backpressure", "cat.thread_pool", "cat.nodes", "cat.tasks"), _TELLS_OF_THE_NODE),
    **dict.fromkeys(("cat.allocation", "cat.fielddata", "cat.recovery", "indices.recovery"), _TELLS_OF_THE_NODE),
    "cluster.voting_config_exclusions": "it takes the only node's vote away",
    "snapshot": "the node has no folder for snapshots",
    "cat.snapshots": "the node has no folder for snapshots",
    "cat.repositories": "the node has no folder for snapshots",
}


class Unspeakable(Exception):
    """A step that cannot be put as a request; the text says why."""


@dataclass(frozen=True)
class Call:
    """One request."""

    method: str
    path: str
    body: bytes | None
    headers: Mapping[str, str]


@dataclass(frozen=True)
class YamlTest:
    """One test: `name` is its file and its own; its steps are those of the file's setup, its own, and the teardown."""

    name: str
    steps: Sequence[Mapping[str, Any]]

    @property
    def why_skipped(self) -> str:
        """Empty where it is run."""
        if known := next((why for start, why in SKIPPED.items() if self.name.startswith(start)), ""):
            return known
        for step in self.steps:
            if "skip" in step and step["skip"].get("version") == "all":
                return f"its authors skip it: {step['skip'].get('reason', '')}"
            if "do" in step and step["do"].get("catch") == "param":
                return "it is about what a client refuses to send"
            if "transform_and_set" in step:
                return "it makes credentials out of an answer"
        return ""


class Suite:
    """The tests of the artifact, and the words in which its APIs are asked."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)

    def tests(self) -> Iterator[YamlTest]:
        """All of them, by file."""
        for name in sorted(self._zip.namelist()):
            if name.startswith("rest-api-spec/test/") and name.endswith(".yml"):
                yield from _tests(name.removeprefix("rest-api-spec/test/").removesuffix(".yml"), self._zip.read(name))

    def call(self, do: Mapping[str, Any], known: Mapping[str, Any]) -> Call:
        """A `do` step as a request; `known` are values of answers before. Raises Unspeakable."""
        (api,) = (key for key in do if key not in _BESIDE)
        if api not in self._apis:
            raise Unspeakable(f"no API {api}")
        given = _filled(do[api] or {}, known)
        given.pop("ignore", None)
        body = given.pop("body", None)
        paths = self._apis[api]["url"]["paths"]
        fitting = [path for path in paths if path.get("parts", {}).keys() <= given.keys()]
        if not fitting:
            raise Unspeakable(f"{api} without {next(iter(paths[0]['parts']))}")
        path = max(fitting, key=lambda each: len(each.get("parts", {})))
        method = next((each for each in ("POST", "PUT") if each in path["methods"] and body is not None), None)
        written = path["path"]
        for part in path.get("parts", {}):
            written = written.replace("{" + part + "}", quote(_text(given.pop(part)), safe=",*"))
        query = urlencode({key: _text(value) for key, value in given.items()})
        headers = {str(key): str(value) for key, value in _filled(do.get("headers") or {}, known).items()}
        is_bulk = self._apis[api].get("body", {}).get("serialize") == "bulk"
        if body is not None:
            headers.setdefault("content-type", "application/x-ndjson" if is_bulk else "application/json")
        return Call(
            method or path["methods"][0],
            written + (f"?{query}" if query else ""),
            None if body is None else _lines(body) if is_bulk else _json(body),
            headers,
        )

    @cached_property
    def _apis(self) -> dict[str, Any]:
        names = [each for each in self._zip.namelist() if each.startswith("rest-api-spec/api/") and "/_" not in each]
        return {key: value for name in names if name.endswith(".json") for key, value in self._read(name).items()}

    def _read(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._zip.read(name))
        return found


def suite() -> Suite:
    """Fetched once, kept beside the engines."""
    path = engine_root(None, silent) / ARTIFACT.filename
    if not path.is_file():
        with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
            shutil.move(download(ARTIFACT, Path(scratch)), path)
    return Suite(path)


def remembered(step: Mapping[str, str], answer: Any) -> dict[str, Any]:
    """The values of an answer that a `set` step gives names to; nothing for what it does not have."""
    found = {}
    for path, name in step.items():
        value = answer
        for part in (each.replace("\\.", ".") for each in re.split(r"(?<!\\)\.", path)):
            if isinstance(value, Mapping):
                value = next(iter(value), None) if part == "_arbitrary_key_" else value.get(part)
            elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
                value = value[int(part)]
            else:
                value = None
        found[name] = value
    return found


@dataclass
class Answered:
    """What came of a request; headers are those that are about the answer."""

    call: Call
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


def differences(first: Any, second: Any, through: Any, at: str = "") -> Iterator[str]:
    """Where an answer through the gateway is not the direct one.

    What differs between two direct ones is left out, and how long a request took, which may be alike twice by chance.
    """
    if at.rpartition(".")[2] == "took" and isinstance(through, int):
        return
    if isinstance(first, Mapping) and isinstance(second, Mapping) and first.keys() == second.keys():
        if not isinstance(through, Mapping) or through.keys() != first.keys():
            yield f"{at or 'all'}: {first!r} directly, {through!r} through the gateway"
            return
        for key in first:
            yield from differences(first[key], second[key], through[key], f"{at}.{key}")
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        if not isinstance(through, list) or len(through) != len(first):
            yield f"{at or 'all'}: {first!r} directly, {through!r} through the gateway"
            return
        for place, parts in enumerate(zip(first, second, through, strict=True)):
            yield from differences(*parts, f"{at}.{place}")
    elif first == second and through != first:
        yield f"{at or 'all'}: {first!r} directly, {through!r} through the gateway"


def _tests(file: str, content: bytes) -> Iterator[YamlTest]:
    sections = [pair for each in yaml.safe_load_all(content) if each for pair in each.items()]
    around: dict[str, list[Any]] = {name: steps or [] for name, steps in sections if name in ("setup", "teardown")}
    for name, steps in sections:
        if name not in around:
            yield YamlTest(f"{file}: {name}", [*around.get("setup", []), *steps, *around.get("teardown", [])])


def _filled(value: Any, known: Mapping[str, Any]) -> Any:
    """A value with the names of earlier answers replaced."""
    if isinstance(value, Mapping):
        return {str(_filled(key, known)): _filled(each, known) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, known) for each in value]
    if isinstance(value, str) and "$" in value:
        if value.strip("${}") in known and value.startswith("$"):
            return known[value.strip("${}")]
        for name in sorted(known, key=len, reverse=True):
            value = value.replace("${" + name + "}", str(known[name])).replace(f"${name}", str(known[name]))
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(_text, value)) if isinstance(value, list) else str(value)


def _json(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value, default=str).encode()


def _lines(value: Any) -> bytes:
    parts = [value] if isinstance(value, str) else value
    return b"".join(_json(part).rstrip(b"\n") + b"\n" for part in parts)
