from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from affetto.adaptation.offset_model import OffsetModel
from affetto.adaptation.online import REMEMBERED, OnlineAdapter
from affetto.classifiers.onnx_model import ModelOutput

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, EMOTIONS = 6, 4


@pytest.fixture(scope="module")
def model() -> OffsetModel:
    random = np.random.default_rng(3)
    return OffsetModel(random.normal(0, 1.5, (EMOTIONS, WIDTH)), np.full(WIDTH, 2.0), np.full(WIDTH, 1.5))


def utterances(model: OffsetModel, offset: Any, count: int, seed: int = 0) -> tuple[list[ModelOutput], np.ndarray]:
    """As the model makes them of a voice that is off by so much, with their emotions."""
    random = np.random.default_rng(seed)
    emotions = random.integers(EMOTIONS, size=count)
    embeddings = model.means[emotions] + offset + random.normal(size=(count, WIDTH))
    return [
        ModelOutput(*pair) for pair in zip(np.exp(model.log_probabilities(embeddings)), embeddings, strict=True)
    ], emotions


def answered(adapter: OnlineAdapter, predicted: Sequence[ModelOutput]) -> np.ndarray:
    """The answers to utterances in turn, each remembered for those after it."""
    rows = []
    for one in predicted:
        rows.append(adapter.probabilities(one))
        adapter.add(one)
    return np.array(rows)


def test_each_segment_is_adapted_to_those_before_it(model: OffsetModel) -> None:
    predicted, _ = utterances(model, 1.0, 12)
    answers = answered(OnlineAdapter(model), predicted)
    embeddings = np.array([one.embedding for one in predicted])
    assert np.array_equal(answers[0], predicted[0].probabilities)
    for place in range(1, 12):
        offset = model.learn(embeddings[:place])
        wanted = np.exp(model.log_probabilities(embeddings[place], offset))[0]
        assert answers[place] == pytest.approx(wanted)
        assert not np.allclose(answers[place], predicted[place].probabilities, atol=1e-9)


def test_a_recording_is_adapted_to_itself_after_two_segments(model: OffsetModel) -> None:
    predicted, _ = utterances(model, 0.0, 3)
    adapter = OnlineAdapter(model)
    shown = []
    for one in predicted:
        shown.append(adapter.adapted_to)
        adapter.add(one)
    assert [*shown, adapter.adapted_to] == [None, None, "recording", "recording"]


def test_only_added_segments_are_remembered(model: OffsetModel) -> None:
    predicted, _ = utterances(model, 1.0, 5)
    adapter, other = OnlineAdapter(model), OnlineAdapter(model)
    for one in predicted:
        for interim in utterances(model, -1.0, 3, seed=5)[0]:
            adapter.probabilities(interim)
        assert np.array_equal(adapter.probabilities(one), other.probabilities(one))
        adapter.add(one)
        other.add(one)


def test_with_a_profile_nothing_else_is_learned(model: OffsetModel) -> None:
    predicted, _ = utterances(model, 1.0, 30)
    known = model.learn(np.array([one.embedding for one in predicted[:20]]))
    adapter = OnlineAdapter(model, known)
    assert adapter.adapted_to == "profile"
    others = utterances(model, -2.0, 20, seed=1)[0]
    before = adapter.probabilities(predicted[20])
    answered(adapter, others)
    assert np.array_equal(adapter.probabilities(predicted[20]), before)
    assert before == pytest.approx(np.exp(model.log_probabilities(predicted[20].embedding, known))[0])


def test_without_a_model_nothing_is_adapted(model: OffsetModel) -> None:
    predicted = [ModelOutput(np.array([0.7, 0.3], np.float32), np.zeros(0, np.float32))] * 3
    adapter = OnlineAdapter(None)
    assert np.array_equal(answered(adapter, predicted), [[np.float32(0.7), np.float32(0.3)]] * 3)
    assert adapter.adapted_to is None


def test_recognition_improves_with_more_segments_of_a_speaker(model: OffsetModel) -> None:
    random = np.random.default_rng(2)
    right = []
    for seed in range(80):
        predicted, emotions = utterances(model, random.normal(0, np.sqrt(2.0), WIDTH), 30, seed=seed)
        right.append(answered(OnlineAdapter(model), predicted).argmax(axis=1) == emotions)
    first, middle, last = (np.mean(np.array(right)[:, part]) for part in (slice(0, 1), slice(1, 5), slice(20, 30)))
    assert first < middle < last
    assert last > first + 0.05


def test_only_the_latest_segments_are_remembered(model: OffsetModel) -> None:
    """After an hour of one speaker, only the last REMEMBERED segments, of another speaker, count."""
    before, now = utterances(model, -1.5, 1_000)[0], utterances(model, 1.5, REMEMBERED, seed=1)[0]
    adapter = OnlineAdapter(model)
    for predicted in [*before, *now]:
        adapter.add(predicted)
    asked, _ = utterances(model, 1.5, 20, seed=2)
    alone = OnlineAdapter(model)
    for predicted in now:
        alone.add(predicted)
    for predicted in asked:
        assert np.array_equal(adapter.probabilities(predicted), alone.probabilities(predicted))


def test_alternating_speakers_are_recognized_almost_as_well(model: OffsetModel) -> None:
    """The offsets of the speakers cancel out; the common offset is learned."""
    random = np.random.default_rng(2)
    adapted, unadapted = [], []
    for seed in range(40):
        turns = random.normal(0, np.sqrt(1.5), (4, WIDTH))[np.arange(60) % 4]
        predicted, emotions = utterances(model, turns, 60, seed=seed)
        adapted.append((answered(OnlineAdapter(model), predicted).argmax(axis=1) == emotions).mean())
        unadapted.append(np.mean([one.probabilities.argmax() for one in predicted] == emotions))
    assert np.mean(adapted) > np.mean(unadapted) - 0.02


def test_extreme_embeddings_give_finite_probabilities(model: OffsetModel) -> None:
    predicted, _ = utterances(model, 1.0, 3)
    adapter = OnlineAdapter(model)
    with np.errstate(all="raise", under="ignore"):
        first, far, last = predicted
        far = ModelOutput(far.probabilities, far.embedding + 1_000)
        answers = answered(adapter, [first, far, last])
    assert answers.sum(axis=1) == pytest.approx(1)


def test_memory_is_bounded(model: OffsetModel) -> None:
    adapter = OnlineAdapter(model)
    held = []
    tracemalloc.start()
    try:
        for part in range(6):
            answered(adapter, utterances(model, 0.0, 200, seed=part)[0])
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert max(held[2:]) - held[1] < 50_000
