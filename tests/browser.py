"""Fixtures for tests in a real Chromium, with a microphone that plays a recording."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
import soundfile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, ConsoleMessage, Page

REQUIRED = "AFFETTO_REQUIRE_BROWSER"
"""The environment variable that makes a missing browser an error."""

_PATIENCE_MS = 15_000  # how long a test waits for what it expects: the machine may have other work
_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str:
    """Return the path of Chromium; skip the test without it, or fail if the environment says so."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is not None:
        return found
    missing = "Chromium is not installed; on Debian: apt-get install chromium"
    if os.environ.get(REQUIRED):
        pytest.fail(f"{missing} ({REQUIRED} is set)")
    pytest.skip(missing)


@pytest.fixture(scope="session")
def microphone_recording(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the microphone of the browser hears: the example with several emotions, as WAV, over and over."""
    samples, rate = soundfile.read(root / "examples" / "sequence.flac", dtype="int16")
    path = tmp_path_factory.mktemp("microphone") / "sequence.wav"
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path


# For one module: Playwright's event loop runs in this thread for as long, and other tests start theirs in it.
@pytest.fixture(scope="module")
def chromium(microphone_recording: Path) -> Iterator[Browser]:
    """A Chromium without a window, whose microphone is allowed to every page and plays a recording."""
    from playwright.sync_api import expect, sync_playwright

    path = find_chromium()
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=[
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={microphone_recording}",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """An empty tab with a profile of its own; a script that fails, or that the site's policy blocks, fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    problems: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            problems.append(message.text)

    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("console", note)
    yield tab
    context.close()
    assert not problems
