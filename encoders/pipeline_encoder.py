"""A pipeline of modules into a folder and to the hub: the same for dense and sparse encoders."""

from .encoder import Encoder
from .publishing import push, write_card
from .renames import keywords, warn_renamed
from .saving import save_pipeline

# The default of the old method, whatever the model; push_to_hub names the kind.
_OLD_MESSAGE = "Add new SentenceTransformer model."


class PipelineEncoder(Encoder):
    """An encoder that is saved as its modules, one folder each; a CrossEncoder is saved as one transformers folder."""

    def save(
        self,
        path: str,
        model_name: str | None = None,
        create_model_card: bool = True,
        train_datasets: list[str] | None = None,
        safe_serialization: bool = True,
    ) -> None:
        """Write the model into a folder that Sentence Transformers reads, too."""
        if path is None:
            return
        save_pipeline(self, path, safe_serialization=safe_serialization)
        if create_model_card:
            write_card(self, path, model_name=model_name, train_datasets=train_datasets)

    save_pretrained = save

    @keywords(old={"repo_name": "repo_id"})
    def push_to_hub(
        self,
        repo_id: str,
        token: str | None = None,
        private: bool | None = None,
        safe_serialization: bool = True,
        commit_message: str | None = None,
        local_model_path: str | None = None,
        exist_ok: bool = False,
        replace_model_card: bool = False,
        train_datasets: list[str] | None = None,
        revision: str | None = None,
        create_pr: bool = False,
    ) -> str:
        """Upload the model to the hub; gives the URL of the commit or pull request."""
        return push(
            self,
            repo_id,
            token=token,
            private=private,
            safe_serialization=safe_serialization,
            commit_message=commit_message,
            local_model_path=local_model_path,
            exist_ok=exist_ok,
            replace_model_card=replace_model_card,
            train_datasets=train_datasets,
            revision=revision,
            create_pr=create_pr,
        )

    @keywords(old={"repo_name": "repo_id"})
    def save_to_hub(
        self,
        repo_id: str,
        organization: str | None = None,
        token: str | None = None,
        private: bool | None = None,
        safe_serialization: bool = True,
        commit_message: str = _OLD_MESSAGE,
        local_model_path: str | None = None,
        exist_ok: bool = False,
        replace_model_card: bool = False,
        train_datasets: list[str] | None = None,
    ) -> str:
        """The old name of push_to_hub."""
        warn_renamed(type(self).__name__, "save_to_hub", "push_to_hub", stacklevel=4)
        return self.push_to_hub(
            f"{organization}/{repo_id}" if organization and "/" not in repo_id else repo_id,
            token=token,
            private=private,
            safe_serialization=safe_serialization,
            commit_message=None if commit_message == _OLD_MESSAGE else commit_message,
            local_model_path=local_model_path,
            exist_ok=exist_ok,
            replace_model_card=replace_model_card,
            train_datasets=train_datasets,
        )
