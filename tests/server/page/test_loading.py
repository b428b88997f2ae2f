"""The page loads quickly, and says what goes wrong between it and the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from playwright.sync_api import expect
from tests.server.conftest import serving
from tests.server.page.actions import upload, upload_all, violations, wav

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page


_FIRST_LOAD_BYTES = 400_000


def test_loads_little_and_from_the_service_alone(page: Page, service: str) -> None:
    responses: list[Any] = []
    page.on("response", lambda response: responses.append(response))
    page.goto(service)
    assert {response.url.startswith(service) for response in responses} == {True}
    assert all(response.ok for response in responses)
    assert {response.headers["cache-control"] for response in responses} == {"no-cache"}
    assert sum(response.request.sizes()["responseBodySize"] for response in responses) < _FIRST_LOAD_BYTES
    times_ms = []
    for _ in range(3):  # the machine may have other work
        page.goto(service)
        times_ms.append(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
    assert min(times_ms) < 1_000


def test_unreadable_file_is_explained(site: Page) -> None:
    upload(site, "notes.txt", b"These are notes, not sound." * 100)
    alert = site.locator(".card").get_by_role("alert")
    expect(alert).to_contain_text("not audio")
    assert violations(site) == []


def test_no_speech_is_said(site: Page) -> None:
    upload(site, "silence.wav", wav(np.zeros(16_000), 16_000))
    expect(site.locator(".answer")).to_contain_text("No speech")
    expect(site.locator(".answer")).to_contain_text("Silence")


def test_busy_service_says_when_to_try_again(site: Page, root: Path) -> None:
    headers = {"Retry-After": "7"}
    site.route("**/v1/recognitions*", lambda route: route.fulfill(status=503, headers=headers, json={}))
    upload(site, "sad.flac", (root / "examples" / "sad.flac").read_bytes())
    expect(site.locator(".card").get_by_role("alert")).to_contain_text("7 seconds")
    site.unroute("**/v1/recognitions*")
    site.get_by_role("button", name="Try again").click()
    expect(site.locator(".answer-line")).to_have_text("Sounds sad")


def test_missing_service_is_said(site: Page, root: Path) -> None:
    site.route("**/v1/recognitions*", lambda route: route.abort())
    upload(site, "sad.flac", (root / "examples" / "sad.flac").read_bytes())
    expect(site.locator(".card").get_by_role("alert")).to_contain_text("does not answer")


def test_asks_for_the_key(page: Page, root: Path) -> None:
    with serving(api_keys="secret-of-the-test") as address:
        page.goto(address)
        sound = (root / "examples" / "sad.flac").read_bytes()
        upload_all(page, {"sad.flac": sound, "again.flac": sound})
        for key in ("wrong", "secret-of-the-test"):
            page.get_by_role("textbox", name="Key").fill(key)
            page.get_by_role("button", name="Use this key").click()
            if key == "wrong":
                expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
        expect(page.locator(".answer-line")).to_have_text(["Sounds sad", "Sounds sad"])
        assert page.evaluate("[sessionStorage.length, localStorage.length]") == [1, 0]
        with page.expect_websocket() as socket:
            page.get_by_role("button", name="Listen live").click()
        assert "ready" in str(socket.value.wait_for_event("framereceived"))
