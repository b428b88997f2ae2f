from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression

from affetto.training.augmented import AugmentedClassifier

if TYPE_CHECKING:
    from numpy.typing import NDArray


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


class Remembering(LogisticRegression):
    """Keeps what it is fitted on."""

    def fit(
        self, X: Any, y: Any, groups: Any = None, corpora: Any = None, copies: Any = None, recordings: Any = None
    ) -> Self:
        self.rows_, self.labels_, self.groups_, self.corpora_ = X[:, 0], y, groups, corpora
        self.copies_, self.recordings_ = copies, recordings
        super().fit(X, y)
        return self


def fitted(numbers: list[int], corpora: list[str], folder: str = "here", *, balanced: bool = True) -> Any:
    paths = [Path(folder) / f"{number}.wav" for number in numbers]
    chain = AugmentedClassifier(
        NameFeatures(),
        Remembering(),
        copies=[{"factor": 1e3}, {"factor": 1e6}, {"factor": 1e9}],
        balanced=balanced,
    )
    y = np.array(numbers) % 2
    speakers = [f"s{number % 5}" for number in numbers]
    return chain.fit(paths, y, groups=speakers, corpora=corpora).classifier_


def test_every_recording_of_one_corpus_is_heard_in_every_copy() -> None:
    model = fitted(list(range(1, 9)), ["a"] * 8)
    assert sorted(model.rows_) == sorted(n * f for n in range(1, 9) for f in (1, 1e3, 1e6, 1e9))
    for row, label, speaker in zip(model.rows_, model.labels_, model.groups_, strict=True):
        number = int(str(int(row)).rstrip("0") or 0)
        assert label == number % 2
        assert speaker == f"s{number % 5}"


@pytest.mark.parametrize("times", [1, 2, 4, 40])
def test_of_large_corpora_a_smaller_part_is_copied(times: int) -> None:
    """All of their recordings are heard as they are, and about as many copies as the smallest corpus has."""
    small, large = list(range(1, 51)), list(range(1_001, 1_001 + 50 * times))
    model = fitted([*small, *large], ["small"] * 50 + ["large"] * 50 * times)
    is_large = model.corpora_ == "large"
    for copy, factor in enumerate((1, 1e3, 1e6, 1e9)):
        assert sorted(model.rows_[~is_large & (model.copies_ == copy)]) == [number * factor for number in small]
        copied = model.rows_[is_large & (model.copies_ == copy)] / factor
        assert len(set(copied)) == len(copied)
        assert set(copied) <= set(large)
        assert copy > 0 or len(copied) == len(large)
        assert copy == 0 or len(copied) == pytest.approx(50, abs=20)


def test_all_recordings_of_large_corpora_are_copied_where_that_is_asked_for() -> None:
    numbers = list(range(1, 111))
    model = fitted(numbers, ["small"] * 10 + ["large"] * 100, balanced=False)
    assert sorted(model.rows_) == sorted(n * f for n in numbers for f in (1, 1e3, 1e6, 1e9))


def test_each_copy_says_of_which_recording_it_is() -> None:
    small, large = list(range(1, 10)), list(range(101, 201))
    numbers = [*small, *large]
    model = fitted(numbers, ["small"] * 9 + ["large"] * 100)
    for row, copy, recording in zip(model.rows_, model.copies_, model.recordings_, strict=True):
        assert row == numbers[recording] * (1, 1e3, 1e6, 1e9)[copy]


def test_a_recording_is_copied_the_same_among_others_and_elsewhere() -> None:
    small, large = list(range(1, 10)), list(range(101, 201))

    def copies(kept: int, folder: str = "here") -> set[tuple[int, int]]:
        """Which of the first sixty large recordings are copied, and how."""
        numbers = [*small, *large[:kept]]
        model = fitted(numbers, ["small"] * 9 + ["large"] * kept, folder=folder)
        heard = zip(model.recordings_, model.copies_, strict=True)
        return {(numbers[recording], copy) for recording, copy in heard if copy and 100 < numbers[recording] <= 160}

    assert copies(60) == copies(60, folder="there/deeper")
    # Of a larger corpus a smaller part is copied, and no others.
    assert copies(100) < copies(60)
    assert {copy for _, copy in copies(60)} == {1, 2, 3}
