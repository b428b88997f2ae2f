from __future__ import annotations

import dataclasses
import json
import tracemalloc
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from affetto.recognition.adaptation import Heard, VoiceMemory

from affetto import AudioError, ParameterError, ProfileError, Recognition, Recognizer, Segment, SpeakerProfile, read
from affetto.corpora import load_corpus
from affetto.recognition.bundle import update_manifest, write_bundle

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from affetto.classifiers.voices import VoiceSpaces
    from numpy.typing import NDArray

RATE = 16_000
NAMES = ("angry", "disgust", "neutral", "surprised")


@pytest.fixture(scope="module")
def examples(root: Path) -> list[Path]:
    """Four sentences by one person."""
    return [root / "examples" / f"{name}.flac" for name in NAMES]


@pytest.fixture
def recognizer() -> Recognizer:
    """One that knows nobody yet."""
    return Recognizer()


@pytest.fixture(scope="module")
def profile(examples: list[Path]) -> SpeakerProfile:
    return Recognizer().adapt(examples)


@pytest.fixture(scope="module")
def spaces() -> VoiceSpaces:
    found = Recognizer().bundle.voices
    assert found is not None
    return found


def joined(paths: Iterable[Path], *, pause_s: float = 1.0) -> NDArray[np.float32]:
    """Recordings one after the other, with pauses between."""
    pause = np.zeros(round(pause_s * RATE), np.float32)
    return np.concatenate([part for path in paths for part in (read(path, sample_rate_hz=RATE).samples, pause)])


def values(answers: Iterable[Segment | Recognition]) -> NDArray[np.float64]:
    return np.array([list(answer.probabilities.values()) for answer in answers])


def test_a_profile_tells_how_much_was_heard(profile: SpeakerProfile, recognizer: Recognizer) -> None:
    assert len(profile) >= len(NAMES)
    assert 7 < profile.speech_s < 8
    assert profile.labels == recognizer.labels
    assert profile.model == recognizer.bundle.name
    assert profile.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert "embeddings" not in repr(profile)  # nobody wants to read them


def test_answers_are_adapted_until_the_profile_is_taken_away(recognizer: Recognizer, examples: list[Path]) -> None:
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


def test_what_was_learned_before_is_replaced(recognizer: Recognizer, examples: list[Path]) -> None:
    recognizer.adapt(examples[:2])
    second = recognizer.adapt(examples[2:])
    assert len(second) == len(Recognizer().adapt(examples[2:]))
    assert recognizer.profile is second


def test_a_profile_answers_alike_after_it_was_saved(
    recognizer: Recognizer, profile: SpeakerProfile, examples: list[Path], tmp_path: Path
) -> None:
    path = tmp_path / "me.json"
    profile.save(path)
    again = SpeakerProfile.load(path)
    for one, other in zip(dataclasses.astuple(profile), dataclasses.astuple(again), strict=True):
        assert np.array_equal(one, other)
    recognizer.profile = profile
    expected = recognizer.recognize(examples[0])
    for given in (again, path, str(path)):
        assert Recognizer(profile=given).recognize(examples[0]) == expected
    again.save(path)
    assert SpeakerProfile.load(path).speech_s == profile.speech_s


def test_a_saved_profile_is_plain_data_without_sound_or_names(profile: SpeakerProfile, tmp_path: Path) -> None:
    profile.save(tmp_path / "me.json")
    text = (tmp_path / "me.json").read_text(encoding="utf-8")
    content = json.loads(text)
    assert set(content) == {*("format", "format_version", "model", "labels", "speech_s", "embeddings", "probabilities")}
    # A few numbers for each utterance: nobody could make sound of them, nor see which recordings they are of.
    assert len(text) < 300 * len(profile) + 500
    assert not any(f"{name}.flac" in text for name in NAMES)
    assert [path.name for path in tmp_path.iterdir()] == ["me.json"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no speaker profile"),
        (b"{", "is no speaker profile"),
        (b"\xff\xfe\x00", "is no speaker profile"),
        (b"[" * 100_000, "is no speaker profile"),
        (b"[]", "is no speaker profile; make one with `affetto adapt`"),
        (b'{"format": "a diary"}', "is no speaker profile; make one"),
        (b'{"format": "affetto speaker profile", "format_version": 2}', "has format version 2; this Affetto reads 1"),
        (b'{"format": "affetto speaker profile", "format_version": 1}', r"is damaged \(it has no 'labels'\)"),
    ],
)
def test_what_is_no_profile_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "me.json").write_bytes(content)
    with pytest.raises(ProfileError, match=message) as caught:
        SpeakerProfile.load(tmp_path / "me.json")
    assert str(tmp_path / "me.json") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"embeddings": []},
        {"embeddings": [1, 2]},
        {"embeddings": "none"},
        {"embeddings": [[1.0], [1.0, 2.0]]},
        {"embeddings": None},
        {"probabilities": [[0.5]]},
        {"labels": None},
        {"labels": ["angry"]},
        {"speech_s": "long"},
        {"speech_s": -1},
        {"speech_s": float("nan")},
        {"model": "transformer"},
        {"model": None},
        {"model": {"name": "transformer"}},
    ],
)
def test_a_damaged_profile_is_refused(change: dict[str, Any], profile: SpeakerProfile, tmp_path: Path) -> None:
    profile.save(tmp_path / "me.json")
    content = json.loads((tmp_path / "me.json").read_text(encoding="utf-8"))
    (tmp_path / "me.json").write_text(json.dumps(content | change))
    with pytest.raises(ProfileError, match=r"me.json is damaged \(.*\); adapt again"):
        SpeakerProfile.load(tmp_path / "me.json")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("embeddings", value) for value in ("NaN", "1e300", "9e5")),
        *(("probabilities", value) for value in ("NaN", "1.5", "-0.1")),
    ],
)
def test_values_that_no_model_gives_are_refused(
    field: str, value: str, profile: SpeakerProfile, tmp_path: Path
) -> None:
    profile.save(tmp_path / "me.json")
    content = json.loads((tmp_path / "me.json").read_text(encoding="utf-8"))
    content[field][0][0] = float(value)
    (tmp_path / "me.json").write_text(json.dumps(content))
    with pytest.raises(ProfileError, match="no model gives such as these"):
        SpeakerProfile.load(tmp_path / "me.json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"embeddings": np.zeros((0, 13)), "probabilities": np.zeros((0, 8))}, "one utterance or more"),
        ({"embeddings": np.zeros(13)}, r"not embeddings of shape \(13,\)"),
        ({"probabilities": np.full((1, 8), 0.125)}, r"and probabilities of shape \(1, 8\) for 8 emotions"),
        ({"speech_s": float("nan")}, "cannot last nan s"),
    ],
)
def test_what_is_made_by_hand_must_be_a_profile_too(
    change: dict[str, Any], message: str, profile: SpeakerProfile
) -> None:
    with pytest.raises(ProfileError, match=message):
        dataclasses.replace(profile, **change)


def test_the_same_utterance_twice_is_no_news(recognizer: Recognizer, examples: list[Path]) -> None:
    """Else a recording that was given five times would make anything sound certain."""
    once = recognizer.adapt(examples[:2])
    again = recognizer.adapt([*examples[:2], *examples[:2], examples[0]])
    assert (len(again), again.speech_s) == (len(once), once.speech_s)
    assert np.array_equal(again.embeddings, once.embeddings)


def test_a_missing_profile_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="No such file or directory; make one with `affetto adapt`"):
        Recognizer(profile=tmp_path / "nowhere.json")


def test_a_profile_is_not_written_where_it_cannot_be(profile: SpeakerProfile, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="cannot be written"):
        profile.save(tmp_path / "missing" / "me.json")


@pytest.mark.parametrize("given", [5, {}, b"me.json"])
def test_what_is_neither_a_profile_nor_a_path_is_refused(recognizer: Recognizer, given: Any) -> None:
    with pytest.raises(ParameterError, match="give a SpeakerProfile, or the path of one"):
        recognizer.profile = given
    assert recognizer.profile is None


def test_a_profile_of_another_model_is_refused(
    recognizer: Recognizer, profile: SpeakerProfile, examples: list[Path], tmp_path: Path
) -> None:
    other = dataclasses.replace(profile, model="mine", model_sha256="0" * 64)
    with pytest.raises(ProfileError, match=r"another model \(mine, 000000000000…\) than transformer; adapt again"):
        recognizer.profile = other
    # One that was edited by hand would not fit in the middle of a recording.
    for change, what in (
        ({"labels": profile.labels[::-1]}, "emotions"),
        ({"embeddings": profile.embeddings[:, 1:]}, "dimensions"),
    ):
        with pytest.raises(ProfileError, match=f"as its model, and its {what} are not the model's; adapt again"):
            recognizer.profile = dataclasses.replace(profile, **change)
    assert recognizer.profile is None
    assert recognizer.recognize(examples[0]).adapted_to is None


def test_a_model_that_cannot_be_adapted_says_so(profile: SpeakerProfile, examples: list[Path]) -> None:
    svm = Recognizer("svm")
    with pytest.raises(ProfileError, match="the model svm cannot be adapted to a voice; take one that can"):
        svm.adapt(examples)
    with pytest.raises(ProfileError, match="svm cannot be adapted"):
        Recognizer("svm", profile=profile)
    assert svm.recognize((joined(examples[:2]), RATE)).adapted_to is None


def test_recordings_without_speech_teach_nothing(recognizer: Recognizer, examples: list[Path], tmp_path: Path) -> None:
    learned = recognizer.adapt(examples[:2])
    with pytest.raises(AudioError, match="nobody speaks in the recordings to adapt to"):
        recognizer.adapt([(np.zeros(RATE), RATE)])
    with pytest.raises(AudioError, match="nobody speaks"):
        recognizer.adapt([])
    with pytest.raises(AudioError, match="no such file"):
        recognizer.adapt([*examples, tmp_path / "missing.wav"])
    # What was learned before is still there.
    assert recognizer.profile is learned
    assert len(recognizer.adapt([(np.zeros(RATE), RATE), *examples[:2]])) == len(learned)


def test_one_recording_instead_of_several_is_named(recognizer: Recognizer, examples: list[Path]) -> None:
    waveform = read(examples[0])
    with examples[0].open("rb") as file:
        singles: list[Any] = [str(examples[0]), examples[0], examples[0].read_bytes(), waveform, file]
        singles.append((waveform.samples, waveform.sample_rate_hz))
        for single in singles:
            with pytest.raises(ParameterError, match="put a single one into a list"):
                recognizer.adapt(single)
    assert len(recognizer.adapt([waveform])) == len(recognizer.adapt(path for path in examples[:1]))


def test_silence_is_adapted_to_nobody(recognizer: Recognizer, examples: list[Path]) -> None:
    recognizer.adapt(examples[:1])
    assert recognizer.recognize((np.zeros(RATE), RATE)).adapted_to is None
    assert recognizer.recognize(examples[1]).adapted_to == "profile"


def test_speakers_of_another_language_are_understood_better(recognizer: Recognizer, emodb_dir: Path) -> None:
    """Two Germans, whom the model never heard: each clip by the others of its speaker, without their labels."""
    clips = [
        u for u in load_corpus(emodb_dir).utterances if u.speaker in ("03", "08") and u.emotion in recognizer.labels
    ]
    assert len(clips) > 40
    heard = {clip.clip: recognizer.hear(clip.path) for clip in clips}
    truth: list[tuple[float, float]] = []
    for clip in clips[::2]:
        known = [u for other in clips if other is not clip and other.speaker == clip.speaker for u in heard[other.clip]]
        recognizer.profile = None
        before = recognizer.recognize(clip.path).probabilities[clip.emotion]
        recognizer.profile = SpeakerProfile.of(recognizer.bundle, known)
        truth.append((before, recognizer.recognize(clip.path).probabilities[clip.emotion]))
    plain, adapted = np.array(truth).T
    assert adapted.mean() > plain.mean() + 0.05


@pytest.fixture(scope="module")
def recording(examples: list[Path]) -> NDArray[np.float32]:
    """Four utterances of one voice."""
    return joined(examples)


def test_a_recording_adapts_to_itself_from_its_second_utterance_on(
    recognizer: Recognizer, recording: NDArray[np.float32]
) -> None:
    result = recognizer.recognize((recording, RATE))
    each_alone = Recognizer(self_adaptation=False).recognize((recording, RATE))
    assert (result.adapted_to, each_alone.adapted_to) == ("recording", None)
    assert len(result.segments) == len(each_alone.segments) == len(NAMES)
    assert result.segments[0] == each_alone.segments[0]
    differences = np.abs(values(result.segments) - values(each_alone.segments)).max(axis=1)
    assert (differences[1:] > 1e-4).all()
    lengths = [segment.end_s - segment.start_s for segment in result.segments]
    mean = np.average(values(result.segments), axis=0, weights=lengths)
    assert values([result])[0] == pytest.approx(mean, abs=1e-5)


def test_without_self_adaptation_each_utterance_is_heard_as_alone(
    recognizer: Recognizer, recording: NDArray[np.float32]
) -> None:
    heard = recognizer.hear((recording, RATE))
    result = Recognizer(self_adaptation=False).recognize((recording, RATE))
    assert values(result.segments) == pytest.approx(np.array([u.heard.probabilities for u in heard]), abs=1e-5)


def test_what_comes_later_changes_nothing_before(recognizer: Recognizer, examples: list[Path]) -> None:
    whole = recognizer.recognize((joined(examples), RATE)).segments
    part = recognizer.recognize((joined(examples[:3]), RATE)).segments
    assert values(whole[: len(part)]) == pytest.approx(values(part), abs=1e-6)


def test_one_utterance_is_adapted_to_nothing(recognizer: Recognizer, examples: list[Path]) -> None:
    result = recognizer.recognize(examples[0])
    assert len(result.segments) == 1
    assert result.adapted_to is None


def test_a_stream_gives_what_the_file_gives(recognizer: Recognizer, recording: NDArray[np.float32]) -> None:
    whole = recognizer.recognize((recording, RATE))
    live = recognizer.listen(sample_rate_hz=RATE)
    found: list[Segment] = []
    adapted_to = []
    for chunk in np.array_split(recording, 97):
        found += live.hear(chunk)
        live.interim()
        adapted_to.append((len(found), live.adapted_to))
    result = live.end()
    assert result.adapted_to == "recording"
    assert values(result.segments) == pytest.approx(values(whole.segments), abs=0.02)
    assert found == list(result.segments[: len(found)])
    assert {told for n, told in adapted_to if n < 2} == {None}
    assert {told for n, told in adapted_to if n >= 2} == {"recording"}
    streamed = list(recognizer.stream(np.array_split(recording, 97), sample_rate_hz=RATE))
    assert streamed == list(result.segments)


def test_a_stream_is_adapted_to_a_profile(
    recognizer: Recognizer, profile: SpeakerProfile, recording: NDArray[np.float32]
) -> None:
    recognizer.profile = profile
    whole = recognizer.recognize((recording, RATE))
    live = recognizer.listen(sample_rate_hz=RATE)
    assert live.adapted_to == "profile"
    live.hear(recording)
    result = live.end()
    assert result.adapted_to == "profile"
    assert values(result.segments) == pytest.approx(values(whole.segments), abs=0.02)


def test_streams_side_by_side_share_no_memory(recognizer: Recognizer, examples: list[Path]) -> None:
    calls = [joined(examples), joined(examples[::-1]), joined(examples[2:] + examples[:2])]
    alone = [list(recognizer.stream(np.array_split(call, 50), sample_rate_hz=RATE)) for call in calls]
    lives = [recognizer.listen(sample_rate_hz=RATE) for _ in calls]
    for chunks in zip(*(np.array_split(call, 50) for call in calls), strict=True):
        for live, chunk in zip(lives, chunks, strict=True):
            live.hear(chunk)
    assert [list(live.end().segments) for live in lives] == alone
    # A recording leaves nothing behind either, for those after it or beside it.
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(recognizer.recognize, [(call, RATE) for call in calls] * 2))
    assert results[:3] == results[3:] == [recognizer.recognize((call, RATE)) for call in calls]


def test_channels_share_no_memory(recognizer: Recognizer, examples: list[Path], tmp_path: Path) -> None:
    first, second = joined(examples[:2]), joined(examples[2:])
    call = np.zeros((len(first) + len(second), 2), np.float32)
    call[: len(first), 0], call[len(first) :, 1] = first, second
    soundfile.write(tmp_path / "call.wav", call, RATE, subtype="FLOAT")
    both = recognizer.recognize_channels(tmp_path / "call.wav")
    assert [result.adapted_to for result in both] == ["recording", "recording"]
    for result, channel in zip(both, call.T, strict=True):
        assert values(result.segments) == pytest.approx(
            values(recognizer.recognize((channel, RATE)).segments), abs=2e-3
        )
    # Heard as one, the second voice is understood by the first.
    mixed = recognizer.recognize(tmp_path / "call.wav").segments[len(both[0].segments)]
    assert np.abs(values([mixed]) - values(both[1].segments[:1])).max() > 1e-3


def test_a_profile_is_of_one_channel(profile: SpeakerProfile, examples: list[Path]) -> None:
    recognizer = Recognizer(profile=profile)
    voice = joined(examples[:1])
    call = (np.stack([voice, voice], axis=1), RATE)
    with pytest.raises(ParameterError, match="has 2 channels and the profile is of one voice"):
        recognizer.recognize_channels(call)
    assert recognizer.recognize(call, channels=2).adapted_to == "profile"
    assert [result.adapted_to for result in recognizer.recognize_channels((voice, RATE))] == ["profile"]


def test_an_uncertain_answer_is_one_below_the_threshold(
    recognizer: Recognizer, recording: NDArray[np.float32], tmp_path: Path
) -> None:
    bundle = recognizer.bundle
    write_bundle(tmp_path / "bundle", dict(bundle.manifest), bundle.model)
    confidences = [segment.confidence or 0.0 for segment in recognizer.recognize((recording, RATE)).segments]
    threshold = float(np.median(confidences)) + 1e-4
    for limit, expected in (
        (0.0, ["ok"] * len(NAMES)),
        (threshold, [("uncertain", "ok")[c >= threshold] for c in confidences]),
    ):
        update_manifest(tmp_path / "bundle", {"calibration": bundle.manifest["calibration"] | {"threshold": limit}})
        result = Recognizer(tmp_path / "bundle").recognize((recording, RATE))
        assert [segment.status for segment in result.segments] == expected[: len(result.segments)]
        assert result.status == ("ok" if (result.confidence or 0) >= limit else "uncertain")


def utterances(spaces: VoiceSpaces, size: float, count: int, seed: int = 0, told: float = 0.0) -> list[Heard]:
    """By a voice of the first corpus that is off by so many standard deviations in every direction of every space.

    So much of the unadapted answer is right, the rest is chance.
    """
    random = np.random.default_rng(seed)
    emotions = random.integers(spaces.n_classes, size=count)
    parts = [np.tile(spaces.centres[0], (count, 1))]
    for space in reversed(spaces.spaces):
        away = np.linalg.cholesky(space.between) @ np.full(len(space.within), size)
        chance = random.multivariate_normal(np.zeros(len(away)), space.within, count)
        parts.insert(0, space.means[emotions] + away + chance)
    guessed = random.dirichlet(np.ones(spaces.n_classes), count)
    answers = told * np.eye(spaces.n_classes)[emotions] + (1 - told) * guessed
    return [Heard(*heard) for heard in zip(answers, np.concatenate(parts, axis=1), strict=True)]


def test_memory_follows_who_speaks_now(spaces: VoiceSpaces) -> None:
    """An hour by one, then some minutes by another, who is understood by the last of what was heard."""
    before, now = utterances(spaces, -1.5, 1_000), utterances(spaces, 1.5, 230, seed=1)
    memory = VoiceMemory(spaces)
    for heard in [*before, *now]:
        memory.probabilities(heard)
        memory.add(heard)
    asked = utterances(spaces, 1.5, 20, seed=2)
    answers = np.array([memory.probabilities(heard) for heard in asked])

    def by(rows: Sequence[Heard]) -> NDArray[np.float64]:
        voice = spaces.voice([row.embedding for row in rows], [row.probabilities for row in rows])
        return np.array([voice.probabilities(heard.embedding, heard.probabilities) for heard in asked])

    assert np.abs(answers - by(now[-60:])).max() < 0.1
    assert np.abs(by(before[-60:]) - by(now[-60:])).max() > 0.3


@pytest.mark.parametrize(("n_voices", "least", "most"), [(1, 0.8, 1.0), (2, 0.0, 0.6), (4, 0.0, 0.6)])
def test_of_several_voices_in_turn_none_is_understood_by_the_others(
    spaces: VoiceSpaces, n_voices: int, least: float, most: float
) -> None:
    """How far answers go from the unadapted ones to those of a voice that is known to be the right one."""
    sizes = np.linspace(1.0, -1.0, n_voices)
    turns = zip(*(utterances(spaces, size, 60, seed, told=0.7) for seed, size in enumerate(sizes)), strict=True)
    memory, voice = VoiceMemory(spaces), None
    for heard in [heard for turn in turns for heard in turn]:
        memory.probabilities(heard)
        memory.add(heard)
    voice = memory._voice
    assert voice is not None
    asked = utterances(spaces, sizes[0], 20, seed=9, told=0.7)
    gone, whole = (
        np.mean([np.abs(answer(heard) - heard.probabilities).sum() for heard in asked])
        for answer in (memory.probabilities, lambda heard: voice.probabilities(heard.embedding, heard.probabilities))
    )
    assert least <= gone / whole <= most


def test_an_utterance_that_nobody_foretold_is_heard_as_alone(spaces: VoiceSpaces) -> None:
    memory = VoiceMemory(spaces)
    first, second, third = utterances(spaces, 1.0, 3)
    for heard in (first, Heard(second.probabilities, second.embedding + 1_000)):
        memory.probabilities(heard)
        memory.add(heard)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # as where numbers overflow
        assert memory.probabilities(third) == pytest.approx(third.probabilities, abs=1e-3)


def test_memory_is_bounded(spaces: VoiceSpaces) -> None:
    memory = VoiceMemory(spaces)
    held = []
    tracemalloc.start()
    try:
        for part in range(6):
            for heard in utterances(spaces, 0.0, 500, seed=part):
                memory.probabilities(heard)
                memory.add(heard)
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert max(held[2:]) - held[1] < 150_000
    assert memory.adapted_to == "recording"
