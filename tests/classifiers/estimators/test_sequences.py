from __future__ import annotations

import numpy as np
import pytest

from affetto.classifiers.estimators.sequences import SequenceScaler


def sequences(n: int = 40, width: int = 6, seed: int = 0) -> list[np.ndarray]:
    """Ragged, of correlated features with offsets, in half precision as the front ends give them."""
    random = np.random.default_rng(seed)
    mixing = random.normal(size=(width, width))
    return [
        (random.normal(size=(random.integers(1, 60), width)) @ mixing + np.arange(width)).astype(np.float16)
        for _ in range(n)
    ]


def test_scaler_standardizes_over_all_frames_and_keeps_lengths() -> None:
    X = sequences()
    scaled = SequenceScaler().fit(X).transform(X)
    assert [s.shape for s in scaled] == [s.shape for s in X]
    assert all(s.dtype == np.float32 for s in scaled)
    frames = np.concatenate(list(scaled))
    assert np.allclose(frames.mean(0), 0, atol=1e-3)
    assert np.allclose(frames.std(0), 1, atol=1e-3)


def test_scaler_clips_outliers() -> None:
    scaler = SequenceScaler(limit=2).fit(sequences())
    (scaled,) = scaler.transform([np.full((3, 6), 1e3, np.float32)])
    assert np.array_equal(scaled, np.full((3, 6), 2.0))


def test_a_constant_feature_is_left_alone() -> None:
    X = [np.full((5, 1), 0.1, np.float16)] * 3
    (scaled,) = SequenceScaler().fit(X).transform([X[0] + 1])
    assert np.allclose(scaled, 1, atol=2e-3)


def test_a_recording_is_transformed_alone() -> None:
    X = sequences()
    fitted = SequenceScaler().fit(X)
    together = fitted.transform(X)
    for index in (0, 7):
        assert np.allclose(fitted.transform(X[index : index + 1])[0], together[index], atol=1e-6)


@pytest.mark.parametrize("limit", [0, -1.0, float("nan")])
def test_a_limit_that_is_not_positive_is_named(limit: float) -> None:
    with pytest.raises(ValueError, match=f"limit is {limit}"):
        SequenceScaler(limit=limit).fit(sequences())
