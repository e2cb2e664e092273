"""Text -> token ids, without transformers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import tokenizers

from ..errors import NotAModel
from .description import ModelDescription


@dataclass(frozen=True, slots=True)
class ChunkedText:
    """A text, and ranges of it in characters: each gets the vector of its tokens as the whole text makes them.

    A range that begins with the text has the prompt and special tokens before it, one that ends with it those behind.
    """

    text: str
    spans: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        return len(self.text)


Text = str | tuple[str, str] | ChunkedText


@dataclass(frozen=True, slots=True)
class TokenizedText:
    """One text, or one pair, as the model takes it."""

    ids: Sequence[int]
    type_ids: Sequence[int]
    truncated: bool
    is_lookup: bool = False
    """Whether its rows come from a table and not from the graph."""
    chunks: Sequence[tuple[int, int]] = ()
    """Ranges of its tokens that get a vector each, in place of one for the whole text."""

    @property
    def length(self) -> int:
        """Its number of tokens, special ones included."""
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class RefusedText:
    """A text that cannot be tokenised, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a text: its id, its characters, and where they stand; special tokens stand nowhere."""

    id: int
    text: str
    is_special: bool
    start: int | None
    stop: int | None


class Tokenizer:
    """The tokenizer of a model's folder, cutting what exceeds the model's limit. Safe for several threads."""

    def __init__(self, description: ModelDescription, max_tokens: int, *, special_tokens: bool = True) -> None:
        path = description.folder / "tokenizer.json"
        if not path.is_file():
            raise NotAModel(f"{str(description.folder)!r} has no tokenizer.json; save its fast tokenizer there")
        self._tokenizer = tokenizers.Tokenizer.from_file(str(path))
        self._tokenizer.no_padding()
        own = self._tokenizer.truncation if description.is_static else None
        self._limit: int = min(max_tokens, own["max_length"]) if own else max_tokens
        self._tokenizer.enable_truncation(self._limit, strategy="longest_first")
        self._lower = description.do_lower_case
        self._strips = not description.is_static
        self._special_tokens = special_tokens

    @property
    def vocabulary(self) -> list[str]:
        """The token string of each id."""
        by_id = {index: token for token, index in self._tokenizer.get_vocab(with_added_tokens=True).items()}
        return [by_id.get(index, "") for index in range(max(by_id) + 1)]

    def tokenize(self, inputs: Sequence[Text], prompt: str = "") -> list[TokenizedText | RefusedText]:
        """One result for each input, in order; an input that is no text, or no valid Unicode, is refused alone."""
        results: list[TokenizedText | RefusedText | None] = [_refusal(given) for given in inputs]
        accepted = [index for index, result in enumerate(results) if result is None]
        prepared: list[Any] = [self._prepare(inputs[index], prompt) for index in accepted]
        for index, encoding in zip(accepted, self._encoded(prepared), strict=True):
            tokenized = TokenizedText(encoding.ids, encoding.type_ids, bool(encoding.overflowing))
            given = inputs[index]
            results[index] = (
                _chunked(tokenized, given, encoding, prompt) if isinstance(given, ChunkedText) else tokenized
            )
        return [result for result in results if result is not None]

    def _encoded(self, texts: list[Any]) -> list[tokenizers.Encoding]:
        return self._tokenizer.encode_batch(texts, add_special_tokens=self._special_tokens)

    def spell(self, text: str, add_special_tokens: bool = True) -> list[Token]:
        """The tokens of a text as it stands, with neither prompt nor stripping."""
        encoding = self._tokenizer.encode(text, add_special_tokens=add_special_tokens)
        marked = zip(encoding.ids, encoding.tokens, encoding.offsets, encoding.special_tokens_mask, strict=True)
        return [
            Token(index, token, True, None, None) if special else Token(index, text[start:stop], False, start, stop)
            for index, token, (start, stop), special in marked
        ]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where each token of a text stands in it: of the whole text, also beyond what the model reads."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return [span for part in (encoding, *encoding.overflowing) for span in part.offsets]

    def room(self, prompt: str) -> int:
        """How many tokens of a text the model reads, beside the special ones and the prompt's."""
        around = self._tokenizer.encode(self._clean(prompt), add_special_tokens=self._special_tokens)
        return max(1, self._limit - len(around.ids))

    def _prepare(self, given: Text, prompt: str) -> Text:
        if isinstance(given, ChunkedText):
            return self._clean(prompt + given.text)
        if isinstance(given, str):
            return self._clean(prompt + given)
        return (self._clean(prompt + given[0]), self._clean(given[1]))

    def _clean(self, text: str) -> str:
        given = text.strip() if self._strips else text
        return given.lower() if self._lower else given


def _chunked(
    tokenized: TokenizedText, given: ChunkedText, encoding: tokenizers.Encoding, prompt: str
) -> TokenizedText | RefusedText:
    """The text with its ranges counted in tokens; refused where a range has none that the model reads."""
    whole = prompt + given.text
    shift = len(prompt) - (len(whole) - len(whole.lstrip()))
    marked = zip(encoding.offsets, encoding.special_tokens_mask, strict=True)
    starts = [(place, start - shift) for place, ((start, stop), special) in enumerate(marked) if not special]
    chunks = []
    for start, stop in given.spans:
        inside = [place for place, at in starts if start <= at < stop]
        if not inside:
            return RefusedText(
                f"the model reads no token between characters {start} and {stop}; give it less text, or other ranges"
            )
        first = 0 if start <= 0 else inside[0]
        chunks.append((first, tokenized.length if stop >= len(given.text) else inside[-1] + 1))
    return replace(tokenized, chunks=tuple(chunks))


def _refusal(given: Any) -> RefusedText | None:
    given = given.text if isinstance(given, ChunkedText) else given
    parts = given if isinstance(given, tuple | list) else (given,)
    for part in parts:
        if not isinstance(part, str):
            return RefusedText(f"expected a text, got {type(part).__name__}: {str(part)[:60]!r}")
        try:
            part.encode("utf-8")
        except UnicodeEncodeError as err:
            return RefusedText(
                f"the text is not valid Unicode: a lone surrogate {part[err.start]!a} at character {err.start}; "
                "decode it again from its source"
            )
    return None
