"""F0 and periodicity, by autocorrelation and a best path.

References
----------
P. Boersma: Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled
sound. Proceedings of the Institute of Phonetic Sciences 17, 1993. (Candidates, their strength, and the path.)

C. De Looze, D. Hirst: Detecting changes in key and range for the automatic modelling and coding of intonation. Speech
Prosody, 2008. (The F0 range from the quartiles of a first pass.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from affetto.features.acoustic.spectrum import FREQUENCIES_HZ, SAMPLE_RATE_HZ, TINY, window_autocorrelation

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOWEST_HZ, HIGHEST_HZ = 60.0, 800.0
_N_CANDIDATES = 5
_AUDIBLE_DB = -35.0  # relative to the loud frames of the utterance
_UNVOICED_STRENGTH = 0.48
_VOICING_COST = 0.12
_OCTAVE_COST = 0.5
_HEIGHT_BONUS = 0.05  # per octave: half of F0 is as periodic as F0 itself


def candidates(power: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the strongest peaks of the autocorrelation of power spectra, shape (n_bins, n_frames).

    Their frequencies in Hz and their heights, 1 for periodic frames, have the shape (n_candidates, n_frames).
    """
    # Above 1.2 kHz the harmonics of breathy or tense speech only add noise.
    weight = np.clip((1800.0 - FREQUENCIES_HZ) / 600.0, 0, 1).astype(np.float32)[:, None]
    shortest, longest = int(SAMPLE_RATE_HZ / HIGHEST_HZ), int(SAMPLE_RATE_HZ / LOWEST_HZ) + 1
    correlation = np.fft.irfft(power * weight, axis=0)[: longest + 2].astype(np.float32)
    # The autocorrelation of the window decreases with the lag, so that long periods would seem weak.
    correlation /= np.maximum(correlation[:1], TINY) * window_autocorrelation()[: longest + 2, None]
    middle, left, right = (correlation[shortest + shift : longest + 1 + shift] for shift in (0, -1, 1))
    peaks = np.where((middle > left) & (middle >= right), middle, -1.0)
    # With a high F0, multiples of its period could push the period itself out of the candidates.
    lags = np.arange(shortest, longest + 1)[:, None]
    preference = peaks + _HEIGHT_BONUS * np.log2(longest / lags, dtype=np.float32)
    best = np.argpartition(-preference, _N_CANDIDATES, axis=0)[:_N_CANDIDATES]
    left, middle, right, strength = (np.take_along_axis(a, best, axis=0) for a in (left, middle, right, peaks))
    # Parabolic interpolation of the peak.
    curvature = np.minimum(left - 2 * middle + right, -1e-9)
    lag = best + shortest + np.clip(0.5 * (left - right) / curvature, -0.5, 0.5)
    return (SAMPLE_RATE_HZ / lag).astype(np.float32), np.clip(strength, -1, 1).astype(np.float32)


def track(
    frequency: NDArray[np.float32], strength: NDArray[np.float32], level_db: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return F0 in Hz, 0 in unvoiced frames, and the periodicity, 0 to 0.999, by the best path through the candidates.

    Parameters
    ----------
    frequency, strength : ndarray, shape (n_candidates, n_frames)
        From `candidates`.
    level_db : ndarray, shape (n_frames,)
        Level of each frame relative to the loud frames of the utterance.
    """
    n_candidates, n_frames = frequency.shape
    columns = np.arange(n_frames)
    audible = level_db > _AUDIBLE_DB
    octaves = np.log2(np.maximum(frequency, 1))
    scores = strength + _HEIGHT_BONUS * (octaves - np.log2(LOWEST_HZ))
    best = scores.argmax(axis=0)
    sure = frequency[best, columns][audible & (strength[best, columns] > 0.6)]
    if len(sure) >= 5:
        low, high = np.percentile(sure, [25, 75])
        scores = np.where((frequency >= 0.6 * low) & (frequency <= 2.2 * high), scores, scores - 1.0)
    path = _best_path(scores, octaves, np.where(audible, _UNVOICED_STRENGTH, 2.0))
    voiced = path < n_candidates
    chosen = np.minimum(path, n_candidates - 1)
    f0 = np.where(voiced, frequency[chosen, columns], 0.0)
    periodicity = np.where(voiced, strength[chosen, columns], strength.max(axis=0))
    return f0.astype(np.float32), np.clip(periodicity, 0, 0.999).astype(np.float32)


def _best_path(
    scores: NDArray[np.floating], octaves: NDArray[np.floating], unvoiced: NDArray[np.floating]
) -> NDArray[np.intp]:
    """Return the state of each frame by the Viterbi algorithm: one of the candidates, or the last state, unvoiced."""
    n_candidates, n_frames = scores.shape
    local = np.vstack([scores, unvoiced[None]])
    # cost[t, to, from]: per octave for jumps of F0, constant for changes of voicing, 0 for staying unvoiced.
    cost = np.full((n_frames, n_candidates + 1, n_candidates + 1), _VOICING_COST, np.float32)
    jumps = np.abs(octaves.T[1:, :, None] - octaves.T[:-1, None, :])
    cost[1:, :n_candidates, :n_candidates] = _OCTAVE_COST * jumps
    cost[:, n_candidates, n_candidates] = 0
    states = np.arange(n_candidates + 1)
    came_from = np.zeros((n_frames, n_candidates + 1), np.int8)
    total = local[:, 0]
    for t in range(1, n_frames):
        arrivals = total[None, :] - cost[t]
        came_from[t] = arrivals.argmax(axis=1)
        total = arrivals[states, came_from[t]] + local[:, t]
    path = np.empty(n_frames, np.intp)
    path[-1] = total.argmax()
    for t in range(n_frames - 1, 0, -1):
        path[t - 1] = came_from[t, path[t]]
    return path
