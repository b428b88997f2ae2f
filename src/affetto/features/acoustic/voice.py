"""Descriptors of one utterance, and what several groups of features derive from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from affetto.features.acoustic.filters import N_MELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from affetto.features.acoustic.descriptors import Descriptors

_REFERENCE_HZ = 55.0  # pitch is in semitones above this A
_SILENT_PITCH = 24.0  # semitones; for clips without a voiced frame: 220 Hz


class Voice:
    """Descriptors and what several groups of features derive from them.

    Parameters
    ----------
    descriptors : Descriptors

    Attributes
    ----------
    voiced : ndarray of bool, shape (n_frames,)
    semitones : ndarray, shape (n_frames,)
        Pitch, gaps filled by straight lines.
    register : float
        The median pitch of the voiced frames: the speaker's, as far as one clip tells.
    spectral : ndarray, shape (12, n_frames)
        Shape and tilt of the spectrum.
    broad_mel : ndarray, shape (20, n_frames)
        Mel bands in pairs, in dB.
    """

    def __init__(self, descriptors: Descriptors) -> None:
        self.descriptors = descriptors
        self.voiced = descriptors.f0 > 0
        self.semitones = _filled_semitones(descriptors.f0)
        self.register = float(np.median(self.semitones[self.voiced])) if self.voiced.any() else _SILENT_PITCH
        self.spectral = np.vstack([descriptors.shape, descriptors.tilt])
        # Pairs of neighbouring mel bands: half the numbers, hardly less to tell emotions apart by.
        self.broad_mel = descriptors.mel.reshape(N_MELS // 2, 2, -1).mean(axis=1)

    def bridged(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return descriptors that mean something in voiced frames only, with straight lines over the others.

        Parameters
        ----------
        rows : ndarray, shape (n_descriptors, n_frames)

        Returns
        -------
        ndarray, shape (n_descriptors, n_frames)
            Unchanged where nothing is voiced.
        """
        voiced = np.flatnonzero(self.voiced)
        if len(voiced) == 0:
            return rows
        time = np.arange(rows.shape[1])
        return np.stack([np.interp(time, voiced, row[voiced]) for row in rows]).astype(np.float32)


def _filled_semitones(f0: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return pitch in semitones, gaps and edges filled by straight lines."""
    voiced = np.flatnonzero(f0 > 0)
    if len(voiced) == 0:
        return np.full(len(f0), _SILENT_PITCH)
    semitones = 12 * np.log2(f0[voiced].astype(np.float64) / _REFERENCE_HZ)
    return np.asarray(np.interp(np.arange(len(f0)), voiced, semitones))
