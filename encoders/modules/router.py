"""Several ways through a model, one for each task: queries and documents, or any other names."""
# ruff: noqa: ARG002 -- signatures of Sentence Transformers

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from torch import nn

from .. import files
from ..folder import module_class, type_name
from .input_module import InputModule
from .module import Features
from .prepared import Prepared, accepted_keywords, prepare


class Router(InputModule):
    """Runs the modules of the route that the task names, else of the default route.

    The task comes as an argument, in the features, or as the key of {route: text} inputs.
    """

    forward_kwargs: ClassVar[set[str]] = {"task"}
    config_keys: ClassVar[list[str]] = ["default_route", "allow_empty_key"]
    config_file_name: str = "router_config.json"

    def __init__(
        self,
        sub_modules: Mapping[str, Sequence[nn.Module]],
        default_route: str | None = None,
        allow_empty_key: bool = True,
        route_mappings: Mapping[Any, str] | None = None,
    ) -> None:
        super().__init__()
        if not sub_modules:
            raise ValueError("The routes dictionary cannot be empty.")
        if default_route is not None and default_route not in sub_modules:
            raise ValueError(f"Default route {default_route!r} not found in route keys: {list(sub_modules)}")
        self.sub_modules = nn.ModuleDict({route: nn.Sequential(*modules) for route, modules in sub_modules.items()})
        self.allow_empty_key = allow_empty_key
        self.default_route = next(iter(sub_modules)) if default_route is None and allow_empty_key else default_route
        self.route_mappings = dict(route_mappings or {})

    @classmethod
    def for_query_document(
        cls,
        query_modules: Sequence[nn.Module],
        document_modules: Sequence[nn.Module],
        default_route: str | None = None,
        allow_empty_key: bool = True,
    ) -> Self:
        """One way for queries, one for documents."""
        routes = {"query": query_modules, "document": document_modules}
        # A corpus has more texts than a log has queries: documents are what comes without a task.
        return cls(routes, default_route=default_route or "document", allow_empty_key=allow_empty_key)

    def forward(self, features: Features, task: str | None = None, **kwargs: Any) -> Features:
        """Run the modules of one route."""
        route = self._route(task or features.get("task") or _only(features.get("text_keys")))
        for module in self._steps(route):
            wanted: set[str] = getattr(module, "forward_kwargs", set())
            given = {**kwargs, "task": task}
            features = module(features, **{key: value for key, value in given.items() if key in wanted})
        return features

    def _route(self, task: str | None) -> str:
        route = self.route_mappings.get(task, task) or self.default_route
        if route is None:
            raise ValueError(
                "You must provide a `task` argument when calling this method, or set a default route in the "
                f"`Router` module; the routes are {list(self.sub_modules)}"
            )
        if route not in self.sub_modules:
            raise ValueError(f"No route found for task type {route!r}. Available routes: {list(self.sub_modules)}")
        return route

    def _steps(self, route: str) -> list[Any]:
        return list(self.sub_modules[route].children())

    def tokenize(self, texts: Sequence[Any], task: str | None = None, **kwargs: Any) -> Features:
        """Tokenise for one route."""
        texts, route = self._routed(texts, task)
        first = self._steps(route)[0]
        return {**first.tokenize(texts, **accepted_keywords(first.tokenize, kwargs)), "task": route}

    def prepare(self, texts: Sequence[Any], task: str | None = None, **kwargs: Any) -> Prepared:
        """Tokenise all texts once, for one route."""
        texts, route = self._routed(texts, task)
        prepared = prepare(self._steps(route)[0], texts, **kwargs)
        return Prepared(prepared.lengths, lambda rows, length: {**prepared.batch(rows, length), "task": route})

    def _routed(self, texts: Sequence[Any], task: str | None) -> tuple[Sequence[Any], str]:
        if not texts or not isinstance(texts[0], Mapping):
            return texts, self._route(task)
        keys = {key for text in texts for key in text}
        if task is None and len(keys) > 1:
            raise ValueError(
                f"You cannot pass a list of dictionaries with different task types ({sorted(keys)}); "
                "encode each of them on its own, or pass a single `task` argument"
            )
        return [next(iter(text.values())) for text in texts], self._route(task or next(iter(keys)))

    @property
    def _default_steps(self) -> list[Any]:
        return self._steps(self.default_route or next(iter(self.sub_modules)))

    def get_sentence_embedding_dimension(self) -> int | None:
        """Dimensions that leave the default route; another route's if that one cannot say."""
        for route in (self.default_route, *self.sub_modules):
            for module in reversed(self._steps(route) if route else []):
                if hasattr(module, "get_sentence_embedding_dimension"):
                    dimension: int | None = module.get_sentence_embedding_dimension()
                    return dimension
        return None

    @property
    def tokenizer(self) -> Any:
        """The tokeniser of the default route."""
        return self._default_steps[0].tokenizer

    @tokenizer.setter
    def tokenizer(self, value: Any) -> None:
        self._default_steps[0].tokenizer = value

    @property
    def max_seq_length(self) -> Any:
        """The largest limit among the routes."""
        limits = [getattr(self._steps(route)[0], "max_seq_length", None) for route in self.sub_modules]
        return max((limit for limit in limits if limit is not None), default=None)

    @max_seq_length.setter
    def max_seq_length(self, value: int) -> None:
        for route in self.sub_modules:
            first = self._steps(route)[0]
            if isinstance(getattr(type(first), "max_seq_length", None), property):
                if type(first).max_seq_length.fset is None:
                    continue
            elif not hasattr(first, "max_seq_length"):
                continue
            first.max_seq_length = value

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Write every route's modules into folders of their own, and how they hang together."""
        types: dict[str, str] = {}
        structure: dict[str, list[str]] = {}
        for route in self.sub_modules:
            names = structure.setdefault(route, [])
            for index, module in enumerate(self._steps(route)):
                name = f"{route}_{index}_{type(module).__name__}"
                types[name] = type_name(type(module))
                names.append(name)
                folder = Path(output_path) / name
                folder.mkdir(parents=True, exist_ok=True)
                module.save(str(folder), safe_serialization=safe_serialization)
        content = {"types": types, "structure": structure, "parameters": self.get_config_dict()}
        (Path(output_path) / self.config_file_name).write_text(json.dumps(content, indent=4), encoding="utf-8")

    def save_tokenizer(self, output_path: str, **kwargs: Any) -> None:
        """The routes' modules write their own."""

    @classmethod
    def load(
        cls,
        model_name_or_path: str,
        subfolder: str = "",
        token: bool | str | None = None,
        cache_folder: str | None = None,
        revision: str | None = None,
        local_files_only: bool = False,
        **kwargs: Any,
    ) -> Self:
        """Every route's modules, from their folders."""
        where = files.Where(token, cache_folder, revision, local_files_only)
        config = cls.load_config(model_name_or_path, subfolder, **where.keywords())
        root = files.find_folder(model_name_or_path, "", where) or model_name_or_path
        trusted = bool(kwargs.get("trust_remote_code")) or Path(model_name_or_path).is_dir()
        modules = {}
        for name, stated in config["types"].items():
            module = module_class(stated, Path(root) / subfolder, trusted=trusted)
            modules[name] = module.load(root, subfolder=str(Path(subfolder) / name), **kwargs)
        routes = OrderedDict((route, [modules[name] for name in names]) for route, names in config["structure"].items())
        return cls(routes, **config["parameters"])


def _only(keys: Sequence[str] | None) -> str | None:
    return keys[0] if keys else None
