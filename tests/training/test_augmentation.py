from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression

from affetto.training.augmentation import AugmentedClassifier

if TYPE_CHECKING:
    from numpy.typing import NDArray


class NameFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn is untyped
    """The number in a file's name, times a factor."""

    def __init__(self, *, factor: float = 1.0) -> None:
        self.factor = factor

    def fit(self, X: Any, y: object = None) -> Self:  # noqa: ARG002
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        return np.array([[self.factor * int(Path(path).stem)] for path in X]).reshape(-1, 1)

    def __sklearn_is_fitted__(self) -> bool:
        return True


class Remembering(LogisticRegression):  # type: ignore[misc] # scikit-learn is untyped
    """Keeps what it is fitted on."""

    def fit(self, X: Any, y: Any, groups: Any = None, corpora: Any = None) -> Self:
        self.rows_, self.labels_, self.groups_, self.corpora_ = X[:, 0], y, groups, corpora
        super().fit(X, y)
        return self


def fitted(numbers: list[int], corpora: list[str], folder: str = "here") -> Any:
    paths = [Path(folder) / f"{number}.wav" for number in numbers]
    chain = AugmentedClassifier(
        NameFeatures(), Remembering(), copies=[{"factor": 1e3}, {"factor": 1e6}, {"factor": 1e9}]
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


@pytest.mark.parametrize(("times", "copies"), [(1, 4), (2, 2), (4, 1), (40, 1)])
def test_large_corpora_are_heard_in_fewer_copies_each(times: int, copies: int) -> None:
    small, large = list(range(1, 10)), list(range(101, 101 + 9 * times))
    model = fitted([*small, *large], ["small"] * 9 + ["large"] * 9 * times)
    is_large = model.corpora_ == "large"
    assert np.count_nonzero(~is_large) == 4 * 9
    assert np.count_nonzero(is_large) == copies * len(large)


def test_a_recording_is_heard_the_same_among_others_and_elsewhere() -> None:
    small, large = list(range(1, 10)), list(range(101, 201))
    one = fitted([*small, *large], ["small"] * 9 + ["large"] * 100)
    other = fitted([*small, *large[:60]], ["small"] * 9 + ["large"] * 60, folder="there/deeper")
    assert set(other.rows_) <= set(one.rows_)
    # All kinds of copies occur.
    assert {len(str(int(row))) for row in one.rows_[one.corpora_ == "large"]} == {3, 6, 9, 12}
