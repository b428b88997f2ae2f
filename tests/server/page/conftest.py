"""The page, opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.server.page.actions import upload_example

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page


@pytest.fixture
def site(page: Page, service: str) -> Page:
    """The page, just opened."""
    page.goto(service)
    return page


@pytest.fixture(scope="module")
def analysed(chromium: Browser, service: str, root: Path) -> Iterator[Page]:
    """The page with the result of an example; no test changes what the next one looks at."""
    context = chromium.new_context()
    site = context.new_page()
    site.goto(service)
    upload_example(site, root, "sequence.flac")
    yield site
    context.close()
