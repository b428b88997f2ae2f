from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from tests.helpers import level_db

from affetto.errors import AudioError, ParameterError
from affetto.evaluation.robustness.conditions import CLEAN, choose_conditions, find_recordings, make_conditions
from affetto.speech import Waveform, read

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16_000


@pytest.fixture(scope="module")
def speech(root: Path) -> Waveform:
    return read(root / "examples" / "sad.flac", sample_rate_hz=RATE)


@pytest.fixture
def noises(tmp_path: Path) -> list[Path]:
    """A tone of 1 kHz and one of 2 kHz at another rate, the latter with two seconds of zeros behind it."""
    soundfile.write(tmp_path / "a.wav", 0.1 * np.sin(2 * np.pi * 1_000 * np.arange(RATE) / RATE), RATE)
    tone = 0.1 * np.sin(2 * np.pi * 2_000 * np.arange(8_000) / 44_100)
    soundfile.write(tmp_path / "b.flac", np.concatenate([tone, np.zeros(88_200)]), 44_100)
    return find_recordings(tmp_path)


def f0_hz(samples: np.ndarray) -> float:
    return float(np.abs(np.fft.rfft(samples)).argmax() * RATE / len(samples))


def test_every_condition_changes_the_sound_and_each_time_alike(speech: Waveform) -> None:
    conditions = make_conditions(rooms=[])
    assert conditions[0] is CLEAN
    assert len({condition.title for condition in conditions}) == len(conditions) == 22
    for condition in conditions:
        first, again = (condition.degrade(speech.samples, RATE, np.random.default_rng(3)) for _ in range(2))
        assert first.dtype == np.float32, condition.title
        assert np.isfinite(first).all(), condition.title
        assert np.array_equal(first, again), condition.title
        assert np.array_equal(first, speech.samples) == (condition is CLEAN), condition.title


def test_all_levels_use_the_same_noise(speech: Waveform, noises: list[Path]) -> None:
    for conditions in (make_conditions(), make_conditions(noises=noises)):
        added = [
            condition.degrade(speech.samples, RATE, np.random.default_rng(1)) - speech.samples
            for condition in choose_conditions(conditions, ["noise"])[1:]
        ]
        assert [level_db(piece) - level_db(added[0]) for piece in added] == pytest.approx([0, 10, 15, 20], abs=0.05)
        assert np.corrcoef(added)[0].min() > 0.999


def test_noise_is_drawn_from_all_recordings_without_the_silence_around_them(
    speech: Waveform, noises: list[Path]
) -> None:
    (condition,) = (c for c in make_conditions(noises=noises) if c.title == "noise 0 dB")
    pitches = []
    for seed in range(12):
        added = condition.degrade(speech.samples, RATE, np.random.default_rng(seed)) - speech.samples
        assert abs(level_db(added[: RATE // 2]) - level_db(added)) < 1
        pitches.append(round(f0_hz(added), -2))
    assert set(pitches) == {1_000, 2_000}


def test_a_pause_is_not_drawn_for_noise(speech: Waveform, tmp_path: Path) -> None:
    barks = np.random.default_rng(0).normal(0, 1e-4, 60 * RATE)
    for second in (0, 59):
        barks[second * RATE : second * RATE + RATE // 4] += np.sin(np.arange(RATE // 4)) * 0.5
    soundfile.write(tmp_path / "barks.wav", barks, RATE)
    (condition,) = (c for c in make_conditions(noises=[tmp_path / "barks.wav"]) if c.title == "noise 0 dB")
    for seed in range(5):
        added = condition.degrade(speech.samples, RATE, np.random.default_rng(seed)) - speech.samples
        assert np.abs(added).max() > 3 * added.std()


def test_a_clipped_recording_fills_full_scale(speech: Waveform) -> None:
    (condition,) = (c for c in make_conditions() if c.title == "clipping 10%")
    clipped = condition.degrade(speech.samples * np.float32(0.1), RATE, np.random.default_rng(0))
    assert np.abs(clipped).max() == 1
    assert np.mean(np.abs(clipped) == 1) > 0.01
    assert not condition.degrade(np.zeros(RATE, np.float32), RATE, np.random.default_rng(0)).any()


def test_measured_rooms_are_one_more_condition(speech: Waveform, tmp_path: Path) -> None:
    response = np.zeros(4_000)
    response[[100, 3_000]] = 0.5, 0.2
    soundfile.write(tmp_path / "room.wav", response, RATE)
    conditions = make_conditions(rooms=find_recordings(tmp_path))
    assert len(conditions) == len(make_conditions()) + 1
    (condition,) = (c for c in conditions if c.title == "room measured")
    echo = condition.degrade(speech.samples, RATE, np.random.default_rng(0))
    expected = speech.samples.copy()
    expected[2_900:] += 0.4 * speech.samples[:-2_900]
    assert np.corrcoef(echo, expected)[0, 1] > 0.9999


def test_a_room_with_several_microphones_gives_one_channel(speech: Waveform, tmp_path: Path) -> None:
    response = np.zeros((4_000, 2))
    response[100, 0] = response[900, 1] = 0.5
    soundfile.write(tmp_path / "pair.wav", response, RATE)
    (condition,) = (c for c in make_conditions(rooms=find_recordings(tmp_path)) if c.title == "room measured")
    reverberated = condition.degrade(speech.samples, RATE, np.random.default_rng(0))
    assert np.corrcoef(reverberated, speech.samples)[0, 1] > 0.9999


def test_conditions_are_chosen_by_name_or_level() -> None:
    conditions = make_conditions()
    assert choose_conditions(conditions, None) == conditions
    chosen = choose_conditions(conditions, ["opus", "noise 10 dB"])
    assert [c.title for c in chosen] == ["clean", "noise 10 dB", "opus 12 kbit/s", "opus 8 kbit/s"]
    with pytest.raises(ParameterError, match=r"noise 1 dB.*clean, gain, noise"):
        choose_conditions(conditions, ["noise 1 dB"])


def test_recordings_are_found_below_only_where_there_are_none(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="holds no recordings"):
        find_recordings(tmp_path)
    for name in ("rain/a.OGG", "rain/notes.txt", "rain/._a.ogg", "wind/b.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.name for path in find_recordings(tmp_path)] == ["a.OGG", "b.wav"]
    (tmp_path / "c.flac").touch()
    assert [path.name for path in find_recordings(tmp_path)] == ["c.flac"]
    with pytest.raises(ParameterError, match=r"c\.flac.*folder"):
        find_recordings(tmp_path / "c.flac")


@pytest.mark.parametrize("kind", ["noises", "rooms"])
def test_noises_and_rooms_without_sound_are_named_before_anything_is_recognized(kind: str, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "hum.wav", 0.1 * np.ones(RATE), RATE)
    soundfile.write(tmp_path / "zeros.wav", np.zeros(RATE), RATE)
    with pytest.raises(AudioError, match=r"zeros\.wav is silent"):
        make_conditions(**{kind: find_recordings(tmp_path)})
    (tmp_path / "zeros.wav").write_text("no sound")
    with pytest.raises(AudioError, match=r"zeros\.wav"):
        make_conditions(**{kind: find_recordings(tmp_path)})
