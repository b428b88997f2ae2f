"""Rhythm: syllables and pauses in the level of speech.

References
----------
N. H. de Jong, T. Wempe: Praat script to detect syllable nuclei and measure speech rate automatically. Behavior Research
Methods 41(2), 2009. (Nuclei are voiced peaks of intensity between dips.)

F. Goldman-Eisler: Psycholinguistics: experiments in spontaneous speech. Academic Press, 1968. (Silences shorter than
0.25 s belong to articulation.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from affetto.features.acoustic.spectrum import HOP_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SILENCE_DB = 25.0  # below the loudest frames
_DIP_DB = 2.0
MIN_PAUSE_S = 0.25
_SMOOTHING = np.hanning(9)[1:-1] / np.hanning(9).sum()  # about 60 ms together with the window of a frame, as in Praat


class Rhythm(NamedTuple):
    """Syllables and pauses of one utterance.

    Attributes
    ----------
    sounding : ndarray of bool, shape (n_frames,)
        Frames that are not silent.
    nuclei : int
        The number of syllables.
    pauses : int
        The number of silences of at least 0.25 s within the utterance.
    pause_s : float
        Their total duration.
    duration_s : float
        From the first sound to the last, including pauses.
    """

    sounding: NDArray[np.bool_]
    nuclei: int
    pauses: int
    pause_s: float
    duration_s: float


def find_rhythm(level_db: NDArray[np.floating], voiced: NDArray[np.bool_]) -> Rhythm:
    """Find syllables and pauses in the level and the voicing of each frame, shape (n_frames,)."""
    level = np.convolve(np.pad(level_db, len(_SMOOTHING) // 2, mode="edge"), _SMOOTHING, mode="valid")
    floor = np.percentile(level, 99) - _SILENCE_DB
    sounding = level > floor
    frames = np.flatnonzero(sounding)
    gaps = np.diff(frames) - 1
    pauses = gaps[gaps * HOP_S >= MIN_PAUSE_S]
    return Rhythm(
        sounding=sounding,
        nuclei=_count_nuclei(level, voiced & sounding),
        pauses=len(pauses),
        pause_s=float(pauses.sum()) * HOP_S,
        duration_s=float(frames[-1] - frames[0] + 1) * HOP_S,
    )


def _count_nuclei(level: NDArray[np.floating], possible: NDArray[np.bool_]) -> int:
    """Count the possible peaks between dips."""
    nuclei, rising, peak, dip, is_nucleus = 0, True, -np.inf, -np.inf, False
    for value, is_possible in zip(level.tolist(), possible.tolist(), strict=True):
        if rising and value > peak:
            peak, is_nucleus = value, is_possible
        elif rising and peak - value >= _DIP_DB:
            nuclei += is_nucleus
            rising, dip = False, value
        elif not rising and value - dip >= _DIP_DB:
            rising, peak, is_nucleus = True, value, is_possible
        elif not rising:
            dip = min(dip, value)
    return nuclei + (rising and is_nucleus)
