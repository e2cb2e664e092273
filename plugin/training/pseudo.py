"""Queries made of documents that nobody has asked for yet."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from .documents import Passage
from .examples import Example, normalised

_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.+?)\s*#*\s*$|<h[1-6][^>]*>(.*?)</h[1-6]>", re.MULTILINE | re.IGNORECASE)
_BRACKETS = re.compile(r"\s*[(\[].*?[)\]]")
_WORD = re.compile(r"\w[\w'’-]*")
_SPAN = (3, 5)
_LONGEST = 12


def pseudo_examples(passages: Mapping[str, Passage], per_document: int, limit: int) -> list[Example]:
    """Each document with the queries that it should answer; a query that several documents give has them all.

    A document's queries are its title, then its headings, then the run of words that tells most about it (the highest
    mean inverse document frequency).
    """
    rarity = _rarities(passages)
    found: dict[str, tuple[str, list[str]]] = {}
    for passage in passages.values():
        for query in _distinct(_queries(passage, rarity), per_document):
            key = normalised(query)
            if key not in found and len(found) >= limit:
                continue
            _, texts = found.setdefault(key, (query, []))
            if passage.text not in texts:
                texts.append(passage.text)
    return [Example(query, tuple(texts)) for query, texts in found.values()]


def _distinct(queries: Iterator[str], most: int) -> list[str]:
    kept: dict[str, str] = {}
    for query in queries:
        words = query.split()
        if len(kept) < most and 0 < len(words) <= _LONGEST:
            kept.setdefault(normalised(query), " ".join(words))
    return list(kept.values())


def _queries(passage: Passage, rarity: Mapping[str, float]) -> Iterator[str]:
    yield _BRACKETS.sub("", passage.title).lower()
    for match in _HEADING.finditer(passage.text):
        yield re.sub(r"<[^>]+>", "", match[1] or match[2] or "").lower()
    yield _telling(passage.text, rarity)


def _telling(text: str, rarity: Mapping[str, float]) -> str:
    """The span with the highest mean rarity, within one sentence; empty where there is none."""
    best, chosen = 0.0, ""
    for sentence in re.split(r"[.!?;:\n]+\s", text):
        words = [word.lower() for word in _WORD.findall(sentence)]
        for size in range(_SPAN[0], min(_SPAN[1], len(words)) + 1):
            for start in range(len(words) - size + 1):
                span = words[start : start + size]
                value = math.fsum(rarity.get(word, 0.0) for word in span) / size
                if value > best:
                    best, chosen = value, " ".join(span)
    return chosen


def _rarities(passages: Mapping[str, Passage]) -> dict[str, float]:
    """log(documents / documents with the word); 0 for a word of one document, which is as often a typing error."""
    counts: Counter[str] = Counter()
    for passage in passages.values():
        counts.update({word.lower() for word in _WORD.findall(passage.text)})
    return {word: math.log(len(passages) / count) for word, count in counts.items() if count > 1}
