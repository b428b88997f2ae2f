from __future__ import annotations

import dataclasses
import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib.image import imread

from affetto import AudioError, MissingExtraError, ParameterError, Recognition, Recognizer
from affetto.exports import plot
from affetto.exports.colours import colour

if TYPE_CHECKING:
    from affetto.recognition.result import Status

EXAMPLE = Path(__file__).parents[2] / "examples" / "sad.flac"


def colours_in(path: Path, *, rows: slice = slice(None)) -> set[str]:
    pixels = (imread(path)[rows, :, :3] * 255).round().astype(int).reshape(-1, 3)
    values, counts = np.unique(pixels, axis=0, return_counts=True)
    return {f"#{r:02x}{g:02x}{b:02x}" for (r, g, b), n in zip(values, counts, strict=True) if n > 50}


def test_a_real_recording_is_drawn(recognizer: Recognizer, tmp_path: Path) -> None:
    result = recognizer.recognize(EXAMPLE)
    plot(result, EXAMPLE, tmp_path / "sad.png")
    image = imread(tmp_path / "sad.png")
    assert image.shape[:2] == (1080, 1800)
    assert {colour(segment.emotion) for segment in result.segments} <= colours_in(tmp_path / "sad.png", rows=slice(400))


def test_waveform_segments_and_probabilities_have_the_emotions_colours(dialogue: Recognition, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 80_000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot(dialogue, (noise, 8_000), tmp_path / "a.png")
    predicted = {colour("neutral"), colour("angry")}
    assert predicted | {colour(None)} <= colours_in(tmp_path / "a.png", rows=slice(50, 400))
    assert predicted | {colour("happy")} <= colours_in(tmp_path / "a.png", rows=slice(520, 800))


def test_arousal_and_valence_are_lines_at_their_height(dialogue: Recognition, tmp_path: Path) -> None:
    heights = []
    for arousal in (-0.9, 0.9):
        segments = tuple(dataclasses.replace(s, arousal=arousal, valence=0.0) for s in dialogue.segments)
        plot(dataclasses.replace(dialogue, segments=segments), (np.zeros(80_000), 8_000), tmp_path / "a.png")
        pixels = imread(tmp_path / "a.png")[830:1000, 100:, :3]
        dark = (pixels < 0.5).all(axis=2).sum(axis=1)
        heights.append(int(dark.argmax()))
        assert dark.max() > 500
    assert heights[0] > heights[1] + 100


def test_uncertain_segments_are_pale(dialogue: Recognition, tmp_path: Path) -> None:
    (uncertain,) = (segment for segment in dialogue.segments if segment.status == "uncertain")
    statuses: tuple[tuple[Status, bool], ...] = (("uncertain", False), ("ok", True))
    for status, expected in statuses:
        one = dataclasses.replace(dialogue, segments=(dataclasses.replace(uncertain, status=status),))
        plot(one, (np.zeros(80_000), 8_000), tmp_path / "a.png")
        assert (colour("neutral") in colours_in(tmp_path / "a.png", rows=slice(430, 500))) == expected


def test_the_title_shows_the_adaptation(dialogue: Recognition, tmp_path: Path) -> None:
    ink = []
    for adapted_to in (None, "recording"):
        one = dataclasses.replace(dialogue, adapted_to=adapted_to)
        plot(one, (np.zeros(80_000), 8_000), tmp_path / "a.png")
        ink.append((imread(tmp_path / "a.png")[:40, 900:, :3] < 0.9).sum())
    assert ink[1] > 1.2 * ink[0] > 0


def test_the_title_shows_the_reason_of_no_speech(silence: Recognition, tmp_path: Path) -> None:
    ink = []
    for why in (None, silence.reason):
        plot(dataclasses.replace(silence, reason=why), (np.zeros(24_000), 8_000), tmp_path / "a.png")
        ink.append((imread(tmp_path / "a.png")[:80, 900:, :3] < 0.9).sum())
    assert ink[1] > 2 * ink[0] > 0


def test_silence_is_a_line(silence: Recognition, tmp_path: Path) -> None:
    plot(silence, (np.zeros(24_000), 8_000), tmp_path / "a.PNG")
    assert colour(None) in colours_in(tmp_path / "a.PNG")


@pytest.mark.parametrize("n", [1, 100])
def test_very_little_sound(n: int, silence: Recognition, tmp_path: Path) -> None:
    plot(dataclasses.replace(silence, duration_s=n / 8_000), (np.ones(n), 8_000), tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 0


def test_a_picture_is_a_png_beside_the_recording(dialogue: Recognition, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"a\.pdf.*\.png"):
        plot(dialogue, EXAMPLE, tmp_path / "a.pdf")
    recording = tmp_path / "call.png"  # of this name, but it is sound
    recording.write_bytes(EXAMPLE.read_bytes())
    with pytest.raises(ParameterError, match="is already an input"):
        plot(dialogue, recording, recording)
    assert recording.read_bytes() == EXAMPLE.read_bytes()
    with pytest.raises(AudioError, match="does not exist"):
        plot(dialogue, tmp_path / "missing.wav", tmp_path / "a.png")
    with pytest.raises(AudioError, match="is empty"):
        plot(dialogue, io.BytesIO(), tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == [recording]


def test_without_matplotlib_the_extra_is_named(
    dialogue: Recognition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("affetto._extras.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"matplotlib.*affetto\[plot\]"):
        plot(dialogue, EXAMPLE, tmp_path / "a.png")


def test_each_speaker_of_a_conversation_has_a_lane(conversation: Recognition, tmp_path: Path) -> None:
    odd = dataclasses.replace(conversation.segments[0], speaker="$x$ \ud800 " + "long " * 20)
    many = [dataclasses.replace(conversation.segments[3], speaker=f"S{n}") for n in range(30)]
    for segments in (conversation.segments, (odd, *conversation.segments), (*conversation.segments, *many)):
        result = dataclasses.replace(conversation, segments=tuple(segments))
        plot(result, (np.zeros(80_000), 8_000), tmp_path / "a.png")
        image = imread(tmp_path / "a.png")
        assert image.shape[:2] == (1080, 1800)
        assert {colour("angry")} <= colours_in(tmp_path / "a.png", rows=slice(300, 600))
