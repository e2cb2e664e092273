"""What dense and sparse encoders share: similarity, and a folder or repository with each module in its own place."""

from typing import Any, ClassVar

from .encoder import Encoder
from .loading import LoadRequest
from .publishing import push, write_card
from .renames import keywords, warn_renamed
from .saving import save_pipeline
from .similarity_functions import Similarity, SimilarityFunction

# The default of the old method, whatever the model; push_to_hub names the kind.
_OLD_MESSAGE = "Add new SentenceTransformer model."


class EmbeddingEncoder(Encoder):
    """An encoder whose modules make one embedding of a text."""

    default_similarity: ClassVar[SimilarityFunction] = SimilarityFunction.COSINE

    def __init__(self, request: LoadRequest) -> None:
        super().__init__(request)
        self._similarity_name: SimilarityFunction | None = None
        if similarity := request.similarity_fn_name or self.saved_settings.get("similarity_fn_name"):
            self.similarity_fn_name = similarity

    @property
    def similarity_fn_name(self) -> str | None:
        """Name of the similarity that fits these embeddings."""
        if self._similarity_name is None:
            self._similarity_name = self.default_similarity
        return str(self._similarity_name.value)

    @similarity_fn_name.setter
    def similarity_fn_name(self, value: str | SimilarityFunction | None) -> None:
        self._similarity_name = None if value is None else SimilarityFunction(value)

    @property
    def similarity(self) -> Similarity:
        """similarity(a, b): every row of a against every row of b."""
        return SimilarityFunction.to_similarity_fn(self.similarity_fn_name or self.default_similarity)

    @property
    def similarity_pairwise(self) -> Similarity:
        """similarity_pairwise(a, b): row i of a against row i of b."""
        return SimilarityFunction.to_similarity_pairwise_fn(self.similarity_fn_name or self.default_similarity)

    def get_sentence_embedding_dimension(self) -> int | None:
        """Dimensions of what encode returns."""
        for module in reversed(self):
            if callable(ask := getattr(module, "get_sentence_embedding_dimension", None)):
                dimension: int | None = ask()
                return dimension
        return None

    def get_embedding_dimension(self) -> int | None:
        """Another name of get_sentence_embedding_dimension."""
        return self.get_sentence_embedding_dimension()

    def own_settings(self) -> dict[str, Any]:
        """The similarity."""
        return {"similarity_fn_name": self.similarity_fn_name}

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
