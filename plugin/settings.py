"""The settings: one frozen tree, read once at the start from flags, environment and file, in this order."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from .errors import SettingsInvalid

FILE_VARIABLE = "OUTRIDER_CONFIG"
# A key that was put where its hash belongs would end in a log.
_SECRETS = frozenset({"api_keys", "password"})


class Tree(BaseModel):
    """A branch of the settings: frozen, and strict about names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelSettings(Tree):
    """One served model. In a file or variable, a plain string is its source."""

    source: str = Field(description="A folder, a ready model's name, a package: reference or a hub id.")
    name: str = Field(default="", description="The name in requests; the source unless given.")
    aliases: tuple[str, ...] = Field(default=(), description="Further names in requests.")
    backend: Literal["auto", "onnx", "openvino", "torch"] = Field(default="auto", description="What runs the model.")
    precision: Literal["exact", "fast", "int8"] = Field(
        default="exact", description="float32; bfloat16 where the CPU has it; or 8 bits, faster and only close."
    )
    threads: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Threads of one forward; all cores unless set."
    )
    batch_tokens: int = Field(
        default=512, ge=1, description="Tokens of one batch, padding included; a CPU is fastest on small ones."
    )
    allow_pickle: bool = Field(
        default=False, description="Take pytorch_model.bin where there is no safetensors; only its tensors are loaded."
    )
    load: Literal["start", "request"] = Field(default="start", description="At the start, or when the API is asked to.")

    @property
    def served_name(self) -> str:
        """The name in requests."""
        return self.name or self.source


class KeySettings(Tree):
    """One API key. Only its hash is kept: `outrider key NAME` makes a key, and the lines for here."""

    name: str = Field(description="Whose key it is.")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="The key's SHA-256.")
    scopes: tuple[Literal["encode", "rank", "search", "admin"], ...] = Field(
        default=("encode", "rank"), description="What it is good for; every key may read models and metrics."
    )


class TlsSettings(Tree):
    """HTTPS, where both files are given."""

    certificate: Path | None = Field(default=None, description="The PEM file of the certificate chain.")
    key: Path | None = Field(default=None, description="The PEM file of its key.")


class Limits(Tree):
    """What one request may bring; beyond it the answer is 413 or 400 at once."""

    body_bytes: int = Field(default=32 * 1024 * 1024, ge=1024, description="The largest body.")
    texts: int = Field(default=2048, ge=1, description="The most texts of a request.")
    text_chars: int = Field(default=1_000_000, ge=1, description="The longest text; models cut earlier.")
    json_depth: int = Field(default=32, ge=4, description="The deepest nesting of a body.")


class QueueSettings(Tree):
    """How much work may wait for one model, and for how long."""

    texts: int = Field(default=8192, ge=1, description="The most texts that wait; beyond it the answer is 429 at once.")
    chars: int = Field(default=64_000_000, ge=1, description="The most characters that wait.")
    timeout_s: float = Field(default=30.0, gt=0, description="The deadline of a request that brings none.")


class ClusterSettings(Tree):
    """The cluster that the page at `/` asks; without a URL it has none to ask."""

    url: str | None = Field(default=None, description="Its address, without a password.")
    indices: tuple[str, ...] = Field(default=(), description="What may be asked: indices made by `outrider index`.")
    username: str = Field(default="", description="Who asks, where the cluster wants to know.")
    password: SecretStr = Field(default=SecretStr(""), description="The password; never printed or logged.")


def _as_models(given: Any) -> Any:
    if not isinstance(given, list | tuple):
        return given
    return tuple({"source": model} if isinstance(model, str) else model for model in given)


class Settings(BaseSettings):
    """The whole tree."""

    model_config = SettingsConfigDict(
        env_prefix="OUTRIDER_", env_nested_delimiter="__", frozen=True, extra="forbid", toml_file=None
    )

    host: str = Field(default="127.0.0.1", description="The address to listen on; 0.0.0.0 for all.")
    port: int = Field(default=8080, ge=0, le=65535, description="The port to listen on; 0 picks a free one.")
    models: Annotated[tuple[ModelSettings, ...], BeforeValidator(_as_models)] = Field(
        default=(
            ModelSettings(source="all-MiniLM-L6-v2", aliases=("minilm", "sentence-transformers/all-MiniLM-L6-v2")),
            ModelSettings(source="splade-tiny", aliases=("splade",)),
            ModelSettings(source="ms-marco-MiniLM-L-12-v2-int8", aliases=("reranker",)),
        ),
        description="The models to serve; the first of each kind is the default where a request names none.",
    )
    workers: int = Field(default=1, ge=1, description="Processes that share the port, each with its own models.")
    limits: Limits = Limits()
    api_keys: tuple[KeySettings, ...] = Field(default=(), description="Who may ask; everybody unless set.")
    tls: TlsSettings = TlsSettings()
    cluster: ClusterSettings = ClusterSettings()
    queue: QueueSettings = QueueSettings()
    query_cache: int = Field(default=10_000, ge=0, description="Encoded queries kept in memory; 0 keeps none.")
    drain_s: float = Field(default=30.0, ge=0, description="How long queued work may take to finish after SIGTERM.")
    connections: int = Field(default=1024, ge=1, description="The most connections; beyond it the answer is 503.")
    telemetry: bool = Field(
        default=False, description="Export traces to OTEL_EXPORTER_OTLP_ENDPOINT; needs `fastapi[opentelemetry]`."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="How much is logged.")
    log_format: Literal["text", "json"] = Field(default="text", description="Lines for people, or JSON for machines.")
    log_requests: bool = Field(default=False, description="A line for each request: route, status, milliseconds.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the caller passes it by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then environment, then file. No .env file: what is set should be seen where it is set."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def read_settings(file: str | Path | None = None, flags: Mapping[str, Any] | None = None) -> Settings:
    """Resolve the tree; `file` is TOML and may also be named by OUTRIDER_CONFIG; flags that are None are not given.

    Raises SettingsInvalid, naming each wrong setting.
    """
    chosen = chosen_file(file)
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    try:
        read = _with_file(chosen)(**given)
    except ValidationError as err:
        raise SettingsInvalid("; ".join(_sentence(problem) for problem in err.errors())) from err
    except SettingsError as err:
        raise SettingsInvalid(f"a setting in the environment is not valid JSON: {err}") from err
    except tomllib.TOMLDecodeError as err:
        raise SettingsInvalid(f"the settings file {str(chosen)!r} is not TOML: {err}") from err
    # Of the class that has a name, so that worker processes can be sent it.
    return Settings.model_construct(read.model_fields_set, **dict(read))


def key_settings(name: str, sha256: str, scopes: tuple[str, ...]) -> KeySettings:
    """One entry of `api_keys`. Raises SettingsInvalid."""
    try:
        return KeySettings.model_validate({"name": name, "sha256": sha256, "scopes": scopes})
    except ValidationError as err:
        raise SettingsInvalid("; ".join(_sentence(problem) for problem in err.errors())) from err


def chosen_file(file: str | Path | None) -> str | Path | None:
    """The settings file: the one that is given, or the one that OUTRIDER_CONFIG names."""
    return file or os.environ.get(FILE_VARIABLE)


def _with_file(file: str | Path | None) -> type[Settings]:
    if file is None:
        return Settings
    if not Path(file).is_file():
        raise SettingsInvalid(f"there is no settings file {str(file)!r}; check --config and {FILE_VARIABLE}")
    # pydantic-settings takes the file's name from the class, so the class is made for the file.
    return type("Settings", (Settings,), {"model_config": SettingsConfigDict(toml_file=file)})


def _sentence(problem: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in problem["loc"])
    seen = "a value that is not shown" if _SECRETS & set(map(str, problem["loc"])) else repr(problem["input"])
    return f"setting {where}: {problem['msg']}, got {seen}"
