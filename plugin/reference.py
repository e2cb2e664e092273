"""The reference pages that come from the code: `python -m outrider.plugin.reference FOLDER` writes them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import typer
from pydantic import BaseModel
from typer.cli import get_docs_for_click

from .cli import app
from .routes import OPERATIONS
from .settings import KeySettings, ModelSettings, Settings

_SETTINGS = """# Settings

`outrider serve` reads its settings once, at the start: flags first, then the environment, then the TOML file that
`--config` or `OUTRIDER_CONFIG` names. In the environment, a setting is `OUTRIDER_` and its name, with two underscores
for a dot: `OUTRIDER_QUEUE__TEXTS=4096`. Lists are JSON there: `OUTRIDER_MODELS='["all-MiniLM-L6-v2"]'`.

This page is written by `python -m outrider.plugin.reference docs/reference`.
"""
_ROUTES = """# Routes

Every route takes and gives JSON, in ASCII. `/docs` on a running sidecar has the fields of each body.

- **Models** are named by `model`: a name or alias of the settings. Without it, the first model of the kind that the
  route needs answers. `NAME:query` and `NAME:document` say which side the texts are on.
- **Query or document** is told by the route, by the model's alias, or by each protocol's own word (`input_type`,
  `task`, `prompt_name`, `content_type`). Where nothing says so, texts are documents. Clusters that cannot say it
  (OpenSearch before 3.5, Elasticsearch's `hugging_face` and `openai` services) use the routes that begin with `/query`.
- **Deadlines**: the header `Outrider-Timeout` (seconds), or `timeout` in native bodies. What cannot be in time is
  refused at once with 504; reranking returns what it managed, and the rest in the order it came in (`complete` is
  false).
- **Refusals**: 400 and 422 for what is wrong with the request, 401 and 403 for keys, 404 for unknown models, 413 beyond
  a limit, 429 and `Retry-After` where the queue is full, 503 while models load. Each has the shape of its protocol.
- **One bad text** fails alone in native routes (`errors`, and null in its place); other protocols have no room for that
  and name the text in an error.

This page is written by `python -m outrider.plugin.reference docs/reference`.

| POST | scope | what |
|---|---|---|
"""
_GET = """
| GET | what |
|---|---|
| `/` | a page: ask the cluster by every stage, compare texts, see models and queues |
| `/health` | the process lives |
| `/ready` | 200 once every model has run a real batch, 503 before |
| `/metrics` | Prometheus |
| `/info`, `/v1/models` | every model of the settings with its state and fingerprint; the limits |
| `/docs`, `/openapi.json` | every route with its fields |
"""


def settings_page() -> str:
    """All settings with their defaults and meaning."""
    parts = [_SETTINGS, "\n## The tree\n\n", _table(_rows(Settings))]
    for title, tree in (("One of `models`", ModelSettings), ("One of `api_keys`", KeySettings)):
        parts += [f"\n## {title}\n\n", _table(_rows(tree))]
    return "".join(parts)


def routes_page() -> str:
    """All routes with what they are for."""
    rows = [f"| `{each.path}` | {each.scope} | {each.summary} |" for each in OPERATIONS]
    return _ROUTES + "\n".join(rows) + "\n" + _GET


def commands_page() -> str:
    """All commands with their arguments and options."""
    command = typer.main.get_command(app)
    pages = get_docs_for_click(obj=command, ctx=typer.Context(command), name="outrider")
    return f"{pages.strip()}\n\nThis page is written by `python -m outrider.plugin.reference docs/reference`.\n"


PAGES = {"commands.md": commands_page, "settings.md": settings_page, "routes.md": routes_page}


def _table(rows: Iterator[tuple[str, str, str]]) -> str:
    lines = [f"| `{name}` | {default} | {about} |" for name, default, about in rows]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *lines]) + "\n"


def _rows(tree: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    for name, field in tree.model_fields.items():
        branch = field.annotation
        if isinstance(branch, type) and issubclass(branch, BaseModel):
            yield from _rows(branch, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _default(field.get_default(call_default_factory=True)), field.description or ""


def _default(value: object) -> str:
    if isinstance(value, tuple) and value and isinstance(value[0], ModelSettings):
        return ", ".join(f"`{model.source}`" for model in value)
    if repr(value) in ("PydanticUndefined", "None", "''", "()", "SecretStr('')"):
        return "-"
    return f"`{value!r}`"


def main() -> None:
    """Write the pages into the folder that is given."""
    for name, page in PAGES.items():
        (Path(sys.argv[1]) / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
