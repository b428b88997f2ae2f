"""Everyone can use the page: on phones, in the dark, with a keyboard, with a screen reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from tests.server.page.actions import upload_example, violations

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from affetto import Recognizer

_DESKTOP = {"width": 1280, "height": 900}
_PHONE = {"width": 360, "height": 740}


@pytest.mark.parametrize(("theme", "viewport"), [("light", _DESKTOP), ("dark", _PHONE)])
def test_everyone_can_use_it(chromium: Browser, service: str, root: Path, theme: Any, viewport: Any) -> None:
    context = chromium.new_context(color_scheme=theme, viewport=viewport)
    site = context.new_page()
    site.goto(service)
    assert violations(site) == []
    upload_example(site, root, "sequence.flac")
    site.locator(".lane .part").first.click()
    for summary in site.locator("summary").all():
        summary.click()
    assert violations(site) == []
    assert site.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    context.close()


def test_theme_is_kept(site: Page) -> None:
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = site.evaluate(background)
    site.get_by_role("button", name="Dark colours").click()
    dark = site.evaluate(background)
    site.reload()
    assert light != dark == site.evaluate(background)
    expect(site.get_by_role("button", name="Light colours")).to_be_visible()


def test_keyboard_alone_is_enough(analysed: Page) -> None:
    parts = analysed.get_by_role("toolbar").get_by_role("button")
    analysed.get_by_role("button", name="Play", exact=True).focus()
    reached = []
    for _ in range(6):
        analysed.keyboard.press("Tab")
        reached.append(analysed.evaluate("document.activeElement.className"))
    assert sum(name.startswith("part ") for name in reached) == 1
    parts.first.focus()
    analysed.keyboard.press("ArrowRight")
    expect(parts.nth(1)).to_be_focused()
    analysed.keyboard.press("Enter")
    expect(parts.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(analysed.locator(".part-line").nth(1)).to_have_attribute("aria-expanded", "true")
    analysed.keyboard.press("End")
    expect(parts.last).to_be_focused()


def test_screen_reader_hears_the_result(analysed: Page, root: Path, recognizer: Recognizer) -> None:
    result = recognizer.recognize(root / "examples" / "sequence.flac")
    said = f"sequence.flac: {result.emotion}?, {result.confidence:.0%} sure"
    expect(analysed.get_by_role("status").first).to_have_text(said)
    tree = analysed.locator(".card").aria_snapshot()
    for line in ('heading "sequence.flac"', 'toolbar "Emotion', 'button "Part 1, ', 'meter "Energy"', 'button "Remove'):
        assert line in tree


def test_notice_names_the_law(analysed: Page) -> None:
    notice = analysed.get_by_role("region", name="What this is")
    for words in ("not know what a person feels", "AI Act", "at work or in education"):
        expect(notice).to_contain_text(words)
