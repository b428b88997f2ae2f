from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA

from affetto.classifiers.sequences import SequenceComponents, SequenceScaler, SequenceStatistics


def sequences(n: int = 40, width: int = 6, seed: int = 0) -> list[np.ndarray]:
    """Ragged, of correlated features with offsets, in half precision as the front ends give them."""
    random = np.random.default_rng(seed)
    mixing = random.normal(size=(width, width))
    return [
        (random.normal(size=(random.integers(1, 60), width)) @ mixing + np.arange(width)).astype(np.float16)
        for _ in range(n)
    ]


def test_statistics_are_means_and_deviations_over_time() -> None:
    X = sequences()
    rows = SequenceStatistics().fit(X).transform(X)
    assert rows.dtype == np.float32
    for row, sequence in zip(rows, X, strict=True):
        frames = sequence.astype(np.float64)
        assert np.allclose(row, np.concatenate([frames.mean(0), frames.std(0)]), atol=1e-3)


def test_statistics_of_loud_features_do_not_overflow_half_precision() -> None:
    row = SequenceStatistics().transform([np.full((3_000, 2), 6e4, np.float16)])
    assert np.allclose(row, [[60_000, 60_000, 0, 0]], atol=10)


def test_scaler_standardizes_over_all_frames_and_keeps_lengths() -> None:
    X = sequences()
    scaled = SequenceScaler().fit(X).transform(X)
    assert [s.shape for s in scaled] == [s.shape for s in X]
    assert all(s.dtype == np.float32 for s in scaled)
    frames = np.concatenate(list(scaled))
    assert np.allclose(frames.mean(0), 0, atol=1e-3)
    assert np.allclose(frames.std(0), 1, atol=1e-3)


def test_scaler_clips_what_lies_far_outside() -> None:
    scaler = SequenceScaler(limit=2).fit(sequences())
    (scaled,) = scaler.transform([np.full((3, 6), 1e3, np.float32)])
    assert np.array_equal(scaled, np.full((3, 6), 2.0))


def test_a_constant_feature_is_left_alone() -> None:
    X = [np.full((5, 1), 0.1, np.float16)] * 3
    (scaled,) = SequenceScaler().fit(X).transform([X[0] + 1])
    assert np.allclose(scaled, 1, atol=2e-3)


@pytest.mark.parametrize("whitening", [0.0, 0.5, 1.0])
def test_components_are_the_principal_ones(whitening: float) -> None:
    X = sequences(200)
    components = SequenceComponents(n_components=4, whitening=whitening).fit(X).transform(X)
    got = np.concatenate(list(components))
    scaled = np.concatenate(list(SequenceScaler().fit(X).transform(X)))
    theirs = PCA(4).fit(scaled).transform(scaled)
    for ours, wanted in zip(got.T, theirs.T, strict=True):
        assert abs(np.corrcoef(ours, wanted)[0, 1]) > 0.999
    deviations, loudness = got.std(0), theirs.std(0)
    # Each is as loud as it was, to the power that whitening leaves, and together they have unit variance.
    wanted = loudness ** (1 - whitening)
    assert np.allclose(deviations / deviations[0], wanted / wanted[0], rtol=1e-2)
    assert np.sqrt((deviations**2).mean()) == pytest.approx(1, abs=1e-2)


def test_components_do_not_depend_on_the_order_of_recordings() -> None:
    X = sequences(130)
    one, other = SequenceComponents(n_components=3).fit(X), SequenceComponents(n_components=3).fit(X[::-1])
    assert np.allclose(one.components_, other.components_, atol=1e-3)


def test_there_are_no_more_components_than_features() -> None:
    X = sequences()
    assert SequenceComponents(n_components=320).fit(X).transform(X)[0].shape == (len(X[0]), 6)


@pytest.mark.parametrize("transformer", [SequenceStatistics(), SequenceScaler(), SequenceComponents(n_components=3)])
def test_a_recording_is_transformed_alone(transformer: Any) -> None:
    X = sequences()
    fitted = clone(transformer).fit(X)
    together = fitted.transform(X)
    for index in (0, 7):
        assert np.allclose(fitted.transform(X[index : index + 1])[0], together[index], atol=1e-6)


@pytest.mark.parametrize(
    ("transformer", "message"),
    [
        (SequenceScaler(limit=0), "limit is 0"),
        (SequenceScaler(limit=float("nan")), "limit is nan"),
        (SequenceComponents(n_components=0), "n_components is 0"),
        (SequenceComponents(whitening=1.5), "whitening is 1.5"),
    ],
)
def test_a_senseless_parameter_is_named(transformer: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        transformer.fit(sequences())
