"""The page in a real browser, with a real service."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from tests.server.conftest import serving

from affetto.acoustics.reference import NEUTRAL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, WebSocketRoute
    from tests.conftest import Encoder

    from affetto import Recognizer

_FIRST_LOAD_BYTES = 400_000
_TWO_SECONDS = re.compile("0:0[2-9]")
_DESKTOP = {"width": 1280, "height": 900}
_PHONE = {"width": 360, "height": 740}


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


def upload(site: Page, name: str, content: bytes, **others: bytes) -> None:
    """Choose a file; the others are those of the same name with the ending that is given."""
    files = {name: content} | {f"{name.partition('.')[0]}.{ending}": data for ending, data in others.items()}
    payloads: list[Any] = [{"name": name, "mimeType": "", "buffer": data} for name, data in files.items()]
    site.locator("#file").set_input_files(payloads)


def upload_example(site: Page, root: Path, name: str) -> None:
    upload(site, name, (root / "examples" / name).read_bytes())
    expect(site.locator(".answer-line")).to_be_visible()


def stereo(root: Path) -> bytes:
    """Two people, each on a channel, one after the other."""
    (left, rate), (right, _) = (soundfile.read(root / "examples" / f"{name}.flac") for name in ("sad", "happy"))
    samples = np.zeros((len(left) + len(right), 2))
    samples[: len(left), 0], samples[len(left) :, 1] = left, right
    return wav(samples, rate)


def wav(samples: Any, rate: int) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV")
    return file.getvalue()


def violations(site: Page) -> list[str]:
    return [f"{found['id']}: {found['nodes'][0]['html']}" for found in Axe().run(site).response["violations"]]


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


def test_shows_what_the_recognizer_answers(analysed: Page, root: Path, recognizer: Recognizer) -> None:
    result = recognizer.recognize(root / "examples" / "sequence.flac")
    words = {"disgust": "disgusted"}
    expect(analysed.locator(".answer-line")).to_contain_text(words.get(str(result.emotion), str(result.emotion)))
    expect(analysed.locator(".answer .sure-value")).to_have_text(f"{result.confidence:.0%}")
    answers = [words.get(str(segment.emotion), str(segment.emotion)) + "?" for segment in result.segments]
    assert {segment.status for segment in result.segments} == {"uncertain"}
    expect(analysed.locator(".part-answer")).to_have_text(answers)
    expect(analysed.locator(".lane .part")).to_have_count(len(answers))
    expect(analysed.locator(".row-name .face + span")).to_have_count(len(result.probabilities))


def test_a_part_plays_and_tells_why(analysed: Page) -> None:
    analysed.locator(".lane .part").nth(1).click()
    expect(analysed.get_by_role("button", name="Pause")).to_be_visible()
    details = analysed.locator(".part-details:visible")
    expect(details).to_contain_text("Pitch")
    expect(details.locator(".emotion-bars li")).to_have_count(8)
    # It stops where the part ends, of which 2.4 s is the start.
    expect(analysed.get_by_role("button", name="Play", exact=True)).to_be_visible(timeout=20_000)
    expect(analysed.locator(".timeline .time")).to_contain_text("0:04 /")


def test_neutral_ranges_are_those_of_the_acoustic_measures(analysed: Page) -> None:
    ranges = analysed.evaluate("import('/page/acoustics.js').then((module) => module.NEUTRAL)")
    assert ranges == {
        measure: {voice: [NEUTRAL[voice][measure].low, NEUTRAL[voice][measure].high] for voice in ("low", "high")}
        for measure in NEUTRAL["low"]
    }


def test_example_is_analysed(site: Page) -> None:
    site.get_by_role("button", name="A sad sentence").click()
    expect(site.locator(".answer-line")).to_have_text("Sounds sad")


def test_drops_a_file(site: Page, root: Path) -> None:
    data = site.evaluate_handle(
        """async ([name, bytes]) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], name));
            return data;
        }""",
        ["sad.flac", list((root / "examples" / "sad.flac").read_bytes())],
    )
    site.dispatch_event("#drop", "drop", {"dataTransfer": data})
    expect(site.get_by_role("heading", name="sad.flac")).to_be_visible()
    expect(site.locator(".answer-line")).to_have_text("Sounds sad")


def test_format_that_the_browser_cannot_play(site: Page, encode: Encoder) -> None:
    upload(site, "voice.amr", encode("amr"))
    expect(site.locator(".lane .part")).not_to_have_count(0)
    expect(site.locator(".timeline")).to_contain_text("cannot play")
    expect(site.locator(".round")).to_have_count(0)


def test_each_channel_has_a_lane(site: Page, root: Path) -> None:
    upload(site, "call.wav", stereo(root))
    site.get_by_text("Analyse it differently").click()
    site.get_by_label("channels").select_option("each")
    site.get_by_role("button", name="Analyse again").click()
    expect(site.locator(".track")).to_have_count(2)
    expect(site.locator(".answer")).to_contain_text(["Channel 1", "Channel 2"])
    with site.expect_download() as download:
        site.get_by_role("button", name="SRT, channel 2").click()
    assert "happy" in download.value.path().read_text(encoding="utf-8")


def test_each_speaker_has_a_lane_with_the_text(site: Page, root: Path) -> None:
    turns = [("Anna", 0.0, 1.8), ("Tom", 2.4, 4.4), ("Anna", 5.0, 7.2)]
    rttm = "".join(f"SPEAKER call 1 {start} {end - start} <NA> <NA> {name} <NA> <NA>\n" for name, start, end in turns)
    srt = "1\n00:00:00,000 --> 00:00:01,800\nWhat is it?\n\n2\n00:00:02,400 --> 00:00:04,400\nNothing.\n"
    sound = (root / "examples" / "sequence.flac").read_bytes()
    upload(site, "call.flac", sound, srt=srt.encode(), rttm=rttm.encode())
    expect(site.locator(".row-name", has_text=re.compile("Anna|Tom"))).to_have_text(["Anna", "Tom"])
    assert [lane.locator(".part").count() for lane in site.locator(".lane").all()] == [2, 1]
    expect(site.locator(".said")).to_have_text(["What is it?", "Nothing."])
    # The files stay in use until the reader does without them.
    site.get_by_text("Analyse it differently").click()
    site.get_by_label("Use call.srt").uncheck()
    site.get_by_role("button", name="Analyse again").click()
    expect(site.locator(".said")).to_have_count(0)
    expect(site.locator(".lane")).to_have_count(2)


def test_wrong_transcript_can_be_left_out(site: Page, root: Path) -> None:
    upload(site, "sad.flac", (root / "examples" / "sad.flac").read_bytes(), srt=b"no subtitles")
    expect(site.locator(".card").get_by_role("alert")).to_be_visible()
    site.get_by_text("Analyse it differently").click()
    site.get_by_label("Use sad.srt").uncheck()
    site.get_by_role("button", name="Analyse again").click()
    expect(site.locator(".answer-line")).to_have_text("Sounds sad")


def test_two_recordings_side_by_side(site: Page, root: Path) -> None:
    upload(site, "sad.flac", (root / "examples" / "sad.flac").read_bytes())
    upload(site, "happy.flac", (root / "examples" / "happy.flac").read_bytes())
    expect(site.locator(".answer-line")).to_have_count(2)
    site.get_by_role("button", name="Side by side").click()
    first, second = (card.bounding_box() for card in site.locator(".card").all())
    assert first is not None
    assert second is not None
    assert first["y"] == second["y"]
    assert first["x"] < second["x"]
    for name in ("happy.flac", "sad.flac"):
        site.get_by_role("button", name=f"Remove {name}").click()
    expect(site.locator("#results")).to_be_hidden()
    expect(site.get_by_role("button", name="Choose a file")).to_be_focused()


def test_saves_json_csv_and_srt(analysed: Page, root: Path, recognizer: Recognizer) -> None:
    texts = {}
    for name in ("JSON", "CSV", "SRT"):
        with analysed.expect_download() as download:
            analysed.get_by_role("button", name=f"Save as {name}").click()
        assert download.value.suggested_filename == f"sequence.{name.lower()}"
        texts[name] = download.value.path().read_text(encoding="utf-8")
    expected = recognizer.recognize(root / "examples" / "sequence.flac").to_dict()
    (saved,) = json.loads(texts["JSON"])
    assert saved["probabilities"] == expected["probabilities"]
    rows = list(csv.DictReader(io.StringIO(texts["CSV"])))
    assert [row["emotion"] for row in rows] == [segment["emotion"] for segment in expected["segments"]]
    assert texts["SRT"].count("-->") == len(rows)


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
    # The server makes the subtitles of the recording that the page kept: they agree with what was heard live.
    with site.expect_download() as download:
        site.get_by_role("button", name="Save as SRT").click()
    lines = download.value.path().read_text(encoding="utf-8").split("\n")
    shown = [part.inner_text() for part in site.locator(".part-answer").all()]
    assert [line.split()[0] for line in lines[2::4]] == [words.split()[0] for words in shown]


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
    with serving(api_keys="secret") as address:
        page.goto(address)
        upload(page, "sad.flac", (root / "examples" / "sad.flac").read_bytes())
        for key in ("wrong", "secret"):
            page.get_by_role("textbox", name="Key").fill(key)
            page.get_by_role("button", name="Use this key").click()
            if key == "wrong":
                expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
        expect(page.locator(".answer-line")).to_have_text("Sounds sad")
        assert page.evaluate("[sessionStorage.length, localStorage.length]") == [1, 0]
        with page.expect_websocket() as socket:
            page.get_by_role("button", name="Listen live").click()
        assert "ready" in str(socket.value.wait_for_event("framereceived"))


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
