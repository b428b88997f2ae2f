"""The page records and listens live."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

import soundfile
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


def watch_tracks(site: Page, *, allowed: str) -> None:
    """Note all tracks of the microphone in `tracks`; the function `allowed` tells when the reader has allowed it."""
    site.evaluate(
        f"""() => {{
            const devices = navigator.mediaDevices;
            const open = devices.getUserMedia.bind(devices);
            window.tracks = [];
            devices.getUserMedia = async (wanted) => {{
                await ({allowed})();
                const stream = await open(wanted);
                tracks.push(...stream.getTracks());
                return stream;
            }};
        }}"""
    )


def final_states(site: Page) -> list[str]:
    """Return the states of all tracks, once none is live, or after five seconds."""
    states: list[str] = site.evaluate(
        """async () => {
            const states = () => tracks.map((track) => track.readyState);
            for (let i = 0; i < 100 && states().includes("live"); i++) {
                await new Promise((done) => setTimeout(done, 50));
            }
            return states();
        }"""
    )
    return states


def test_no_microphone_stays_open_after_a_late_permission(site: Page) -> None:
    site.evaluate("() => { window.asked = []; }")
    watch_tracks(site, allowed="() => new Promise((allow) => asked.push(allow))")
    record = site.get_by_role("button", name="Record", exact=True)
    record.click()
    site.get_by_role("button", name="Discard").click()
    expect(record).to_be_focused()
    record.click()
    site.evaluate("asked.forEach((allow) => allow())")
    expect(site.get_by_role("button", name="Stop and analyse")).to_be_enabled()
    site.get_by_role("button", name="Discard").click()
    assert final_states(site) == ["ended", "ended"]


def test_microphone_is_closed_if_it_cannot_be_heard(site: Page) -> None:
    watch_tracks(site, allowed="() => {}")
    site.evaluate("() => { AudioWorklet.prototype.addModule = async () => { throw new Error('no module'); }; }")
    site.get_by_role("button", name="Record", exact=True).click()
    expect(site.get_by_role("alert").filter(has_text="microphone")).to_be_visible()
    assert final_states(site) == ["ended"]


def test_recording_is_not_lost_if_its_analysis_fails(site: Page) -> None:
    problem = {"detail": "the upload is too large"}
    site.route("**/v1/recognitions*", lambda route: route.fulfill(status=413, json=problem))
    site.get_by_role("button", name="Record", exact=True).click()
    site.get_by_role("button", name="Stop and analyse").click()
    expect(site.locator(".card").get_by_role("alert")).to_contain_text("too large")
    with site.expect_download() as download:
        site.get_by_role("button", name="Save the recording").click()
    assert download.value.suggested_filename.endswith(".wav")
    assert soundfile.info(download.value.path()).samplerate == 16_000


def test_refused_microphone_is_explained(site: Page) -> None:
    refuse = "async () => { throw new DOMException('', 'NotAllowedError'); }"
    site.evaluate(f"() => {{ navigator.mediaDevices.getUserMedia = {refuse}; }}")
    site.get_by_role("button", name="Record", exact=True).click()
    expect(site.get_by_role("alert").filter(has_text="microphone")).to_be_visible()
    expect(site.get_by_role("button", name="Choose a file")).to_be_visible()
    close = site.get_by_role("button", name="Close")
    expect(close).to_be_focused()
    close.click()
    expect(site.get_by_role("button", name="Record", exact=True)).to_be_focused()
