from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affetto import AcousticMeasures
from affetto.acoustics.reference import NEUTRAL


@pytest.mark.parametrize(
    ("acoustics", "sentence"),
    [
        (
            AcousticMeasures(f0_hz=210.4),
            "pitch 210 Hz: high for a low voice (11 semitones above neutral), "
            "usual for a high voice (1 semitone above neutral)",
        ),
        (
            AcousticMeasures(f0_hz=112.0),
            "pitch 112 Hz: usual for a low voice (at neutral), low for a high voice (10 semitones below neutral)",
        ),
        (AcousticMeasures(f0_range_semitones=1.2), "melody over 1 semitone: flat (neutral: 5 to 15)"),
        (AcousticMeasures(loudness_dbfs=-23.4), "loudness -23 dBFS"),
        (
            AcousticMeasures(loudness_dbfs=-23.4, loudness_above_average_db=2.6),
            "loudness -23 dBFS, 3 dB louder than this recording's average",
        ),
        (
            AcousticMeasures(loudness_dbfs=-23.4, loudness_above_average_db=-1.0),
            "loudness -23 dBFS, 1 dB quieter than this recording's average",
        ),
        (
            AcousticMeasures(loudness_dbfs=-23.4, loudness_above_average_db=-0.4),
            "loudness -23 dBFS, as loud as this recording's average",
        ),
        (AcousticMeasures(loudness_range_db=9.0), "loudness varies by 9 dB: even (neutral: 16 to 22)"),
        (
            AcousticMeasures(articulation_rate_syllables_per_s=6.22),
            "tempo 6.2 syllables a second: fast (neutral: 3.7 to 5.7)",
        ),
        (AcousticMeasures(pauses=0, pause_share=0.0), "no pauses"),
        (AcousticMeasures(pauses=1, pause_share=0.124), "1 pause, 12% of the time"),
        (AcousticMeasures(pauses=3, pause_share=0.3), "3 pauses, 30% of the time"),
        (AcousticMeasures(spectral_centroid_hz=1226.0), "brightness 1226 Hz: bright (neutral: 321 to 614)"),
    ],
)
def test_words(acoustics: AcousticMeasures, sentence: str) -> None:
    assert acoustics.sentences == (sentence,)


@pytest.mark.parametrize("voices", ["low", "high"])
def test_neutral_speech_is_usual(voices: str) -> None:
    medians: dict[str, Any] = {name: usual.median for name, usual in NEUTRAL[voices].items()}
    found = AcousticMeasures(**medians).sentences
    assert f"usual for a {voices} voice (at neutral)" in found[0]
    assert len(found) == 5
    assert all("usual" in sentence for sentence in found)


@given(tempo=st.floats(0.5, 10))
def test_words_agree_with_the_numbers_that_are_shown(tempo: float) -> None:
    (sentence,) = AcousticMeasures(articulation_rate_syllables_per_s=tempo).sentences
    shown, low, high = (float(word.strip("()")) for word in sentence.split() if word.strip("()")[0].isdigit())
    assert ("slow" in sentence, "fast" in sentence) == (shown < low, shown > high)


def test_a_higher_pitch_is_never_called_lower() -> None:
    words = ("low", "usual", "high")
    for voices in ("low", "high"):
        ranks = [
            words.index(
                AcousticMeasures(f0_hz=float(hertz)).sentences[0].split(f" for a {voices} voice")[0].split()[-1]
            )
            for hertz in range(60, 801)
        ]
        assert ranks == sorted(ranks)
        assert set(ranks) == {0, 1, 2}


def test_to_dict_is_plain() -> None:
    acoustics = AcousticMeasures(f0_hz=200.0, pauses=0, pause_share=0.0)
    content = acoustics.to_dict()
    assert json.loads(json.dumps(content)) == content
    assert content["f0_hz"] == 200.0
    assert content["loudness_dbfs"] is None
    assert content["sentences"] == list(acoustics.sentences)
