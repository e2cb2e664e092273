"""The card of a saved model, and what is sent to the hub."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import ModelCard
from sentence_transformers import CrossEncoder as TheirCross
from sentence_transformers import SentenceTransformer as TheirDense
from sentence_transformers import SparseEncoder as TheirSparse

from outrider.encoders import CrossEncoder, SentenceTransformer, SentenceTransformerModelCardData, SparseEncoder


def _metadata(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = ModelCard.load(folder / "README.md").data.to_dict()
    return content


@pytest.mark.parametrize(
    ("ours", "theirs", "fixture"),
    [
        (SentenceTransformer, TheirDense, "dense_folder"),
        (SparseEncoder, TheirSparse, "splade_folder"),
        (CrossEncoder, TheirCross, "reranker_folder"),
    ],
)
@pytest.mark.filterwarnings("ignore:Sparse:UserWarning")
def test_cards_have_the_metadata_of_the_reference(
    ours: Any, theirs: Any, fixture: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder = request.getfixturevalue(fixture)
    for name, cls in (("ours", ours), ("theirs", theirs)):
        model = cls(folder, device="cpu")
        model.save_pretrained(str(tmp_path / name))
    left, right = (_metadata(tmp_path / name) for name in ("ours", "theirs"))
    assert {key: left[key] for key in ("pipeline_tag", "library_name")} == {
        key: right[key] for key in ("pipeline_tag", "library_name")
    }
    assert set(left["tags"]) == set(right["tags"])
    text = (tmp_path / "ours" / "README.md").read_text()
    for heading in ("## Model Details", "### Model Description", "## Usage", "### Framework Versions"):
        assert heading in text
    again = ours(str(tmp_path / "ours"), device="cpu")
    again.save_pretrained(str(tmp_path / "again"))
    assert (tmp_path / "again" / "README.md").read_text() == text


def test_what_the_card_states_can_be_given(dense_folder: str, tmp_path: Path) -> None:
    data = SentenceTransformerModelCardData(language="en", license="apache-2.0", model_name="Mine", tags=["own"])
    model = SentenceTransformer(dense_folder, device="cpu", model_card_data=data)
    model.save(str(tmp_path), train_datasets=["some/data"])
    metadata = _metadata(tmp_path)
    assert (metadata["language"], metadata["license"], metadata["datasets"]) == (["en"], "apache-2.0", ["some/data"])
    assert "own" in metadata["tags"]
    assert "# Mine" in (tmp_path / "README.md").read_text()


def test_no_card_on_request(dense_folder: str, tmp_path: Path) -> None:
    SentenceTransformer(dense_folder, device="cpu").save(str(tmp_path), create_model_card=False)
    assert not (tmp_path / "README.md").exists()


class RecordingHub:
    """Takes the hub client's calls and remembers them."""

    def __init__(self, **_: Any) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def create_repo(self, **options: Any) -> Any:
        self.calls.append(("create_repo", options))
        return SimpleNamespace(repo_id=f"me/{options['repo_id']}")

    def create_branch(self, **options: Any) -> None:
        self.calls.append(("create_branch", options))

    def file_exists(self, *_: Any, **__: Any) -> bool:
        return False

    def upload_folder(self, **options: Any) -> Any:
        names = sorted(path.name for path in Path(options["folder_path"]).iterdir())
        self.calls.append(("upload_folder", {**options, "names": names}))
        return SimpleNamespace(commit_url="the commit", pr_url="the pull request")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> RecordingHub:
    hub = RecordingHub()
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda **_: hub)
    return hub


def test_a_model_is_pushed_with_its_card(hub: RecordingHub, dense_folder: str, reranker_folder: str) -> None:
    model = SentenceTransformer(dense_folder, device="cpu")
    assert model.push_to_hub("name", private=True, revision="next") == "the commit"
    assert [name for name, _ in hub.calls] == ["create_repo", "create_branch", "upload_folder"]
    assert hub.calls[0][1]["private"] is True
    sent = hub.calls[-1][1]
    assert {"README.md", "modules.json", "model.safetensors", "1_Pooling"} <= set(sent["names"])
    assert (sent["repo_id"], sent["revision"]) == ("me/name", "next")
    assert sent["commit_message"] == "Add new SentenceTransformer model"
    assert CrossEncoder(reranker_folder).push_to_hub("cross", create_pr=True, tags=["mine"]) == "the pull request"
    assert hub.calls[-2][1]["exist_ok"] is True


@pytest.mark.parametrize(("kind", "folder"), [(SentenceTransformer, "dense_folder"), (SparseEncoder, "splade_folder")])
def test_the_old_method_and_its_old_arguments(
    hub: RecordingHub, kind: type[Any], folder: str, request: pytest.FixtureRequest
) -> None:
    model = kind(request.getfixturevalue(folder), device="cpu")
    with pytest.warns(DeprecationWarning, match="push_to_hub") as caught:
        model.save_to_hub("name", organization="us")
    assert caught[0].filename == __file__
    assert hub.calls[0][1]["repo_id"] == "us/name"
    with pytest.warns(DeprecationWarning, match="save_to_hub") as caught:
        model.save_to_hub(repo_name="name")
    assert ["'repo_id'" in str(caught[0].message), "'push_to_hub'" in str(caught[1].message)] == [True, True]
