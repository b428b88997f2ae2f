from __future__ import annotations

import numpy as np
import pytest

from affetto.features.acoustic.functionals import (
    MODULATION_EDGES_HZ,
    STATISTICS,
    autocorrelations,
    correlations,
    delta,
    modulation_spectrum,
    run_lengths,
    segment_means,
    statistics,
)


def test_statistics_of_a_ramp() -> None:
    ramp = np.arange(101.0)[None]
    output = dict(zip(STATISTICS, statistics(ramp)[0], strict=True))
    assert output["mean"] == output["p50"] == 50
    assert output["p10"] == 10
    assert output["p90"] == 90
    assert output["slope"] == pytest.approx(50)  # from one end to the middle
    assert output["delta_mean"] == pytest.approx(1, abs=0.02)
    assert output["std"] == pytest.approx(ramp.std())


def test_statistics_without_frames_are_zeros() -> None:
    assert not statistics(np.zeros((3, 0))).any()


def test_delta_is_the_slope() -> None:
    assert np.allclose(delta(3 * np.arange(20.0))[2:-2], 3)
    assert delta(np.ones(1)).tolist() == [0]


def test_segment_means_are_means_of_equal_parts() -> None:
    assert segment_means(np.arange(12.0)[None], 4).tolist() == [[1, 4, 7, 10]]
    assert segment_means(np.array([[5.0]]), 3).tolist() == [[5, 5, 5]]


@pytest.mark.parametrize("frequency", [1.5, 3, 6, 12, 24])
def test_the_modulation_spectrum_peaks_at_the_rate(frequency: float) -> None:
    envelope = np.sin(2 * np.pi * frequency * np.arange(400) / 100)[None]
    strongest = modulation_spectrum(envelope, 100)[0].argmax()
    assert MODULATION_EDGES_HZ[strongest] <= frequency < MODULATION_EDGES_HZ[strongest + 1]


def test_correlations_have_the_right_signs() -> None:
    x = np.sin(np.arange(500) / 7) * 10
    together, against, _ = correlations(np.stack([x, 2 * x, -x]))
    assert together > 0.9
    assert against < -0.9


def test_autocorrelations_of_a_periodic_descriptor() -> None:
    wave = 10 * np.sin(2 * np.pi * np.arange(400) / 16)[None]
    half, whole = autocorrelations(wave, (8, 16))[:, 0]
    assert half < -0.9
    assert whole > 0.9
    assert autocorrelations(np.ones((1, 3)), (8,)).tolist() == [[0]]


def test_run_lengths() -> None:
    assert run_lengths(np.array([True, True, False, True])).tolist() == [2, 1]
    assert run_lengths(np.zeros(3, bool)).tolist() == []
