"""One tree, read once: flags before environment before file, and every wrong setting named."""

from pathlib import Path

import pytest

from outrider.plugin.errors import SettingsInvalid
from outrider.plugin.origins import origins
from outrider.plugin.settings import read_settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "outrider.toml"
    path.write_text('port = 1111\nhost = "::1"\n[queue]\ntexts = 11\n[[models]]\nsource = "a"\naliases = ["b"]\n')
    return path


def test_flags_before_environment_before_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTRIDER_PORT", "2222")
    monkeypatch.setenv("OUTRIDER_QUEUE__CHARS", "33")
    settings = read_settings(file, {"port": 3333, "host": None})
    assert (settings.port, settings.host) == (3333, "::1")
    assert (settings.queue.texts, settings.queue.chars) == (11, 33)
    assert read_settings(file).port == 2222


def test_a_model_may_be_just_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTRIDER_MODELS", '["one", {"source": "two", "name": "second"}]')
    assert [model.served_name for model in read_settings().models] == ["one", "second"]


def test_the_file_may_be_named_by_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTRIDER_CONFIG", str(file))
    assert read_settings().port == 1111


def test_each_setting_tells_where_it_comes_from(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTRIDER_QUEUE__CHARS", "33")
    found = {origin.name: origin.source for origin in origins(file, {"port": 7})}
    assert found["port"] == "flag"
    assert found["queue.chars"] == "environment"
    assert found["queue.texts"] == f"file {file}"
    assert found["host"] == f"file {file}"
    assert found["limits.texts"] == "default"


def test_wrong_settings_are_named_with_their_value() -> None:
    with pytest.raises(SettingsInvalid, match=r"setting port: .* got 'eighty'; setting colour: .* got 'red'"):
        read_settings(flags={"port": "eighty", "colour": "red"})


@pytest.mark.parametrize(
    ("text", "said"),
    [("port = ", "is not TOML"), ("[limits]\ntext = 1\n", "setting limits.text"), ("port = -1\n", "setting port")],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "outrider.toml"
    path.write_text(text)
    with pytest.raises(SettingsInvalid, match=said):
        read_settings(path)


def test_a_missing_file_and_a_broken_variable_are_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsInvalid, match="there is no settings file"):
        read_settings("nowhere.toml")
    monkeypatch.setenv("OUTRIDER_MODELS", "[not json")
    with pytest.raises(SettingsInvalid, match="environment is not valid JSON"):
        read_settings()


def test_a_key_in_the_place_of_its_hash_is_not_shown() -> None:
    with pytest.raises(SettingsInvalid) as refusal:
        read_settings(flags={"api_keys": [{"name": "a", "sha256": "outrider-the-key-itself"}]})
    assert "the-key-itself" not in str(refusal.value)
