from __future__ import annotations

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from affetto import AdaptationProfile, AudioError, ParameterError, ProfileError, Recognition, Recognizer, Segment, read
from affetto.bundles.bundle import update_manifest, write_bundle
from affetto.corpora import load_corpus

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

RATE = 16_000
NAMES = ("angry", "disgust", "neutral", "surprised", "happy", "sad")


@pytest.fixture(scope="module")
def examples(root: Path) -> list[Path]:
    return [root / "examples" / f"{name}.flac" for name in NAMES]


@pytest.fixture
def recognizer() -> Recognizer:
    """A recognizer without a profile, for each test a new one: adapt changes it."""
    return Recognizer()


@pytest.fixture(scope="module")
def profile(examples: list[Path]) -> AdaptationProfile:
    return Recognizer().adapt(examples)


def joined(paths: Iterable[Path], *, pause_s: float = 1.0) -> NDArray[np.float32]:
    """Recordings one after the other, with pauses between."""
    pause = np.zeros(round(pause_s * RATE), np.float32)
    return np.concatenate([part for path in paths for part in (read(path, sample_rate_hz=RATE).samples, pause)])


def values(answers: Iterable[Segment | Recognition]) -> NDArray[np.float64]:
    return np.array([list(answer.probabilities.values()) for answer in answers])


def test_a_profile_knows_the_length_of_its_speech(profile: AdaptationProfile, recognizer: Recognizer) -> None:
    assert len(profile) >= len(NAMES)
    assert 9 < profile.speech_s < 19
    assert profile.model == recognizer.bundle.name
    assert profile.speaker_count == "unknown"  # of fewer than ten utterances


def test_a_saved_profile_gives_the_same_probabilities(
    recognizer: Recognizer, profile: AdaptationProfile, examples: list[Path], tmp_path: Path
) -> None:
    path = tmp_path / "me.json"
    profile.save(path)
    recognizer.profile = profile
    expected = recognizer.recognize(examples[0])
    for given in (AdaptationProfile.load(path), path, str(path)):
        assert Recognizer(profile=given).recognize(examples[0]) == expected
    # A few numbers for each utterance, without sound and without the names of the recordings.
    text = path.read_text(encoding="utf-8")
    assert len(text) < 300 * len(profile) + 500
    assert not any(f"{name}.flac" in text for name in NAMES)


def test_results_are_adapted_until_the_profile_is_removed(recognizer: Recognizer, examples: list[Path]) -> None:
    before = [recognizer.recognize(path) for path in examples]
    profile = recognizer.adapt(examples[1:])
    assert recognizer.profile is profile
    adapted = [recognizer.recognize(path) for path in examples]
    assert {result.adapted_to for result in adapted} == {"profile"}
    assert np.abs(values(adapted) - values(before)).max() > 0.05
    assert values(adapted).sum(axis=1) == pytest.approx(1, abs=1e-5)
    for result in adapted:
        assert result.emotion == max(result.probabilities, key=result.probabilities.__getitem__)
        assert json.loads(result.to_json())["adapted_to"] == "profile"
    recognizer.profile = None
    assert [recognizer.recognize(path) for path in examples] == before


def test_adapting_again_replaces_the_profile(recognizer: Recognizer, examples: list[Path]) -> None:
    recognizer.adapt(examples[:3])
    second = recognizer.adapt(examples[3:])
    assert len(second) == len(Recognizer().adapt(examples[3:]))
    assert recognizer.profile is second


def test_a_repeated_segment_counts_once(recognizer: Recognizer, examples: list[Path]) -> None:
    """Otherwise a repeated recording would make the offset too certain."""
    once = recognizer.adapt(examples[:2])
    again = recognizer.adapt([*examples[:2], *examples[:2], examples[0]])
    assert (len(again), again.speech_s) == (len(once), once.speech_s)
    assert np.array_equal(again.embeddings, once.embeddings)


def test_a_missing_profile_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"nowhere\.json"):
        Recognizer(profile=tmp_path / "nowhere.json")


@pytest.mark.parametrize("given", [5, {}, b"me.json"])
def test_a_profile_of_another_type_is_refused(recognizer: Recognizer, given: Any) -> None:
    with pytest.raises(ParameterError, match="AdaptationProfile"):
        recognizer.profile = given
    assert recognizer.profile is None


def test_a_profile_of_another_model_is_refused(
    recognizer: Recognizer, profile: AdaptationProfile, examples: list[Path], tmp_path: Path
) -> None:
    other = dataclasses.replace(profile, model="mine", model_sha256="0" * 64)
    with pytest.raises(ProfileError, match=r"another model.*mine.*transformer"):
        recognizer.profile = other
    # Otherwise an edited profile would fail in the middle of a recording.
    with pytest.raises(ProfileError, match="dimensions"):
        recognizer.profile = dataclasses.replace(profile, embeddings=profile.embeddings[:, 1:])
    assert recognizer.profile is None
    assert recognizer.recognize(examples[0]).adapted_to is None


def test_a_model_without_an_offset_model_cannot_be_adapted(profile: AdaptationProfile, examples: list[Path]) -> None:
    svm = Recognizer("svm")
    with pytest.raises(ProfileError, match="svm cannot be adapted"):
        svm.adapt(examples)
    with pytest.raises(ProfileError, match="svm cannot be adapted"):
        Recognizer("svm", profile=profile)
    assert svm.recognize((joined(examples[:2]), RATE)).adapted_to is None


def test_recordings_without_speech_are_refused(recognizer: Recognizer, examples: list[Path], tmp_path: Path) -> None:
    learned = recognizer.adapt(examples[:2])
    with pytest.raises(AudioError, match="nobody speaks"):
        recognizer.adapt([(np.zeros(RATE), RATE)])
    with pytest.raises(AudioError, match="nobody speaks"):
        recognizer.adapt([])
    with pytest.raises(AudioError, match="does not exist"):
        recognizer.adapt([*examples, tmp_path / "missing.wav"])
    # The profile from before is unchanged.
    assert recognizer.profile is learned
    assert len(recognizer.adapt([(np.zeros(RATE), RATE), *examples[:2]])) == len(learned)


def test_one_recording_instead_of_several_is_named(recognizer: Recognizer, examples: list[Path]) -> None:
    waveform = read(examples[0])
    with examples[0].open("rb") as file:
        singles: list[Any] = [str(examples[0]), examples[0], examples[0].read_bytes(), waveform, file]
        singles.append((waveform.samples, waveform.sample_rate_hz))
        for single in singles:
            with pytest.raises(ParameterError, match="adapt takes several"):
                recognizer.adapt(single)
    assert len(recognizer.adapt([waveform])) == len(recognizer.adapt(path for path in examples[:1]))


def test_silence_is_not_adapted(recognizer: Recognizer, examples: list[Path]) -> None:
    recognizer.adapt(examples[:1])
    assert recognizer.recognize((np.zeros(RATE), RATE)).adapted_to is None
    assert recognizer.recognize(examples[1]).adapted_to == "profile"


def test_speakers_are_recognized_better_with_a_profile(recognizer: Recognizer, nemo_dir: Path) -> None:
    """Two Polish speakers, each adapted to other clips without their labels."""
    clips = [u for u in load_corpus(nemo_dir).utterances if u.emotion in recognizer.labels]
    truth: list[tuple[float, float]] = []
    for speaker in sorted({clip.speaker for clip in clips})[:2]:
        own = [clip for clip in clips if clip.speaker == speaker]
        known, asked = own[:: len(own) // 20], own[7 :: len(own) // 12]
        recognizer.profile = None
        before = [recognizer.recognize(clip.path).probabilities[clip.emotion] for clip in asked]
        recognizer.adapt([clip.path for clip in known])
        after = [recognizer.recognize(clip.path).probabilities[clip.emotion] for clip in asked]
        truth += zip(before, after, strict=True)
    plain, adapted = np.array(truth).T
    assert adapted.mean() > plain.mean()


@pytest.fixture(scope="module")
def recording(examples: list[Path]) -> NDArray[np.float32]:
    """Six utterances of one speaker."""
    return joined(examples)


def test_a_recording_is_adapted_to_itself_from_its_second_segment_on(
    recognizer: Recognizer, recording: NDArray[np.float32]
) -> None:
    result = recognizer.recognize((recording, RATE))
    each_alone = Recognizer(self_adaptation=False).recognize((recording, RATE))
    assert (result.adapted_to, each_alone.adapted_to) == ("recording", None)
    assert len(result.segments) == len(each_alone.segments) >= 6
    assert result.segments[0] == each_alone.segments[0]
    differences = np.abs(values(result.segments) - values(each_alone.segments)).max(axis=1)
    assert (differences[1:] > 1e-4).all()
    lengths = [segment.end_s - segment.start_s for segment in result.segments]
    mean = np.average(values(result.segments), axis=0, weights=lengths)
    assert values([result])[0] == pytest.approx(mean, abs=1e-5)


def test_without_self_adaptation_segments_are_independent(
    recognizer: Recognizer, recording: NDArray[np.float32]
) -> None:
    predicted = recognizer.predict_segments((recording, RATE))
    result = Recognizer(self_adaptation=False).recognize((recording, RATE))
    assert values(result.segments) == pytest.approx(np.array([u.output.probabilities for u in predicted]), abs=1e-5)


def test_later_segments_do_not_change_earlier_ones(recognizer: Recognizer, examples: list[Path]) -> None:
    whole = recognizer.recognize((joined(examples), RATE)).segments
    part = recognizer.recognize((joined(examples[:3]), RATE)).segments
    assert values(whole[: len(part)]) == pytest.approx(values(part), abs=1e-6)


def test_a_single_segment_is_not_adapted(recognizer: Recognizer, examples: list[Path]) -> None:
    result = recognizer.recognize(examples[0])
    assert len(result.segments) == 1
    assert result.adapted_to is None


def test_a_stream_gives_the_result_of_the_file(recognizer: Recognizer, recording: NDArray[np.float32]) -> None:
    whole = recognizer.recognize((recording, RATE))
    live = recognizer.listen(sample_rate_hz=RATE)
    found: list[Segment] = []
    adapted_to = []
    for chunk in np.array_split(recording, 97):
        found += live.push(chunk)
        live.interim()
        adapted_to.append((len(found), live.adapted_to))
    result = live.end()
    assert result.adapted_to == "recording"
    assert values(result.segments) == pytest.approx(values(whole.segments), abs=0.02)
    assert found == list(result.segments[: len(found)])
    assert {shown for n, shown in adapted_to if n < 2} == {None}
    assert {shown for n, shown in adapted_to if n >= 2} == {"recording"}
    streamed = list(recognizer.stream(np.array_split(recording, 97), sample_rate_hz=RATE))
    assert streamed == list(result.segments)


def test_a_stream_is_adapted_to_a_profile(
    recognizer: Recognizer, profile: AdaptationProfile, recording: NDArray[np.float32]
) -> None:
    recognizer.profile = profile
    whole = recognizer.recognize((recording, RATE))
    live = recognizer.listen(sample_rate_hz=RATE)
    assert live.adapted_to == "profile"
    live.push(recording)
    result = live.end()
    assert result.adapted_to == "profile"
    assert values(result.segments) == pytest.approx(values(whole.segments), abs=0.02)


def test_streams_side_by_side_share_no_memory(recognizer: Recognizer, examples: list[Path]) -> None:
    calls = [joined(examples), joined(examples[::-1]), joined(examples[2:] + examples[:2])]
    alone = [list(recognizer.stream(np.array_split(call, 50), sample_rate_hz=RATE)) for call in calls]
    lives = [recognizer.listen(sample_rate_hz=RATE) for _ in calls]
    for chunks in zip(*(np.array_split(call, 50) for call in calls), strict=True):
        for live, chunk in zip(lives, chunks, strict=True):
            live.push(chunk)
    assert [list(live.end().segments) for live in lives] == alone
    # A recording changes neither later recordings nor those recognized at the same time.
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(recognizer.recognize, [(call, RATE) for call in calls] * 2))
    assert results[:3] == results[3:] == [recognizer.recognize((call, RATE)) for call in calls]


def test_channels_share_no_memory(recognizer: Recognizer, examples: list[Path], tmp_path: Path) -> None:
    first, second = joined(examples[:3]), joined(examples[3:])
    call = np.zeros((len(first) + len(second), 2), np.float32)
    call[: len(first), 0], call[len(first) :, 1] = first, second
    soundfile.write(tmp_path / "call.wav", call, RATE, subtype="FLOAT")
    both = recognizer.recognize_channels(tmp_path / "call.wav")
    assert [result.adapted_to for result in both] == ["recording", "recording"]
    for result, channel in zip(both, call.T, strict=True):
        assert values(result.segments) == pytest.approx(
            values(recognizer.recognize((channel, RATE)).segments), abs=2e-3
        )
    # As one recording, the second speaker is adapted to the first.
    mixed = recognizer.recognize(tmp_path / "call.wav").segments[len(both[0].segments)]
    assert np.abs(values([mixed]) - values(both[1].segments[:1])).max() > 1e-3


def test_a_profile_may_have_many_speakers(profile: AdaptationProfile, examples: list[Path]) -> None:
    """For example of all channels of a call, which share the line and the language."""
    recognizer = Recognizer(profile=profile)
    first, second = joined(examples[:1]), joined(examples[1:2])
    length = min(len(first), len(second))
    call = (np.stack([first[:length], second[:length]], axis=1), RATE)
    assert [result.adapted_to for result in recognizer.recognize_channels(call)] == ["profile", "profile"]
    assert recognizer.recognize(call, channels=2).adapted_to == "profile"


def test_many_actors_are_distinguished_from_one(recognizer: Recognizer, emodb_dir: Path) -> None:
    clips = load_corpus(emodb_dir).utterances
    one = recognizer.adapt([clip.path for clip in clips if clip.speaker == "03"][:20])
    several = recognizer.adapt([clip.path for clip in clips[:: len(clips) // 20]])
    assert one.speaker_count != "several"
    assert several.speaker_count != "one"


def test_confidence_below_the_threshold_is_uncertain(
    recognizer: Recognizer, recording: NDArray[np.float32], tmp_path: Path
) -> None:
    bundle = recognizer.bundle
    write_bundle(tmp_path / "bundle", dict(bundle.manifest), bundle.model)
    confidences = [segment.confidence or 0.0 for segment in recognizer.recognize((recording, RATE)).segments]
    threshold = float(np.median(confidences)) + 1e-4
    for limit, expected in ((0.0, ["ok"] * 6), (threshold, [("uncertain", "ok")[c >= threshold] for c in confidences])):
        update_manifest(tmp_path / "bundle", {"calibration": bundle.manifest["calibration"] | {"threshold": limit}})
        result = Recognizer(tmp_path / "bundle").recognize((recording, RATE))
        assert [segment.status for segment in result.segments] == expected[: len(result.segments)]
        assert result.status == ("ok" if (result.confidence or 0) >= limit else "uncertain")
