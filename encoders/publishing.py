"""Models to the hub."""

import logging
import tempfile
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)


def push(
    model: Any,
    repo_id: str,
    *,
    token: str | bool | None = None,
    private: bool | None = None,
    safe_serialization: bool = True,
    commit_message: str | None = None,
    local_model_path: str | None = None,
    exist_ok: bool = False,
    replace_model_card: bool = False,
    train_datasets: list[str] | None = None,
    revision: str | None = None,
    create_pr: bool = False,
    tags: list[str] | None = None,
) -> str:
    """Upload a model, or the folder `local_model_path`, and give the URL of the commit or pull request.

    The card that the repository has is kept unless `replace_model_card`.
    """
    from huggingface_hub import HfApi

    api = HfApi(token=token)
    repo = api.create_repo(repo_id=repo_id, private=private, repo_type=None, exist_ok=exist_ok or create_pr)
    model.model_card_data.set_model_id(repo.repo_id)
    model.model_card_data.add_tags(tags or [])
    if revision is not None:
        api.create_branch(repo_id=repo.repo_id, branch=revision, exist_ok=True)
    message = commit_message or _message(model)
    if local_model_path:
        done = api.upload_folder(
            repo_id=repo.repo_id,
            folder_path=local_model_path,
            commit_message=message,
            revision=revision,
            create_pr=create_pr,
        )
        return _address(done, create_pr)
    with tempfile.TemporaryDirectory() as folder:
        keeps_card = not replace_model_card and api.file_exists(repo.repo_id, "README.md", revision=revision)
        if train_datasets:
            model.model_card_data.train_datasets = [{"id": name} for name in train_datasets]
        model.save_pretrained(folder, safe_serialization=safe_serialization)
        if keeps_card:
            (Path(folder) / "README.md").unlink(missing_ok=True)
        done = api.upload_folder(
            repo_id=repo.repo_id,
            folder_path=folder,
            commit_message=message,
            revision=revision,
            create_pr=create_pr,
        )
    return _address(done, create_pr)


def _message(model: Any) -> str:
    backend = "" if model.get_backend() == "torch" else f" with {model.get_backend()} backend"
    return f"Add new {type(model).__name__} model{backend}"


def _address(done: Any, create_pr: bool) -> str:
    return str(done.pr_url if create_pr else done.commit_url)


def write_card(model: Any, folder: str | Path, *, model_name: str | None, train_datasets: list[str] | None) -> None:
    """README.md into a saved folder."""
    from .model_card import generate_model_card

    data = model.model_card_data
    if model_name and not data.model_name:
        data.model_name = model_name
    if train_datasets:
        data.train_datasets = [{"id": name} for name in train_datasets]
    (Path(folder) / "README.md").write_text(generate_model_card(model), encoding="utf-8")
