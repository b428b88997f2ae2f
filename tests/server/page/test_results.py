"""The page shows what the recognizer answers, and saves it."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from playwright.sync_api import expect
from tests.server.page.actions import rttm, upload, upload_all, upload_example, wav

from affetto.acoustics.reference import NEUTRAL

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page
    from tests.conftest import Encoder

    from affetto import Recognizer


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


def stereo(root: Path) -> bytes:
    """Two people, each on a channel, one after the other."""
    (left, rate), (right, _) = (soundfile.read(root / "examples" / f"{name}.flac") for name in ("sad", "happy"))
    samples = np.zeros((len(left) + len(right), 2))
    samples[: len(left), 0], samples[len(left) :, 1] = left, right
    return wav(samples, rate)


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
    srt = "1\n00:00:00,000 --> 00:00:01,800\nWhat is it?\n\n2\n00:00:02,400 --> 00:00:04,400\nNothing.\n"
    sound = (root / "examples" / "sequence.flac").read_bytes()
    upload(site, "call.flac", sound, srt=srt.encode(), rttm=rttm(turns))
    expect(site.locator(".row-name", has_text=re.compile("Anna|Tom"))).to_have_text(["Anna", "Tom"])
    assert [lane.locator(".part").count() for lane in site.locator(".lane").all()] == [2, 1]
    expect(site.locator(".said")).to_have_text(["What is it?", "Nothing."])
    # The files stay in use until the reader does without them.
    site.get_by_text("Analyse it differently").click()
    site.get_by_label("Use call.srt").uncheck()
    site.get_by_role("button", name="Analyse again").click()
    expect(site.locator(".said")).to_have_count(0)
    expect(site.locator(".lane")).to_have_count(2)


def test_each_recording_has_the_transcript_of_its_name(site: Page, root: Path) -> None:
    sounds = {f"{name}.flac": (root / "examples" / f"{name}.flac").read_bytes() for name in ("sad", "happy")}
    srt = b"1\n00:00:00,000 --> 00:00:01,000\nWhat is it?\n"
    upload_all(site, sounds | {"other.srt": srt})
    expect(site.locator("#problem")).to_contain_text("other.srt")
    expect(site.locator(".card")).to_have_count(0)
    upload_all(site, sounds | {"happy.srt": srt})
    expect(site.locator("#problem")).to_be_hidden()
    expect(site.locator(".card h3")).to_have_text(["sad.flac", "happy.flac"])
    expect(site.locator(".answer-line")).to_have_count(2)
    expect(site.locator(".card").nth(0).locator(".said")).to_have_count(0)
    expect(site.locator(".card").nth(1).locator(".said")).to_have_text("What is it?")


def test_turns_without_an_answer_say_why(site: Page, root: Path) -> None:
    turns = [("Anna", 0.5 * i, 0.5 * i + 0.4) for i in range(30)] + [("Tom", 60.0, 61.0)]
    upload(site, "call.flac", (root / "examples" / "sequence.flac").read_bytes(), rttm=rttm(turns))
    parts = site.locator(".parts > li")
    expect(parts).to_have_count(31)
    expect(site.locator(".lane .part")).to_have_count(30)
    assert site.evaluate("document.querySelector('.timeline-scroll').scrollWidth") < 1280
    parts.last.locator(".part-line").click()
    expect(parts.last).to_contain_text("after the end of the sound")
    # The list, which scrolls by itself, shows the part that is chosen in the timeline.
    site.locator(".lane .part").nth(10).click()
    places = [found.bounding_box() for found in (site.locator(".parts"), parts.nth(10))]
    list_y, part_y = (place["y"] for place in places if place)
    assert 0 <= part_y - list_y < 3


def test_prior_is_that_of_the_server_until_one_is_chosen(site: Page, root: Path) -> None:
    with site.expect_request("**/v1/recognitions*") as first:
        upload_example(site, root, "sad.flac")
    assert "prior" not in first.value.url
    site.get_by_text("Analyse it differently").click()
    prior = site.get_by_label("What kind of speech")
    expect(prior.locator("option:checked")).to_contain_text("this server")
    prior.select_option("balanced")
    with site.expect_request("**/v1/recognitions*") as second:
        site.get_by_role("button", name="Analyse again").click()
    assert "prior=balanced" in second.value.url


def test_cancelling_another_analysis_keeps_the_result(site: Page, root: Path) -> None:
    upload_example(site, root, "sad.flac")
    site.route("**/v1/recognitions*", lambda _: None)
    site.get_by_text("Analyse it differently").click()
    site.get_by_role("button", name="Analyse again").click()
    expect(site.locator(".card")).to_be_focused()
    site.get_by_role("button", name="Cancel").click()
    expect(site.locator(".answer-line")).to_have_text("Sounds sad")
    expect(site.locator(".card")).to_be_focused()


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
