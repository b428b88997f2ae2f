from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from affetto import ParameterError, Recognizer, Turn, read
from affetto.acoustics.measures import AcousticMeasures

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

RATE = 16_000
CLIPS = (("1020", "happy"), ("1064", "happy-2"), ("1020", "sad"), ("1064", "sad-2"), ("1020", "happy"))


def sound_of(root: Path, name: str) -> NDArray[np.float32]:
    return read(root / "examples" / f"{name}.flac", sample_rate_hz=RATE).samples


@pytest.fixture(scope="module")
def call(root: Path) -> tuple[NDArray[np.float32], list[Turn]]:
    """Two people of CREMA-D, one after the other, and their turns."""
    sounds = [sound_of(root, name) for _, name in CLIPS]
    ends = list(itertools.accumulate(len(sound) / RATE for sound in sounds))
    turns = [Turn(e - len(s) / RATE, e, *clip) for s, e, clip in zip(sounds, ends, CLIPS, strict=True)]
    return np.concatenate(sounds), turns


def test_each_turn_has_an_answer_with_its_speaker_and_text(
    recognizer: Recognizer, call: tuple[NDArray[np.float32], list[Turn]]
) -> None:
    samples, turns = call
    result = recognizer.recognize((samples, RATE), turns=reversed(turns))
    given = [(turn.start_s, turn.end_s, turn.speaker, turn.text) for turn in turns]
    assert [(s.start_s, s.end_s, s.speaker, s.text) for s in result.segments] == given
    assert all(sum(s.probabilities.values()) == pytest.approx(1, abs=1e-5) for s in result.segments)
    assert {s.status for s in result.segments} <= {"ok", "uncertain"}
    assert (result.adapted_to, result.warnings) == ("recording", ())
    assert result.to_dict()["segments"][0]["speaker"] == "1020"


def test_a_speaker_is_answered_as_if_alone(
    recognizer: Recognizer, call: tuple[NDArray[np.float32], list[Turn]]
) -> None:
    samples, turns = call
    together = recognizer.recognize((samples, RATE), turns=turns).segments
    for speaker in ("1020", "1064"):
        own = [turn for turn in turns if turn.speaker == speaker]
        alone = recognizer.recognize((samples, RATE), turns=own).segments
        for segment, same in zip((s for s in together if s.speaker == speaker), alone, strict=True):
            assert segment.probabilities == pytest.approx(same.probabilities, abs=0.1)
    # Taken for one person, they are adapted to each other.
    anybody = [Turn(turn.start_s, turn.end_s) for turn in turns]
    mixed = recognizer.recognize((samples, RATE), turns=anybody).segments
    assert mixed[0].probabilities == together[0].probabilities
    assert mixed[1].probabilities != together[1].probabilities


def test_a_long_turn_is_the_mean_of_its_pieces(root: Path) -> None:
    recognizer = Recognizer(self_adaptation=False)
    sound = sound_of(root, "sequence")
    pieces = recognizer.recognize((sound, RATE)).segments
    (turn,) = recognizer.recognize((sound, RATE), turns=[Turn(0, 99)]).segments
    lengths = [piece.end_s - piece.start_s for piece in pieces]
    assert len(pieces) > 3
    for label, probability in turn.probabilities.items():
        mean = np.average([piece.probabilities[label] for piece in pieces], weights=lengths)
        assert probability == pytest.approx(mean, abs=0.05)


def test_turns_without_an_answer_say_why(recognizer: Recognizer, call: tuple[NDArray[np.float32], list[Turn]]) -> None:
    samples, turns = call
    samples = np.concatenate([samples, np.zeros(5 * RATE, np.float32)])
    silent, late = Turn(turns[-1].end_s + 1, turns[-1].end_s + 4, "1020", "Well."), Turn(1_000, 1_001)
    within = Turn(turns[0].start_s + 0.5, turns[0].start_s + 1.5, "1064", "mhm")
    result = recognizer.recognize((samples, RATE), turns=[*turns, silent, late, within])
    by_turn = {(segment.start_s, segment.speaker): segment for segment in result.segments}
    for turn, word in ((silent, "nobody"), (late, "end of the sound")):
        answer = by_turn[turn.start_s, turn.speaker]
        assert (answer.status, answer.emotion, answer.confidence, answer.arousal) == ("no_speech", None, None, None)
        assert (answer.probabilities, answer.text) == ({}, turn.text)
        assert word in str(answer.reason)
    overlapped = by_turn[within.start_s, within.speaker]
    assert (overlapped.status, overlapped.emotion is None) == ("uncertain", False)
    assert "another speaker" in str(overlapped.reason)
    assert any("1 of the 8 turns" in warning for warning in result.warnings)
    assert result.status in ("ok", "uncertain")


def test_a_turn_may_have_speech_only_where_another_speaks(recognizer: Recognizer, root: Path) -> None:
    sound = np.concatenate([np.zeros(5 * RATE, np.float32), sound_of(root, "sad")])
    turns = [Turn(0.0, len(sound) / RATE, "Anna", "Hm."), Turn(5.0, len(sound) / RATE, "Ben")]
    anna, ben = recognizer.recognize((sound, RATE), turns=turns).segments
    assert (anna.status, "other speakers" in str(anna.reason)) == ("no_speech", True)
    assert (ben.status, ben.emotion) == ("uncertain", "sad")


def test_an_overlapped_turn_teaches_nothing_about_the_voice(
    recognizer: Recognizer, call: tuple[NDArray[np.float32], list[Turn]]
) -> None:
    samples, turns = call
    within = Turn(turns[0].start_s + 0.5, turns[0].start_s + 1.5, "1064", "mhm")
    with_it = recognizer.recognize((samples, RATE), turns=[*turns, within]).segments
    without = recognizer.recognize((samples, RATE), turns=turns).segments
    assert with_it[2].speaker == without[1].speaker == "1064"
    assert with_it[2].probabilities == without[1].probabilities


def test_no_turns_or_no_speech_in_any_is_no_speech(recognizer: Recognizer, root: Path) -> None:
    for turns, n_segments in (([], 0), ([Turn(0, 0)], 1), ([Turn(500, 501)], 1)):
        result = recognizer.recognize(root / "examples" / "sad.flac", turns=turns)
        assert (result.status, result.emotion, len(result.segments)) == ("no_speech", None, n_segments)
        assert str(result.reason).startswith("no turns")


def test_acoustic_measures_are_those_of_the_speech_in_a_turn(recognizer: Recognizer, root: Path) -> None:
    sequence = root / "examples" / "sequence.flac"
    pieces = [s.acoustics for s in recognizer.recognize(sequence, acoustics=True).segments]
    (turn,) = recognizer.recognize(sequence, turns=[Turn(0, 99)], acoustics=True).segments
    assert isinstance(turn.acoustics, AcousticMeasures)
    pitches = [measures.f0_hz for measures in pieces if measures and measures.f0_hz]
    assert turn.acoustics.f0_hz is not None
    assert min(pitches) < turn.acoustics.f0_hz < max(pitches)
    # Five pauses of 0.9 s between six sentences.
    assert turn.acoustics.pauses is not None
    assert turn.acoustics.pauses >= 5
    assert turn.acoustics.pause_share is not None
    assert 0.2 < turn.acoustics.pause_share < 0.5


def test_a_profile_holds_for_every_speaker(root: Path, call: tuple[NDArray[np.float32], list[Turn]]) -> None:
    samples, turns = call
    recognizer = Recognizer()
    recognizer.adapt([root / "examples" / "sad-3.flac"])
    result = recognizer.recognize((samples, RATE), turns=turns)
    assert result.adapted_to == "profile"
    assert result.segments[0].probabilities == pytest.approx(result.segments[-1].probabilities, abs=0.02)


def test_one_channel_can_be_chosen(recognizer: Recognizer, call: tuple[NDArray[np.float32], list[Turn]]) -> None:
    samples, turns = call
    stereo = np.stack([np.zeros_like(samples), samples], axis=1)
    result = recognizer.recognize((stereo, RATE), channels=2, turns=turns)
    assert result.channel == 2
    assert result.segments == recognizer.recognize((samples, RATE), turns=turns).segments


def test_progress_is_reported_and_can_end_the_recognition(
    recognizer: Recognizer, call: tuple[NDArray[np.float32], list[Turn]]
) -> None:
    samples, turns = call
    positions: list[float] = []
    result = recognizer.recognize((samples, RATE), turns=turns, progress=positions.append)
    assert positions[-1] == pytest.approx(result.duration_s, abs=0.01)
    n_with_speech = sum(segment.status != "no_speech" for segment in result.segments)
    assert len(positions) > 2 * n_with_speech  # also at each window and each inference


def test_thousands_of_turns_too_short_for_speech_cost_little(recognizer: Recognizer, root: Path) -> None:
    turns = [Turn(n / 2_000, n / 2_000 + 0.006, str(n % 3)) for n in range(5_000)]
    begin_s = time.perf_counter()
    result = recognizer.recognize((sound_of(root, "sad"), RATE), turns=turns)
    assert time.perf_counter() - begin_s < 2
    assert {segment.status for segment in result.segments} == {"no_speech"}
    assert all("nobody speaks" in str(segment.reason) for segment in result.segments)


def test_progress_can_end_the_answers_to_thousands_of_turns(recognizer: Recognizer, root: Path) -> None:
    positions: list[float] = []
    turns = [Turn(n / 1_000, n / 1_000 + 0.006) for n in range(1_000)]
    recognizer.recognize((sound_of(root, "sad"), RATE), turns=turns, progress=positions.append)
    assert len(positions) >= 10


def test_other_things_than_turns_are_refused(recognizer: Recognizer, root: Path) -> None:
    with pytest.raises(ParameterError, match="read_turns"):
        recognizer.recognize(root / "examples" / "sad.flac", turns="call.srt")  # type: ignore[arg-type]
