"""Pairs of texts as a chat for a language model: its tokeniser's template, and what every such chat ends with."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import NotAModel

# Texts that no template changes, to see where it puts the two of a pair.
_QUERY, _DOCUMENT = "qsentinelq", "dsentineld"


class ChatPairs:
    """Writes pairs by a tokeniser's chat template: the roles are `query`, `document`, and `system` for the prompt.

    `options` are what the template is told, such as `add_generation_prompt`. Raises NotAModel for a tokeniser without a
    template, and for a template that shows nothing of those roles.
    """

    def __init__(self, tokenizer: Any, options: Mapping[str, Any]) -> None:
        self._tokenizer, self._options = tokenizer, dict(options)
        if not getattr(tokenizer, "chat_template", None):
            raise NotAModel(
                "the tokeniser has no chat template, by which a language model is asked about a pair; put a "
                "chat_template.jinja beside it"
            )
        shown = self.write(_QUERY, _DOCUMENT, None)
        if _QUERY not in shown or _DOCUMENT not in shown:
            raise NotAModel(
                f"the chat template shows no messages of the roles 'query' and 'document', it gives {shown[:200]!r}; "
                "give the tokeniser one that does"
            )
        self.suffix: list[int] = self._ids(shown.rpartition(_DOCUMENT)[2])
        """The tokens behind the last text: what the model answers to, and what is left whole when a text is cut."""

    def write(self, query: str, document: str, prompt: str | None) -> str:
        """The chat as one text."""
        roles = [("system", prompt)] if prompt else []
        roles += [("query", query), ("document", document)]
        messages = [{"role": role, "content": text} for role, text in roles]
        written: str = self._tokenizer.apply_chat_template(messages, tokenize=False, **self._options)
        return written

    def tokens(self, pairs: Sequence[tuple[str, str]], prompt: str | None, limit: int | None) -> tuple[list[Any], int]:
        """The token ids of each pair's chat, and how many of the chats were cut to `limit` tokens."""
        whole = [self._ids(self.write(query, document, prompt)) for query, document in pairs]
        cut = [limit is not None and len(ids) > limit for ids in whole]
        return [self._cut(ids, limit) if is_cut else ids for ids, is_cut in zip(whole, cut, strict=True)], sum(cut)

    def _cut(self, ids: list[int], limit: int | None) -> list[int]:
        room = max(0, (limit or 0) - len(self.suffix))
        return ids[:room] + self.suffix

    def _ids(self, text: str) -> list[int]:
        # The template writes the special tokens itself.
        ids: list[int] = self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        return ids
