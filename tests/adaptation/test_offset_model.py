from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from affetto.adaptation.offset_model import OffsetModel

WIDTH, EMOTIONS = 7, 5
NOISE = 0.4


@pytest.fixture(scope="module")
def model() -> OffsetModel:
    """Emotions about as far apart as speakers are, as with real voices."""
    random = np.random.default_rng(3)
    return OffsetModel(random.normal(0, 1.4, (EMOTIONS, WIDTH)), np.linspace(1.0, 4.0, WIDTH), np.full(WIDTH, 3.0))


def utterances(
    model: OffsetModel, offset: Any, count: int, *, seed: int = 0, emotion: int | None = None, noise: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings under an offset, or an offset for each, and their emotions; all of one, or any."""
    random = np.random.default_rng(seed)
    emotions = random.integers(EMOTIONS, size=count) if emotion is None else np.full(count, emotion)
    return model.means[emotions] + offset + noise * random.normal(size=(count, WIDTH)), emotions


def accuracy(model: OffsetModel, given: tuple[np.ndarray, np.ndarray], known: Any = None) -> float:
    embeddings, emotions = given
    offset = None if known is None else model.learn(known)
    return float((model.log_probabilities(embeddings, offset).argmax(axis=1) == emotions).mean())


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_probabilities_in_one_dimension(temperature: float) -> None:
    model = OffsetModel(np.array([[-1.0], [1.0]]), np.array([2.0]), np.array([1.0]), temperature)
    x = np.array([-2.0, 0.0, 0.5, 3.0])
    got = np.exp(model.log_probabilities(x[:, None]))
    # ((x + 1)² - (x - 1)²) / 2, under the variance 1 + 2.
    assert got[:, 1] == pytest.approx(expit(2 * x / 3 / temperature))
    assert got.sum(axis=1) == pytest.approx(1)
    # An offset that is known nearly exactly moves the border there, and leaves the variance 1.
    offset = OffsetModel(np.zeros((1, 1)), np.array([2.0]), np.array([1.0])).learn(np.full((10_000, 1), 0.5))
    assert np.exp(model.log_probabilities(x[:, None], offset))[:, 1] == pytest.approx(
        expit(2 * (x - 0.5) / temperature), abs=1e-3
    )


def test_the_offset_of_one_emotion_is_the_residual() -> None:
    """With one emotion there is nothing to guess: the posterior of a normal mean in closed form."""
    offset = OffsetModel(np.zeros((1, 1)), np.array([2.0]), np.array([1.0])).learn([[1.0], [2.0]])
    reach = 2.0 + 0.05  # the offset variance of training, with a margin
    assert offset.mean == pytest.approx([reach / (1 + 2 * reach) * 3])
    assert offset.variance == pytest.approx([reach / (1 + 2 * reach)])
    assert offset.count == 2


def test_a_planted_offset_is_found_without_labels(model: OffsetModel) -> None:
    planted = np.linspace(-2, 2, WIDTH)
    known, _ = utterances(model, planted, 200)
    offset = model.learn(known)
    assert np.abs(offset.mean - planted).max() < 5 * np.sqrt(offset.variance).max()
    new = utterances(model, planted, 500, seed=1)
    assert accuracy(model, new, known) > accuracy(model, new) + 0.05
    # Nearly as accurate as with the true offset.
    exact = accuracy(OffsetModel(model.means, np.full(WIDTH, 1e-9), model.speaker_variance), (new[0] - planted, new[1]))
    assert accuracy(model, new, known) > exact - 0.01


def test_more_segments_give_a_better_offset(model: OffsetModel) -> None:
    random = np.random.default_rng(4)
    found = dict.fromkeys((0, 1, 5, 40), 0.0)
    for seed in range(60):
        planted = random.normal(0, np.sqrt(model.offset_variance))
        known, new = utterances(model, planted, 40, seed=seed)[0], utterances(model, planted, 100, seed=100 + seed)
        for count in found:
            found[count] += accuracy(model, new, known[:count]) / 60
    none, one, five, many = found.values()
    assert none < one < five < many
    assert many > none + 0.1


def test_no_segments_give_the_initial_offset(model: OffsetModel) -> None:
    offset = model.learn(np.zeros((0, WIDTH)))
    assert offset.count == 0
    assert np.array_equal(offset.mean, model.initial_offset.mean)
    assert np.array_equal(offset.variance, model.offset_variance)
    embeddings, _ = utterances(model, 0.0, 5)
    assert np.array_equal(model.log_probabilities(embeddings, offset), model.log_probabilities(embeddings))


def test_recordings_of_one_emotion_do_little_harm(model: OffsetModel) -> None:
    """One emotion resembles an offset; the prior of small offsets prevents the confusion."""
    random = np.random.default_rng(5)
    unadapted, adapted = [], []
    for seed in range(40):
        planted = random.normal(0, np.sqrt(model.offset_variance))
        known, _ = utterances(model, planted, 20, seed=seed, emotion=seed % EMOTIONS)
        new = utterances(model, planted, 100, seed=100 + seed)
        unadapted.append(accuracy(model, new))
        adapted.append(accuracy(model, new, known))
    assert np.mean(adapted) > np.mean(unadapted) - 0.02


def test_one_embedding_is_a_row(model: OffsetModel) -> None:
    embeddings, _ = utterances(model, 1.0, 1)
    assert np.array_equal(model.log_probabilities(embeddings[0]), model.log_probabilities(embeddings))
    assert np.array_equal(model.learn(embeddings[0]).mean, model.learn(embeddings).mean)


def test_distant_embeddings_do_not_overflow(model: OffsetModel) -> None:
    far = np.full((3, WIDTH), 900.0)
    offset = model.learn(far)
    assert np.isfinite(offset.mean).all()
    assert np.isfinite(model.log_probabilities(far, offset)).all()
    assert model.speaker_count(np.tile(far, (5, 1))) in ("one", "several", "unknown")


def test_one_speaker_is_distinguished_from_several(model: OffsetModel) -> None:
    """Of real voices utterances vary less than the noise of a model, which is shrunken, and knows distortion."""
    random = np.random.default_rng(6)
    shown: dict[str, list[str]] = {"one": [], "several": []}
    for seed in range(20):
        same = random.normal(0, np.sqrt(model.offset_variance))
        other = same + random.normal(0, np.sqrt(model.speaker_variance), (40, WIDTH))
        shown["one"].append(model.speaker_count(utterances(model, same, 40, seed=seed, noise=NOISE)[0]))
        shown["several"].append(model.speaker_count(utterances(model, other, 40, seed=seed, noise=NOISE)[0]))
    assert shown["one"].count("one") >= 18
    assert shown["several"].count("several") >= 18


def test_many_speakers_of_one_emotion_give_a_small_offset(model: OffsetModel) -> None:
    """A temperature makes one emotion look like an offset of all; of one voice that is safer, of several it is not."""
    soft = dataclasses.replace(model, temperature=8.0)
    random = np.random.default_rng(8)
    for emotion in range(EMOTIONS):
        voices = random.normal(0, np.sqrt(2 * model.speaker_variance), (200, WIDTH))
        rows, _ = utterances(model, voices, 200, emotion=emotion, seed=emotion)
        assert soft.speaker_count(rows) == "several"
        assert soft.learn(rows).mean == pytest.approx(model.learn(rows).mean)
    same, _ = utterances(model, random.normal(0, 1, WIDTH), 50, noise=NOISE)
    assert soft.speaker_count(same) == "one"
    assert soft.learn(same).mean != pytest.approx(model.learn(same).mean, abs=1e-3)


def test_with_one_training_speaker_the_speaker_count_is_unknown(model: OffsetModel) -> None:
    alone = dataclasses.replace(model, speaker_variance=np.zeros(WIDTH))
    assert alone.speaker_count(utterances(model, 0.5, 40)[0]) == "unknown"


def test_with_few_segments_the_speaker_count_is_unknown(model: OffsetModel) -> None:
    embeddings, _ = utterances(model, 0.5, 10, noise=NOISE)
    assert model.speaker_count(embeddings[:9]) == "unknown"
    assert model.speaker_count(np.zeros((0, WIDTH))) == "unknown"
    assert model.speaker_count(embeddings) == "one"


def test_a_model_is_the_same_after_it_was_written(model: OffsetModel) -> None:
    content = json.loads(json.dumps(model.to_dict()))
    again = OffsetModel.from_dict(content)
    for name in ("means", "offset_variance", "speaker_variance"):
        assert getattr(again, name) == pytest.approx(getattr(model, name), abs=1e-5)
    assert again.temperature == model.temperature
    assert again.n_dimensions == WIDTH
    assert again.to_dict() == content


@pytest.mark.parametrize(
    "change",
    [
        *({name: None} for name in ("means", "offset_variance", "speaker_variance", "temperature")),
        {"means": [1.0, 2.0]},
        {"means": [[1.0, 2.0]]},
        {"means": [[float("nan")] * WIDTH]},
        {"means": [[1.0] * WIDTH, [1.0]]},
        {"means": "far"},
        {"offset_variance": [1.0]},
        {"offset_variance": [-1.0] * WIDTH},
        {"offset_variance": [float("inf")] * WIDTH},
        {"speaker_variance": [float("nan")] * WIDTH},
        {"speaker_variance": [[1.0] * WIDTH]},
        {"temperature": 0},
        {"temperature": -1.0},
        {"temperature": float("nan")},
        {"temperature": float("inf")},
        {"temperature": "warm"},
    ],
    ids=str,
)
def test_an_invalid_offset_model_is_refused(change: dict[str, Any], model: OffsetModel) -> None:
    with pytest.raises((TypeError, ValueError)):
        OffsetModel.from_dict(model.to_dict() | change)


@pytest.mark.parametrize("missing", ["means", "offset_variance", "speaker_variance", "temperature"])
def test_a_missing_field_is_named(missing: str, model: OffsetModel) -> None:
    with pytest.raises(KeyError, match=missing):
        OffsetModel.from_dict({name: value for name, value in model.to_dict().items() if name != missing})
