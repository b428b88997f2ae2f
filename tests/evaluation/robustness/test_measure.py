from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from sklearn.metrics import recall_score

from affetto.corpora import EMOTIONS, Corpus, Utterance, load_corpus
from affetto.corpora.published import RAVDESS
from affetto.errors import AudioError, CorpusError, MissingExtraError, ParameterError
from affetto.evaluation import Condition, Outcome, make_conditions, measure_robustness, summarize_robustness
from affetto.evaluation.robustness.conditions import CLEAN, choose_conditions
from affetto.evaluation.robustness.report import as_csv, as_dicts, clips_as_csv, known_speakers, robustness_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from affetto import Recognizer

NOTHING = Condition("silenced", "", lambda samples, _rate, _rng: np.zeros_like(samples))


@pytest.fixture(scope="module")
def utterances(root: Path) -> list[Utterance]:
    return list(load_corpus(root / "examples").utterances)


def outcome(clip: str, truth: str, found: str | None, condition: str = "clean", *, denoised: bool = False) -> Outcome:
    confidence = None if found is None else 0.5
    return Outcome(clip, "a", truth, condition, "", denoised, found, confidence)


def test_clean_clips_are_recognized_as_usual(recognizer: Recognizer, utterances: list[Utterance]) -> None:
    outcomes = measure_robustness(recognizer, utterances, [])
    expected = [recognizer.recognize(utterance.path) for utterance in utterances]
    assert [o.clip for o in outcomes] == [utterance.clip for utterance in utterances]
    assert [o.emotion for o in outcomes] == [result.emotion for result in expected]
    assert [o.confidence for o in outcomes] == pytest.approx([result.confidence for result in expected], abs=0.01)
    (row,) = summarize_robustness(outcomes)
    assert (row.condition, row.level, row.drop, row.labels_kept, row.no_speech) == ("clean", "", 0, 1, 0)
    assert row.accuracy == pytest.approx(np.mean([o.emotion == o.truth for o in outcomes]), abs=1e-4)
    assert row.confidence == pytest.approx(np.mean([o.confidence for o in outcomes]), abs=1e-4)


def test_other_clips_and_conditions_do_not_change_how_a_clip_is_degraded(
    recognizer: Recognizer, utterances: list[Utterance]
) -> None:
    conditions = choose_conditions(make_conditions(), ["noise", "room", "tilt"])
    everything = measure_robustness(recognizer, utterances[:3], conditions)
    alone = measure_robustness(recognizer, utterances[1:2], choose_conditions(conditions, ["noise 5 dB"]))
    assert len(everything) == 3 * len(conditions)
    of_it = [o for o in everything if o.clip == alone[0].clip and o.level in ("", "5 dB")]
    assert alone == of_it
    other = measure_robustness(recognizer, utterances[1:2], choose_conditions(conditions, ["noise 5 dB"]), seed=1)
    assert other[0] == alone[0]
    assert other[1] != alone[1]


def test_a_clip_without_speech_is_not_recognized(recognizer: Recognizer, utterances: list[Utterance]) -> None:
    clean, silenced = summarize_robustness(measure_robustness(recognizer, utterances[:2], [NOTHING]))
    assert (silenced.uar, silenced.drop, silenced.accuracy) == (0, clean.uar, 0)
    assert (silenced.labels_kept, silenced.no_speech, silenced.confidence) == (0, 1, None)


def test_without_speech_no_label_is_kept() -> None:
    outcomes = [
        Outcome(clip, "1", truth="sad", condition=condition, level="", denoised=False, emotion=emotion, confidence=None)
        for condition in ("clean", "noise")
        for clip, emotion in (("a", "sad"), ("b", None))
    ]
    assert [row.labels_kept for row in summarize_robustness(outcomes)] == [0.5, 0.5]


def test_noise_removal_is_measured_beside(recognizer: Recognizer, utterances: list[Utterance]) -> None:
    outcomes = measure_robustness(
        recognizer, utterances[:2], choose_conditions(make_conditions(), ["noise 0 dB"]), denoise=True
    )
    assert [o.denoised for o in outcomes] == [False, True] * 4
    noisy, cleaned = (next(o for o in outcomes if o.level and o.denoised == flag) for flag in (False, True))
    assert noisy.confidence != cleaned.confidence
    rows = summarize_robustness(outcomes)
    assert [row.condition for row in rows] == ["clean", "noise"]
    for row in rows:
        assert row.uar_denoised is not None
        assert row.gain == pytest.approx(row.uar_denoised - row.uar, abs=1e-4)


def test_progress_counts_the_clips(recognizer: Recognizer, utterances: list[Utterance]) -> None:
    counted = []

    def track(clips: Sequence[object]) -> Iterator[object]:
        for number, clip in enumerate(clips, start=1):
            yield clip
            counted.append((number, len(clips)))

    measure_robustness(recognizer, utterances[:3], [], track=track)
    assert counted == [(1, 3), (2, 3), (3, 3)]


def test_folds_are_pooled_by_clip_not_averaged() -> None:
    rng = np.random.default_rng(0)
    parts = []
    for fold, size in enumerate((10, 50, 200)):
        truth = rng.choice(EMOTIONS, size)
        found = np.where(rng.random(size) < 0.3 + 0.2 * fold, truth, rng.choice(EMOTIONS, size))
        noisy = np.where(rng.random(size) < 0.7, found, rng.choice(EMOTIONS, size))
        parts += [outcome(f"{fold}-{i}", t, h) for i, (t, h) in enumerate(zip(truth, found, strict=True))]
        parts += [
            outcome(f"{fold}-{i}", t, None if i % 9 == 0 else h, "noise")
            for i, (t, h) in enumerate(zip(truth, noisy, strict=True))
        ]
    clean, noise = summarize_robustness(parts)
    for row in (clean, noise):
        chosen = [o for o in parts if o.condition == row.condition]
        truths, answers = [o.truth for o in chosen], [o.emotion or "none" for o in chosen]
        expected = recall_score(truths, answers, labels=sorted(set(truths)), average="macro", zero_division=0)
        assert row.uar == pytest.approx(expected, abs=1e-4)
        assert row.no_speech == pytest.approx(np.mean([o.emotion is None for o in chosen]), abs=1e-4)
    assert noise.drop == pytest.approx(clean.uar - noise.uar, abs=1e-9)
    before, after = ([o.emotion for o in parts if o.condition == name] for name in ("clean", "noise"))
    same = [one == other for one, other in zip(before, after, strict=True)]
    assert noise.labels_kept == pytest.approx(np.mean(same), abs=1e-4)


def test_outcomes_that_do_not_belong_together_are_refused() -> None:
    first, second = outcome("a", "sad", "sad"), outcome("b", "calm", "sad")
    with pytest.raises(ParameterError, match=r"'a'.*twice.*clean"):
        summarize_robustness([first, first])
    with pytest.raises(ParameterError, match=r"noise.*1 clips.*2"):
        summarize_robustness([first, second, outcome("a", "sad", "sad", "noise")])
    with pytest.raises(ParameterError, match=r"noise.*1 clips.*0"):
        summarize_robustness([outcome("a", "sad", "sad", "noise")])
    assert summarize_robustness([]) == []


def test_wrong_input_is_refused_before_anything_is_recognized(
    recognizer: Recognizer, utterances: list[Utterance], monkeypatch: pytest.MonkeyPatch
) -> None:
    bored = replace(utterances[0], emotion="bored")
    with pytest.raises(CorpusError, match=r"bored.*neutral, calm, "):
        measure_robustness(recognizer, [*utterances, bored], [])
    with pytest.raises(CorpusError, match=r"angry.*same name"):
        measure_robustness(recognizer, [*utterances, utterances[0]], [])
    with pytest.raises(ParameterError, match="there are no clips"):
        measure_robustness(recognizer, [], [])
    with pytest.raises(ParameterError, match=r"twice.*silenced, silenced"):
        measure_robustness(recognizer, utterances, [NOTHING, NOTHING])
    with pytest.raises(ParameterError, match="seed is -1"):
        measure_robustness(recognizer, utterances, [], seed=-1)
    monkeypatch.setattr("affetto._extras.find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match=r"opus 12 kbit/s.*formats"):
        measure_robustness(recognizer, utterances, choose_conditions(make_conditions(), ["opus"]))


def test_the_failed_clip_and_condition_are_named(
    recognizer: Recognizer, utterances: list[Utterance], tmp_path: Path
) -> None:
    found: list[int] = []
    counting = Condition("counted", "", lambda samples, _rate, _rng: found.append(1) or samples)  # type: ignore[func-returns-value]
    (tmp_path / "text.wav").write_text("dear diary")
    with pytest.raises(AudioError, match=r"text\.wav"):
        measure_robustness(recognizer, [*utterances, Utterance(tmp_path / "text.wav", "sad", "a")], [counting])
    soundfile.write(tmp_path / "short.wav", np.zeros(1_600), 16_000)
    with pytest.raises(AudioError, match=r"short\.wav.*0\.1 s.*0\.2 s"):
        measure_robustness(recognizer, [*utterances, Utterance(tmp_path / "short.wav", "sad", "a")], [counting])
    assert not found  # all clips are read before the first is recognized
    broken = Condition("broken", "", lambda samples, _rate, _rng: np.full_like(samples, np.nan))
    with pytest.raises(AudioError, match=r"angry\.flac, broken"):
        measure_robustness(recognizer, utterances, [broken])


def test_a_clip_that_becomes_too_short_has_no_speech(recognizer: Recognizer, utterances: list[Utterance]) -> None:
    cut = Condition("cut", "0.19 s", lambda samples, rate, _rng: samples[: round(0.19 * rate)])
    _, row = summarize_robustness(measure_robustness(recognizer, utterances, [cut]))
    assert (row.condition, row.no_speech, row.confidence) == ("cut", 1.0, None)


def test_table_and_csv_show_the_same_figures() -> None:
    outcomes = [
        *(outcome("a", "sad", "sad"), outcome("b", "calm", "sad")),
        *(outcome("a", "sad", "sad", "noise"), outcome("b", "calm", None, "noise")),
    ]
    rows = summarize_robustness(outcomes)
    header, clean, noise = as_csv(rows).splitlines()
    assert header == "condition,level,uar,drop,labels_kept,accuracy,confidence,no_speech"
    assert clean == "clean,,0.5000,0.0000,1.0000,0.5000,0.5000,0.0000"
    assert noise == "noise,,0.5000,0.0000,0.5000,0.5000,0.5000,0.5000"
    assert list(as_dicts(rows)[0]) == header.split(",")
    table = robustness_table(rows, title="title")
    assert list(map(str, table.columns[2].cells)) == ["50.0", "50.0"]
    assert list(map(str, table.columns[7].cells)) == ["0.0", "50.0"]
    denoised = [*outcomes, outcome("a", "sad", "sad", denoised=True), outcome("b", "calm", "calm", denoised=True)]
    lines = as_csv(summarize_robustness(denoised)).splitlines()
    assert lines[0] == f"{header},uar_denoised,gain"
    assert lines[1:] == [f"{clean},1.0000,0.5000", f"{noise},,"]
    assert len(robustness_table(summarize_robustness(denoised), title="title").columns) == 10


def test_every_clip_is_listed_with_its_emotions() -> None:
    outcomes = [
        *(outcome("b", "calm", "sad"), outcome("b", "calm", None, "noise")),
        *(outcome("a", "sad", "sad"), outcome("a", "sad", "angry", "noise")),
        *(outcome("a", "sad", "calm", denoised=True), outcome("b", "calm", "calm", denoised=True)),
    ]
    rows = list(csv.reader(io.StringIO(clips_as_csv(outcomes, folds={"a": 1, "b": 2}))))
    assert rows == [
        ["clip", "actor", "fold", "emotion", "clean", "noise", "clean, denoised"],
        ["a", "a", "1", "sad", "sad", "angry", "calm"],
        ["b", "a", "2", "calm", "sad", "", "calm"],
    ]


def test_known_speakers_give_a_warning(recognizer: Recognizer, utterances: list[Utterance]) -> None:
    speakers = [replace(utterances[0], speaker=str(number)) for number in range(40)]
    bundle = recognizer.bundle
    assert known_speakers(bundle, Corpus("elsewhere", "", "", speakers)) is None
    others = known_speakers(bundle, Corpus("ravdess", "", "", speakers))
    assert others is not None
    assert "ravdess" in others
    # The same clips in a corpus of another name.
    clips = [replace(utterances[0], path=Path(f"{clip}.wav")) for clip in RAVDESS.clips]
    mine = known_speakers(bundle, Corpus("mine", "", "", clips))
    assert mine is not None
    assert "these clips" in mine


def test_the_clean_condition_comes_first(recognizer: Recognizer, utterances: list[Utterance]) -> None:
    outcomes = measure_robustness(recognizer, utterances[:1], [NOTHING, CLEAN])
    assert [o.condition for o in outcomes] == ["clean", "silenced"]
