"""How neutral speech sounds: what acoustic measures compare with.

Measured by ``benchmarks/neutral.py`` on the neutral clips of RAVDESS and nEMO, in which single sentences are read or
acted. Each clip is measured as a recording is, over the longest segment that is found in it, and every speaker counts
the same. Low voices are men's, high voices women's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Usual(NamedTuple):
    """How a measure is distributed over neutral speech.

    Attributes
    ----------
    low, median, high : float
        The 10th, 50th and 90th percentile.
    """

    low: float
    median: float
    high: float


NEUTRAL: Mapping[str, Mapping[str, Usual]] = {
    "low": {
        "f0_hz": Usual(94, 112, 148),
        "f0_range_semitones": Usual(6, 8, 15),
        "loudness_range_db": Usual(16, 20, 22),
        "articulation_rate_syllables_per_s": Usual(3.7, 4.9, 5.7),
        "spectral_centroid_hz": Usual(321, 415, 542),
    },
    "high": {
        "f0_hz": Usual(179, 203, 235),
        "f0_range_semitones": Usual(5, 8, 13),
        "loudness_range_db": Usual(18, 20, 22),
        "articulation_rate_syllables_per_s": Usual(4, 4.5, 5.2),
        "spectral_centroid_hz": Usual(336, 485, 614),
    },
}
"""Each measure of low and of high voices, under the name of the field of `AcousticMeasures`."""
