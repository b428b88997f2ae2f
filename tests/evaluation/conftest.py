"""Predictions of known skill, for the tests of the evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Protocol as Signature

import numpy as np
import pytest

from affetto.evaluation import Predictions, get_protocol

if TYPE_CHECKING:
    from affetto.corpora.base import Corpus


class MakePredictions(Signature):
    def __call__(self, *, skill: float, seed: int = 0, protocol: str = "emobox") -> Predictions: ...


@pytest.fixture(scope="session")
def make_predictions(names: Corpus) -> MakePredictions:
    """A system that puts `skill` more on the right emotion, in the mean, than noise puts on any."""

    def make(*, skill: float, seed: int = 0, protocol: str = "emobox") -> Predictions:
        rng = np.random.default_rng(seed)
        labels = names.emotions
        scores = rng.normal(size=(len(names.utterances), len(labels)))
        truth = [labels.index(utterance.emotion) for utterance in names.utterances]
        scores[np.arange(len(truth)), truth] += skill
        probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        fold = np.zeros(len(truth), dtype=np.intp)
        for split in get_protocol(protocol).split(names):
            fold[split.test] = split.number
        return Predictions(
            clip=tuple(utterance.clip for utterance in names.utterances),
            speaker=tuple(utterance.speaker for utterance in names.utterances),
            fold=fold,
            emotion=tuple(utterance.emotion for utterance in names.utterances),
            probabilities=probabilities,
            labels=labels,
            gender=tuple(utterance.gender for utterance in names.utterances),
            intensity=tuple(utterance.intensity for utterance in names.utterances),
        )

    return make
