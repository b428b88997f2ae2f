from __future__ import annotations

from typing import Any

import pytest

from affetto.errors import ParameterError
from affetto.server.settings import PREFIX, Settings, is_loopback, load_settings


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)


def test_nothing_needs_to_be_set() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.api_keys) == ("127.0.0.1", 8000, ())


def test_environment_and_options(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("PORT", "81"),
        ("API_KEYS", " the-secret-of-one, the-secret-of-other ,,"),
        ("MAX_STREAM_S", "1e3"),
        ("HOST", "0.0.0.0"),
    ):
        monkeypatch.setenv(PREFIX + name, value)
    settings = load_settings(port=82, host=None)
    assert (settings.host, settings.port, settings.max_stream_s) == ("0.0.0.0", 82, 1_000)
    assert [key.get_secret_value() for key in settings.api_keys] == ["the-secret-of-one", "the-secret-of-other"]
    assert "secret" not in repr(settings)


def test_empty_variables_are_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(PREFIX + name.upper(), "")
    assert load_settings() == load_settings(**defaults())


def defaults() -> dict[str, Any]:
    return {name: field.default for name, field in Settings.model_fields.items()}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("port", "many"), ("port", "-1"), ("port", "65536"), ("threads", "0"), ("max_waiting", "-1")),
        *((name, value) for name in ("recognition_timeout_s", "max_duration_s") for value in ("inf", "nan", "0", "-1")),
        *(("max_upload_mb", "1.5"), ("rate_limit_per_minute", "x")),
    ],
)
def test_invalid_values_name_the_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(PREFIX + name.upper(), value)
    with pytest.raises(ParameterError, match=rf"{PREFIX}{name.upper()} is '{value}': ") as error:
        load_settings()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.1", "::", "example.org", ""])
def test_others_reach_it_only_with_keys(host: str) -> None:
    with pytest.raises(ParameterError, match=f"{PREFIX}API_KEYS"):
        load_settings(host=host)
    assert load_settings(host=host, api_keys="secret-of-the-test").host == host


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        *(("localhost", True), ("LocalHost", True), ("127.0.0.1", True), ("127.1.2.3", True), ("::1", True)),
        *(("[::1]", True), ("0.0.0.0", False), ("::", False), ("", False), ("localhost.evil.example", False)),
        *(("127.0.0.1.evil.example", False), ("2130706433", False), ("169.254.1.1", False)),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_keys_are_in_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong: Any = ["fine", 5]
    for keys in (wrong, "fine", "secret-of-the-test,fine"):
        with pytest.raises(ParameterError, match=f"{PREFIX}API_KEYS") as error:
            load_settings(api_keys=keys)
        assert "fine" not in str(error.value)
        assert "secret-of" not in str(error.value)


def test_keys_that_can_be_guessed_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"16 .*openssl"):
        load_settings(api_keys="k" * 15)
    assert load_settings(api_keys="k" * 16).api_keys


@pytest.mark.parametrize(
    "origin",
    [
        *("https://app.example/", "https://app.example/page", "app.example", "https://App.example", "https://"),
        *("https://me@app.example", "https://app.example?x", "null", "https://*.example"),
    ],
)
def test_origins_that_no_browser_sends_are_refused(origin: str) -> None:
    with pytest.raises(ParameterError, match=f"{PREFIX}CORS_ORIGINS.*https://app.example"):
        load_settings(cors_origins=f"https://app.example,{origin}")


@pytest.mark.parametrize(
    "origin", ["*", "https://app.example", "http://localhost:3000", "http://[::1]:80", "chrome-extension://abcdef"]
)
def test_origins_of_browsers(origin: str) -> None:
    assert load_settings(cors_origins=origin).cors_origins == (origin,)
