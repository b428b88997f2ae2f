"""Recordings as results, shared by the tests of results and of exports."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from affetto import AcousticMeasures, ModelName, Recognition, Segment
from affetto.recognition.dimensions import dimensions

if TYPE_CHECKING:
    from affetto.recognition.result import Status

LABELS = ("neutral", "happy", "angry")


def segment(start_s: float, end_s: float, *probabilities: float, status: Status = "ok") -> Segment:
    by_label = dict(zip(LABELS, probabilities, strict=True))
    best = max(by_label, key=by_label.__getitem__)
    arousal, valence = (float(value) for value in dimensions(LABELS, probabilities))
    return Segment(start_s, end_s, status, best, by_label[best], by_label, arousal, valence)


@pytest.fixture(scope="session")
def dialogue() -> Recognition:
    """Ten seconds: pauses, neighbours without one, an uncertain segment, one without length."""
    segments = (
        segment(0.5, 2.0, 0.1, 0.1, 0.8),
        segment(2.0, 3.25, 0.75, 0.125, 0.125),
        segment(6.0, 6.0, 0.2, 0.6, 0.2),
        segment(7.0, 9.999, 0.4, 0.3, 0.3, status="uncertain"),
    )
    return Recognition(
        source='calls/Łucja, "100 %" <b> 😀 --> $x$.wav',
        duration_s=10.0,
        status="ok",
        emotion="neutral",
        confidence=0.45,
        probabilities={"neutral": 0.45, "happy": 0.2, "angry": 0.35},
        arousal=0.1,
        valence=-0.25,
        segments=segments,
        model=ModelName("default", "1"),
        adapted_to="recording",
    )


@pytest.fixture(scope="session")
def conversation(dialogue: Recognition) -> Recognition:
    """Turns of two speakers: one that another overlaps, one without speech, one after the end of the sound."""
    first, second, _, last = dialogue.segments
    silent = Segment(6.0, 6.5, "no_speech", None, None, {}, None, None, None, "Anna", "(sighs)", "nobody speaks in it")
    late = dataclasses.replace(silent, start_s=99.0, end_s=100.0, speaker="Ben", text=None, reason="it is too late")
    segments = (
        dataclasses.replace(first, speaker="Anna", text="I told you <twice>."),
        dataclasses.replace(
            second, start_s=1.5, status="uncertain", speaker="Ben", text="No!", reason="another speaker speaks"
        ),
        silent,
        dataclasses.replace(last, speaker="Ben"),
        late,
    )
    return dataclasses.replace(dialogue, segments=segments)


@pytest.fixture(scope="session")
def silence() -> Recognition:
    """Three seconds in which nobody speaks."""
    reason = "silence: nothing is louder than <75 dB> & so on"
    model = ModelName("default", "1")
    return Recognition("silence.wav", 3.0, "no_speech", None, None, {}, None, None, (), model, reason)


@pytest.fixture(scope="session")
def acoustics(dialogue: Recognition) -> Recognition:
    """The dialogue with acoustic measures, one of them of a segment in which nothing could be measured."""
    first, second, *others = dialogue.segments
    acoustics = AcousticMeasures(f0_hz=210.0, loudness_dbfs=-20.5, pauses=1, pause_share=0.25)
    segments = (
        dataclasses.replace(first, acoustics=acoustics),
        dataclasses.replace(second, acoustics=AcousticMeasures()),
        *others,
    )
    return dataclasses.replace(dialogue, segments=segments)


@pytest.fixture(scope="session")
def nothing(silence: Recognition) -> Recognition:
    """The result of live recognition without any sound."""
    return dataclasses.replace(silence, duration_s=0.0)
