"""Acoustic measures of neutral speech, to compare with.

Measured by ``benchmarks.neutral`` on the neutral clips of RAVDESS and nEMO: single sentences, read or acted. Each
clip is measured over its longest segment, and every speaker has the same weight. Low voices are those of
men, high voices those of women.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Percentiles(NamedTuple):
    """The 10th, 50th and 90th percentile of a measure."""

    low: float
    median: float
    high: float


NEUTRAL: Mapping[str, Mapping[str, Percentiles]] = {
    "low": {
        "f0_hz": Percentiles(94, 112, 148),
        "f0_range_semitones": Percentiles(6, 8, 15),
        "loudness_range_db": Percentiles(16, 20, 22),
        "articulation_rate_syllables_per_s": Percentiles(3.7, 4.9, 5.7),
        "spectral_centroid_hz": Percentiles(321, 415, 542),
    },
    "high": {
        "f0_hz": Percentiles(179, 203, 235),
        "f0_range_semitones": Percentiles(5, 8, 13),
        "loudness_range_db": Percentiles(18, 20, 22),
        "articulation_rate_syllables_per_s": Percentiles(4, 4.5, 5.2),
        "spectral_centroid_hz": Percentiles(336, 485, 614),
    },
}
"""The measures of low and of high voices, by the names of the fields of `AcousticMeasures`."""
