"""The page records and listens live."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect
from tests.server.page.actions import violations

if TYPE_CHECKING:
    from playwright.sync_api import Page, WebSocketRoute


_TWO_SECONDS = re.compile("0:0[2-9]")


def test_records_and_analyses(site: Page) -> None:
    site.get_by_role("button", name="Record", exact=True).click()
    expect(site.get_by_role("timer")).to_have_text(_TWO_SECONDS)
    assert violations(site) == []
    site.get_by_role("button", name="Stop and analyse").click()
    expect(site.locator(".answer-line")).to_be_visible()
    expect(site.get_by_role("heading", name="Recording,")).to_be_visible()
    expect(site.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_listens_live(site: Page) -> None:
    site.get_by_role("button", name="Listen live").click()
    # The microphone plays the example: its first sentence ends after 1.7 s.
    expect(site.locator(".heard li")).to_have_count(1, timeout=20_000)
    expect(site.locator("#status")).to_contain_text("Heard:")
    assert violations(site) == []
    site.get_by_role("button", name="Stop").click()
    expect(site.get_by_role("heading", name="Live recording,")).to_be_visible()
    expect(site.locator("#start")).to_be_visible()
    # JSON is what was heard live. The server makes the table from the recording that the page kept.
    saved = {}
    for name in ("JSON", "CSV"):
        with site.expect_download() as download:
            site.get_by_role("button", name=f"Save as {name}").click()
        saved[name] = download.value.path().read_text(encoding="utf-8")
    (live,) = json.loads(saved["JSON"])
    rows = list(csv.DictReader(io.StringIO(saved["CSV"])))
    assert [row["emotion"] for row in rows] == [segment["emotion"] for segment in live["segments"]]
    assert [float(row["end_s"]) for row in rows] == [segment["end_s"] for segment in live["segments"]]


def test_lost_connection_loses_no_sound(site: Page) -> None:
    sockets: list[Any] = []

    def connect(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.on_message(lambda message: socket.send('{"type": "ready"}') if "start" in str(message) else None)

    site.route_web_socket("**/v1/stream", connect)
    site.get_by_role("button", name="Listen live").click()
    expect(site.get_by_role("timer")).to_have_text(_TWO_SECONDS)
    sockets[0].close(code=1006)
    expect(site.get_by_role("alert").filter(has_text="lost")).to_be_visible()
    site.get_by_role("button", name="Analyse what was recorded").click()
    expect(site.locator(".answer-line")).to_be_visible()


def test_discarding_leaves_nothing(site: Page) -> None:
    site.get_by_role("button", name="Listen live").click()
    site.get_by_role("button", name="Discard").click()
    expect(site.locator("#microphone")).to_be_hidden()
    expect(site.locator("#results")).to_be_hidden()


def test_refused_microphone_is_explained(site: Page) -> None:
    refuse = "async () => { throw new DOMException('', 'NotAllowedError'); }"
    site.evaluate(f"() => {{ navigator.mediaDevices.getUserMedia = {refuse}; }}")
    site.get_by_role("button", name="Record", exact=True).click()
    expect(site.get_by_role("alert").filter(has_text="microphone")).to_be_visible()
    expect(site.get_by_role("button", name="Choose a file")).to_be_visible()
