from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression

from affetto.training.augmented import AugmentedClassifier

if TYPE_CHECKING:
    from numpy.typing import NDArray

FACTORS = (1, 1e3, 1e6, 1e9)


class NameFeatures(TransformerMixin, BaseEstimator):
    """The number in a file's name, times a factor."""

    def __init__(self, *, factor: float = 1.0) -> None:
        self.factor = factor

    def fit(self, X: Any, y: object = None) -> Self:  # noqa: ARG002
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        return np.array([[self.factor * int(Path(path).stem)] for path in X]).reshape(-1, 1)

    def __sklearn_is_fitted__(self) -> bool:
        return True


class Recording(LogisticRegression):
    """A classifier that keeps its training data."""

    def fit(
        self, X: Any, y: Any, groups: Any = None, corpora: Any = None, augmented: Any = None, recordings: Any = None
    ) -> Self:
        self.given_ = {"row": X[:, 0], "label": y, "speaker": groups, "corpus": corpora, "augmented": augmented}
        self.given_["recording"] = recordings
        super().fit(X, y)
        return self


class Sample(NamedTuple):
    number: int
    factor: float
    label: int
    speaker: str
    corpus: str
    augmented: bool


def samples(corpora: dict[str, list[int]], folder: str = "here", *, balanced: bool = True) -> list[Sample]:
    """Return the training data of the classifier."""
    numbers = [number for corpus in corpora.values() for number in corpus]
    pipeline = AugmentedClassifier(
        NameFeatures(), Recording(), augmentations=[{"factor": factor} for factor in FACTORS[1:]], balanced=balanced
    )
    pipeline.fit(
        [Path(folder) / f"{number}.wav" for number in numbers],
        np.array(numbers) % 2,
        groups=[f"s{number % 5}" for number in numbers],
        corpora=np.repeat(list(corpora), [len(corpus) for corpus in corpora.values()]),
    )
    given = pipeline.classifier_.given_
    number = np.array(numbers)[given["recording"]]
    columns = (number, given["row"] / number, *(given[name] for name in Sample._fields[2:]))
    return [Sample(*values) for values in zip(*(column.tolist() for column in columns), strict=True)]


@pytest.mark.parametrize(
    ("corpora", "balanced"), [({"a": list(range(1, 9))}, True), ({"a": list(range(1, 9)), "b": [9, 10]}, False)]
)
def test_every_recording_is_augmented_in_every_way(corpora: dict[str, list[int]], balanced: bool) -> None:
    found = samples(corpora, balanced=balanced)
    numbers = [number for corpus in corpora.values() for number in corpus]
    assert sorted((s.number, s.factor) for s in found) == [(n, f) for n in numbers for f in FACTORS]
    for sample in found:
        assert sample.label == sample.number % 2
        assert sample.speaker == f"s{sample.number % 5}"
        assert sample.augmented == (sample.factor != 1)


@pytest.mark.parametrize("times", [1, 2, 4, 40])
def test_large_corpora_have_about_as_many_copies_as_the_smallest(times: int) -> None:
    small, large = list(range(1, 51)), list(range(1_001, 1_001 + 50 * times))
    found = samples({"small": small, "large": large})
    for factor in FACTORS:
        assert sorted(s.number for s in found if (s.corpus, s.factor) == ("small", factor)) == small
        copied = [s.number for s in found if (s.corpus, s.factor) == ("large", factor)]
        assert len(set(copied)) == len(copied)
        assert set(copied) <= set(large)
        assert len(copied) == (len(large) if factor == 1 else pytest.approx(50, abs=20))


def test_neither_other_recordings_nor_the_folder_change_how_a_recording_is_augmented() -> None:
    def copies(kept: int, folder: str = "here") -> set[tuple[int, float]]:
        """Return which of the first sixty large recordings are augmented, and how."""
        found = samples({"small": list(range(1, 10)), "large": list(range(101, 101 + kept))}, folder)
        return {(s.number, s.factor) for s in found if s.augmented and 100 < s.number <= 160}

    assert copies(60) == copies(60, folder="there/deeper")
    # A smaller part of a larger corpus.
    assert copies(100) < copies(60)
    assert {factor for _, factor in copies(60)} == set(FACTORS[1:])
