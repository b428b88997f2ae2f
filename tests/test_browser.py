"""The browser of the tests hears its microphone, and its absence is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests import browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

_LOUDEST = """
async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let loudest = 0;
    for (let i = 0; i < 40 && loudest < 0.01; i++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        analyser.getFloatTimeDomainData(samples);
        loudest = Math.max(loudest, ...samples.map(Math.abs));
    }
    return loudest;
}
"""


def test_microphone_plays_a_recording(page: Page) -> None:
    page.goto("chrome://version")  # a secure page without a server
    assert page.evaluate(_LOUDEST) > 0.01


def test_missing_browser_skips_or_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv(browser.REQUIRED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium"):
        browser.find_chromium()
    monkeypatch.setenv(browser.REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception, match=browser.REQUIRED):
        browser.find_chromium()
