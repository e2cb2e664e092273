"""Requirements are struck from a compiled module declaration, and nothing else changes."""

import struct
import zipfile
from pathlib import Path

import pytest

from outrider.plugin.launcher.modules import DECLARATION, strike, strike_from_jar

WANTED = ["java.base", "jdk.jdi", "java.net.http", "jdk.jlink"]


def declaration(modules: list[str]) -> bytes:
    """A declaration of module `mine` that requires these, as javac writes it, with a constant of two slots."""
    texts = ["module-info", "Module", "mine", *modules]
    pool = [struct.pack(">BQ", 5, 7)]
    pool += [struct.pack(">BH", 1, len(text)) + text.encode() for text in texts]
    pool += [struct.pack(">BH", 7, 3), *(struct.pack(">BH", 19, 5 + n) for n in range(len(modules) + 1))]
    first_module = 3 + len(texts) + 1
    rows = b"".join(struct.pack(">HHH", first_module + 1 + n, 0, 0) for n in range(len(modules)))
    body = struct.pack(">HHHH", first_module, 0, 0, len(modules)) + rows + struct.pack(">HHHH", 0, 0, 0, 0)
    head = struct.pack(">IHHH", 0xCAFEBABE, 0, 69, len(pool) + 2)
    middle = struct.pack(">HHHHHHH", 0x8000, first_module - 1, 0, 0, 0, 0, 1)
    return head + b"".join(pool) + middle + struct.pack(">HI", 4, len(body)) + body


def test_only_the_named_modules_are_struck() -> None:
    struck = strike(declaration(WANTED), frozenset(("jdk.jdi", "jdk.jlink")))
    assert len(struck) == len(declaration(WANTED)) - 2 * 6
    assert strike(struck, frozenset(("jdk.jdi", "jdk.jlink"))) == struck
    assert len(strike(struck, frozenset(("java.net.http",)))) == len(struck) - 6


def test_without_anything_to_strike_nothing_changes() -> None:
    assert strike(declaration(WANTED), frozenset(("java.sql",))) == declaration(WANTED)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", declaration([])[:-90] + bytes(90)])
def test_what_is_no_declaration_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no compiled module declaration"):
        strike(data, frozenset(("jdk.jdi",)))


def test_the_other_files_of_a_jar_stay(tmp_path: Path) -> None:
    jar = tmp_path / "some.jar"
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr(DECLARATION, declaration(WANTED))
        archive.writestr("inner/module-info.class", b"not ours")
    strike_from_jar(jar, frozenset(("jdk.jdi",)))
    with zipfile.ZipFile(jar) as archive:
        assert archive.read(DECLARATION) == strike(declaration(WANTED), frozenset(("jdk.jdi",)))
        assert archive.read("inner/module-info.class") == b"not ours"
    assert list(tmp_path.iterdir()) == [jar]
