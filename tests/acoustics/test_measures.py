from __future__ import annotations

import json

import pytest

from affetto import AcousticMeasures


@pytest.mark.parametrize(
    ("measures", "line"),
    [
        (AcousticMeasures(f0_hz=210.4), "F0 210 Hz (neutral: 94 to 148 for low voices, 179 to 235 for high voices)"),
        (AcousticMeasures(f0_range_semitones=1.2), "F0 range 1 semitones (neutral: 5 to 15)"),
        (AcousticMeasures(loudness_dbfs=-23.4), "loudness -23 dBFS"),
        (
            AcousticMeasures(loudness_dbfs=-23.4, loudness_above_average_db=2.6),
            "loudness -23 dBFS (+3 dB to the recording's mean)",
        ),
        (AcousticMeasures(loudness_range_db=9.0), "loudness range 9 dB (neutral: 16 to 22)"),
        (
            AcousticMeasures(articulation_rate_syllables_per_s=6.22),
            "articulation rate 6.2 syllables/s (neutral: 3.7 to 5.7)",
        ),
        (AcousticMeasures(pauses=0, pause_share=0.0), "no pauses"),
        (AcousticMeasures(pauses=1, pause_share=0.124), "1 pause, 12% of the time"),
        (AcousticMeasures(pauses=3, pause_share=0.3), "3 pauses, 30% of the time"),
        (AcousticMeasures(spectral_centroid_hz=1226.0), "spectral centroid 1226 Hz (neutral: 321 to 614)"),
        (AcousticMeasures(), None),
    ],
)
def test_each_measure_is_one_line_with_the_range_of_neutral_speech(
    measures: AcousticMeasures, line: str | None
) -> None:
    assert measures.summary == (() if line is None else (line,))


def test_measures_are_plain_json() -> None:
    measures = AcousticMeasures(f0_hz=200.0, pauses=0, pause_share=0.0)
    content = measures.to_dict()
    assert json.loads(json.dumps(content)) == content
    assert content["f0_hz"] == 200.0
    assert content["loudness_dbfs"] is None
    assert content["summary"] == list(measures.summary)
