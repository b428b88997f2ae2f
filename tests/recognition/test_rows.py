from __future__ import annotations

import dataclasses
import sys

import numpy as np
import pytest

from affetto import MissingExtraError, Recognition


def test_a_table_has_a_row_for_each_segment(dialogue: Recognition) -> None:
    table = dialogue.to_pandas()
    assert list(table.columns) == [
        *("source", "channel", "track", "start_s", "end_s", "speaker", "text", "status", "emotion", "confidence"),
        *("arousal", "valence", "adapted_to", "reason", "warnings"),
        *("neutral", "happy", "angry"),
    ]
    assert table["source"].unique() == [dialogue.source]
    assert table["end_s"].tolist() == [segment.end_s for segment in dialogue.segments]
    assert table["status"].tolist() == ["ok", "ok", "ok", "uncertain"]
    assert table["adapted_to"].tolist() == ["recording"] * 4
    assert table["angry"].idxmax() == table["arousal"].idxmax() == table["valence"].idxmin() == 0
    assert not table["emotion"].isna().any()
    assert table["confidence"].dtype == table["angry"].dtype == np.float64


def test_a_table_has_columns_for_acoustic_measures(acoustics: Recognition) -> None:
    table = acoustics.to_pandas()
    assert list(table.columns[18:21]) == ["f0_hz", "f0_range_semitones", "loudness_dbfs"]
    assert table["f0_hz"].dropna().tolist() == [210.0]
    assert table["f0_hz"].dtype == table["articulation_rate_syllables_per_s"].dtype == np.float64
    assert not {"acoustics", "summary"} & set(table.columns)


def test_a_table_of_silence_is_one_row(silence: Recognition) -> None:
    table = silence.to_pandas()
    assert table[["start_s", "end_s", "status"]].values.tolist() == [[0.0, 3.0, "no_speech"]]
    assert table["confidence"].dtype == table["arousal"].dtype == table["valence"].dtype == np.float64
    assert table["emotion"].isna().all()
    assert table["reason"].tolist() == [silence.reason]


def test_a_table_contains_warnings(dialogue: Recognition) -> None:
    table = dataclasses.replace(dialogue, track=2, warnings=("cut short", "damaged")).to_pandas()
    assert table["track"].tolist() == [2] * 4
    assert table["warnings"].tolist() == ["cut short; damaged"] * 4
    assert dialogue.to_pandas()["warnings"].isna().all()


def test_missing_pandas_is_named(dialogue: Recognition, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match="pip install pandas"):
        dialogue.to_pandas()
