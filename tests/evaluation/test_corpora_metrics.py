from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, recall_score, roc_auc_score

from affetto.evaluation import CorporaPredictions, measure_corpora
from affetto.evaluation.scores import expected_calibration_error
from affetto.recognition.dimensions import AROUSAL, VALENCE, dimensions

if TYPE_CHECKING:
    from numpy.typing import NDArray

Row = tuple[str, str, str, Sequence[float], str]
LABELS = ("neutral", "calm", "happy", "sad", "angry", "bored")


def table(rows: Sequence[Row], labels: tuple[str, ...] = LABELS) -> CorporaPredictions:
    """Predictions from corpus, speaker, emotion, probabilities and status."""
    probabilities = np.array([row[3] for row in rows])
    arousal, valence = dimensions(labels, probabilities)
    return CorporaPredictions(
        corpus=tuple(row[0] for row in rows),
        clip=tuple(f"clip {number}" for number in range(len(rows))),
        speaker=tuple(row[1] for row in rows),
        emotion=tuple(row[2] for row in rows),
        probabilities=probabilities,
        labels=labels,
        status=tuple(row[4] for row in rows),
        arousal=arousal,
        valence=valence,
    )


def random_predictions(sizes: dict[str, tuple[int, int]], *, skill: float = 1.0, seed: int = 0) -> CorporaPredictions:
    """A system of some skill about corpora of so many speakers and clips."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for corpus, (n_speakers, n_clips) in sizes.items():
        for clip in range(n_clips):
            truth = rng.integers(5)
            # Some speakers are easier than others, so that speakers matter.
            scores = rng.normal(size=6)
            scores[truth] += skill * (1 + clip % n_speakers % 2)
            probabilities = np.exp(scores) / np.exp(scores).sum()
            status = "ok" if probabilities.max() > 0.6 else "uncertain"
            rows.append((corpus, f"speaker {clip % n_speakers}", LABELS[truth], probabilities.tolist(), status))
    return table(rows)


def test_figures_of_a_small_table_by_hand() -> None:
    rows: list[Row] = [
        # Right among all, the shared and the four emotions.
        ("one", "a", "neutral", (0.8, 0.0, 0.1, 0.1, 0.0, 0.0), "ok"),
        # The most probable emotion is bored, which `one` does not have: wrong, but right among the shared ones.
        ("one", "a", "sad", (0.1, 0.0, 0.0, 0.3, 0.1, 0.5), "ok"),
        # Wrong either way.
        ("one", "b", "angry", (0.0, 0.0, 0.6, 0.0, 0.4, 0.0), "uncertain"),
        # Happy is the most probable of the shared emotions; neutral of the four, since calm counts with it.
        ("one", "b", "calm", (0.25, 0.25, 0.3, 0.1, 0.1, 0.0), "uncertain"),
        ("one", "b", "happy", (0.0, 0.0, 1.0, 0.0, 0.0, 0.0), "ok"),
        # Of one speaker, and only of emotions that are low in arousal and have no side of valence or a negative one.
        ("two", "a", "neutral", (0.6, 0.0, 0.4, 0.0, 0.0, 0.0), "uncertain"),
        ("two", "a", "sad", (0.6, 0.0, 0.0, 0.4, 0.0, 0.0), "uncertain"),
    ]
    metrics = measure_corpora(table(rows))
    one, two = metrics.corpora
    assert (one.corpus, one.clips, one.speakers) == ("one", 5, 2)
    assert one.emotions == ("neutral", "calm", "happy", "sad", "angry")
    assert one.figures.uar.value == pytest.approx(3 / 5)  # neutral, sad, happy
    assert one.figures.uar_four.value == pytest.approx(3 / 4)  # neutral twice, happy, sad; not angry
    assert one.figures.accuracy.value == pytest.approx(2 / 5)
    assert one.figures.ok_precision.value == pytest.approx(2 / 3)
    assert one.figures.ok_coverage.value == pytest.approx(3 / 5)
    # Bins of 1/15: 0.8 right; 0.5 wrong; 0.6 wrong; 0.3 wrong; 1.0 right.
    assert one.figures.expected_calibration_error.value == pytest.approx((0.2 + 0.5 + 0.6 + 0.3 + 0.0) / 5)
    # Upper: angry and happy. Lower: neutral, sad and calm, all below both.
    assert one.figures.auc_arousal.value == 1.0
    # Happy against sad and angry: its valence is 1; that of sad is negative, that of the angry clip 0.2.
    assert one.figures.auc_valence.value == 1.0

    assert (two.clips, two.speakers, two.emotions) == (2, 1, ("neutral", "sad"))
    assert two.figures.uar.value == pytest.approx(1 / 2)
    assert two.figures.uar.interval is None
    assert two.figures.ok_coverage.value == 0
    assert two.figures.ok_precision.value is None
    assert two.figures.auc_arousal.value is None
    assert two.figures.auc_valence.value is None

    assert metrics.mean.uar.value == pytest.approx((3 / 5 + 1 / 2) / 2)
    assert metrics.mean.ok_precision.value == pytest.approx(2 / 3)  # of the one corpus that has it
    assert metrics.mean.ok_coverage.value == pytest.approx(3 / 10)
    # Both answers of `two` have 0.6, one is right: a gap of -0.1 beside the -0.6 / 5 of `one` in that bin.
    assert metrics.mean.expected_calibration_error.value == pytest.approx((0.2 + 0.5 + 0.3) / 10 + (0.6 / 5 + 0.1) / 2)
    assert metrics.mean.auc_arousal.value == 1.0


def test_figures_agree_with_scikit_learn() -> None:
    predictions = random_predictions({"one": (7, 300), "two": (3, 80)})
    # Ties, as rounded values have, count half.
    rough = CorporaPredictions(
        **{
            name: getattr(predictions, name)
            for name in ("corpus", "clip", "speaker", "emotion", "probabilities", "labels", "status")
        },
        arousal=predictions.arousal.round(1),
        valence=predictions.valence.round(1),
    )
    metrics = measure_corpora(rough, resamples=10)
    weights = np.empty(len(rough))
    truth = np.array([LABELS.index(emotion) for emotion in rough.emotion])
    for part in metrics.corpora:
        rows = np.array([corpus == part.corpus for corpus in rough.corpus])
        weights[rows] = 1 / rows.sum()
        probabilities = rough.probabilities[rows]
        among = probabilities[:, :5].argmax(axis=1)
        assert part.figures.uar.value == pytest.approx(recall_score(truth[rows], among, average="macro"))
        found = probabilities.argmax(axis=1)
        assert part.figures.accuracy.value == pytest.approx(accuracy_score(truth[rows], found))
        ok = np.array(rough.status)[rows] == "ok"
        assert part.figures.ok_precision.value == pytest.approx(accuracy_score(truth[rows][ok], found[ok]))
        error = expected_calibration_error(truth[rows], probabilities)
        assert part.figures.expected_calibration_error.value == pytest.approx(error)
        for sides, scores, figure in (
            (AROUSAL, rough.arousal, part.figures.auc_arousal),
            (VALENCE, rough.valence, part.figures.auc_valence),
        ):
            side = np.array([sides.get(emotion, 0) for emotion in rough.emotion])[rows]
            known = side != 0
            assert figure.value == pytest.approx(roc_auc_score(side[known] > 0, scores[rows][known]))
    pooled = expected_calibration_error(truth, rough.probabilities, weights=weights)
    assert metrics.mean.expected_calibration_error.value == pytest.approx(pooled)
    for name in ("uar", "uar_four", "accuracy", "ok_precision", "ok_coverage", "auc_arousal", "auc_valence"):
        values = [getattr(part.figures, name).value for part in metrics.corpora]
        assert getattr(metrics.mean, name).value == pytest.approx(np.mean(values))


def test_intervals_are_those_of_speakers_drawn_one_by_one() -> None:
    predictions = random_predictions({"one": (12, 240)})
    figures = measure_corpora(predictions).corpora[0].figures
    rng = np.random.default_rng(1)
    truth = np.array([LABELS.index(emotion) for emotion in predictions.emotion])
    by_speaker = [np.flatnonzero(np.array(predictions.speaker) == name) for name in sorted(set(predictions.speaker))]
    upper = np.array([AROUSAL[emotion] for emotion in predictions.emotion]) > 0
    uars, areas = [], []
    for _ in range(300):
        rows: NDArray[np.intp] = np.concatenate([by_speaker[number] for number in rng.integers(12, size=12)])
        uars.append(recall_score(truth[rows], predictions.probabilities[rows, :5].argmax(axis=1), average="macro"))
        areas.append(roc_auc_score(upper[rows], predictions.arousal[rows]))
    for figure, values in ((figures.uar, uars), (figures.auc_arousal, areas)):
        assert figure.interval is not None
        expected = np.quantile(values, [0.025, 0.975])
        width = expected[1] - expected[0]
        assert (figure.interval.low, figure.interval.high) == pytest.approx(expected, abs=width / 5)


def test_one_seed_gives_one_set_of_intervals_and_a_corpus_its_own() -> None:
    predictions = random_predictions({"one": (6, 120), "two": (4, 60)})
    assert measure_corpora(predictions) == measure_corpora(predictions)
    other = measure_corpora(predictions, seed=1)
    assert other.mean.uar.value == measure_corpora(predictions).mean.uar.value
    assert other.mean.uar.interval != measure_corpora(predictions).mean.uar.interval
    # The interval does not depend on the other corpora.
    alone = random_predictions({"one": (6, 120)})
    assert measure_corpora(alone).corpora[0] == measure_corpora(predictions).corpora[0]


def test_the_mean_is_as_uncertain_as_its_corpora_differ() -> None:
    """Two corpora without any doubt about their speakers, one always right and one never."""
    rows: list[Row] = []
    for corpus, emotions in (("right", ("neutral", "angry")), ("wrong", ("angry", "neutral"))):
        for speaker in "abc":
            rows.append((corpus, speaker, emotions[0], (1, 0, 0, 0, 0, 0), "ok"))
            rows.append((corpus, speaker, emotions[1], (0, 0, 0, 0, 1, 0), "ok"))
    metrics = measure_corpora(table(rows))
    assert [part.figures.uar.value for part in metrics.corpora] == [1, 0]
    assert all(part.figures.uar.interval is not None for part in metrics.corpora)
    assert metrics.mean.uar.value == 0.5
    assert metrics.mean.uar.interval is not None
    assert (metrics.mean.uar.interval.low, metrics.mean.uar.interval.high) == (0, 1)


def test_the_mean_of_one_corpus_has_no_interval() -> None:
    metrics = measure_corpora(random_predictions({"one": (6, 120)}))
    assert metrics.mean.uar.value == metrics.corpora[0].figures.uar.value
    assert metrics.mean.uar.interval is None


def test_a_corpus_with_one_of_the_four_has_no_figure_for_them() -> None:
    labels = ("neutral", "surprised", "disgust")
    rows: list[Row] = [
        ("one", speaker, emotion, np.eye(3)[labels.index(emotion)].tolist(), "ok")
        for speaker in "ab"
        for emotion in labels
    ]
    figures = measure_corpora(table(rows, labels)).corpora[0].figures
    assert figures.uar.value == 1.0
    assert figures.uar_four.value is None
    assert figures.uar_four.interval is None


def test_many_clips_of_many_speakers_take_seconds() -> None:
    predictions = random_predictions({f"corpus {number}": (100, 1500) for number in range(8)} | {"large": (431, 3000)})
    start = time.perf_counter()
    measure_corpora(predictions)
    assert time.perf_counter() - start < 15
