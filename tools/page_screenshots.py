"""Take the pictures of the page that the README shows.

Start ``affetto serve``, then run ``python -m tools.page_screenshots``, with the address of the service if it is not the
default one. Chromium must be installed.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_IMAGES = Path(__file__).parents[1] / "docs" / "images"
_ADDRESS = "http://127.0.0.1:8000/"
_COLOURS = 256  # a third of the size, and no difference to be seen
_SETTLE_MS = 800


def main(address: str = _ADDRESS) -> None:
    path = shutil.which("chromium")
    if path is None:
        sys.exit("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        page = _open(browser, address, theme="light", width=1280, height=1345, scale=1)
        page.get_by_role("button", name="Six sentences").click()
        page.locator(".lane .part").nth(4).click()
        page.get_by_role("button", name="Pause").click()
        _save(page, "page.png")
        page = _open(browser, address, theme="dark", width=400, height=860, scale=2)
        page.get_by_role("button", name="A sad sentence").click()
        page.locator(".parts").wait_for()
        _save(page, "page-phone.png")
        browser.close()


def _open(browser: Browser, address: str, *, theme: str, width: int, height: int, scale: float) -> Page:
    context = browser.new_context(
        color_scheme="dark" if theme == "dark" else "light",
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
    )
    page = context.new_page()
    page.goto(address)
    return page


def _save(page: Page, name: str) -> None:
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)
    page.wait_for_timeout(_SETTLE_MS)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(_COLOURS, kmeans=3).save(_IMAGES / name, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:2])
