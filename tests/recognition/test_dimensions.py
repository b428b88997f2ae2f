"""Arousal and valence from probabilities."""

import numpy as np
import pytest

from affetto.corpora.base import EMOTIONS
from affetto.recognition.dimensions import dimensions


@pytest.mark.parametrize(
    ("emotion", "arousal", "valence"),
    [
        ("angry", 1, -1),
        ("happy", 1, 1),
        ("fearful", 1, -1),
        ("surprised", 1, 0),
        ("neutral", -1, 0),
        ("calm", -1, 0),
        ("sad", -1, -1),
        ("disgust", 0, -1),
    ],
)
def test_a_certain_emotion_lies_on_its_side(emotion: str, arousal: int, valence: int) -> None:
    certain = [float(label == emotion) for label in EMOTIONS]
    assert dimensions(EMOTIONS, certain) == pytest.approx((arousal, valence))


def test_values_stay_between_the_ends_for_any_probabilities() -> None:
    rows = np.random.default_rng(0).dirichlet(np.full(len(EMOTIONS), 0.1), size=1000)
    for values in dimensions(EMOTIONS, rows):
        assert values.shape == (1000,)
        assert np.abs(values).max() <= 1


def test_probable_neutral_speech_lies_near_the_middle_of_valence() -> None:
    neutral = [0.93 if label == "neutral" else 0.01 for label in EMOTIONS]
    assert abs(dimensions(EMOTIONS, neutral).valence) < 0.15


def test_labels_without_a_side_give_zero() -> None:
    assert [float(value) for value in dimensions(["bored", "amused"], [0.5, 0.5])] == [0, 0]
