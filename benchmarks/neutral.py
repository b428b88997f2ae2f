"""Measure how neutral speech sounds, on the neutral clips of RAVDESS and nEMO.

    python -m benchmarks.neutral RAVDESS NEMO --unseen EMODB

Prints the table of src/affetto/acoustics/reference.py and writes benchmarks/results/neutral.json. Every speaker has the
same weight. Also counts how many neutral clips of another corpus are within the table's usual range.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from affetto.acoustics.measurement import measure_acoustics
from affetto.acoustics.measures import AcousticMeasures
from affetto.corpora import Corpus, load_corpus
from affetto.preprocessing.vad import SpeechSegmenter
from affetto.speech import read
from tools.generated import RESULTS, ROOT, as_json
from tools.provenance import record

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULT = ROOT / RESULTS / "neutral.json"
RATE_HZ = 16_000
GENDERS = {"low": "male", "high": "female"}
DECIMALS = {
    "f0_hz": 0,
    "f0_range_semitones": 0,
    "loudness_range_db": 0,
    "articulation_rate_syllables_per_s": 1,
    "spectral_centroid_hz": 0,
}


class Measured(NamedTuple):
    """One clip: its speaker and its acoustic measures."""

    speaker: str
    gender: str | None
    acoustics: AcousticMeasures


def measure(path: Path) -> AcousticMeasures:
    """Measure the longest segment of a clip."""
    segmenter = SpeechSegmenter(RATE_HZ)
    segments = [*segmenter.push(read(path, sample_rate_hz=RATE_HZ).samples), *segmenter.end()]
    return (
        measure_acoustics(max((segment.samples for segment in segments), key=len), RATE_HZ)
        if segments
        else AcousticMeasures()
    )


def percentiles(values: Sequence[float], speakers: Sequence[str]) -> list[float]:
    """Return the 10th, 50th and 90th percentile. Every speaker has the same weight."""
    clips = Counter(speakers)
    order = np.argsort(values)
    weights = np.array([1 / clips[speaker] for speaker in speakers])[order]
    position = (np.cumsum(weights) - weights / 2) / weights.sum()
    found: list[float] = np.interp([0.1, 0.5, 0.9], position, np.array(values)[order]).tolist()
    return found


def summary(clips: Sequence[Measured]) -> dict[str, Any]:
    usual = {}
    for name, decimals in DECIMALS.items():
        known = [(value, c.speaker) for c in clips if (value := getattr(c.acoustics, name)) is not None]
        values, speakers = zip(*known, strict=True)
        usual[name] = [round(value, decimals) for value in percentiles(values, speakers)]
    return {"speakers": len({clip.speaker for clip in clips}), "clips": len(clips), "usual": usual}


def neutral_clips(corpus: Corpus) -> list[Measured]:
    return [
        Measured(f"{corpus.name} {utterance.speaker}", utterance.gender, measure(utterance.path))
        for utterance in corpus.utterances
        if utterance.emotion == "neutral"
    ]


def share_usual(clips: Sequence[Measured], reference: dict[str, Any]) -> dict[str, float]:
    """Return the share of clips within the usual range of each measure; F0 is compared within the gender."""
    shares = {}
    for name in DECIMALS:
        usual = 0
        for clip in clips:
            kinds = [kind for kind in GENDERS if name != "f0_hz" or GENDERS[kind] == clip.gender]
            value = getattr(clip.acoustics, name)
            low = min(reference[kind]["usual"][name][0] for kind in kinds)
            high = max(reference[kind]["usual"][name][2] for kind in kinds)
            usual += value is not None and low <= round(value, DECIMALS[name]) <= high
        shares[name] = round(usual / len(clips), 2)
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure neutral speech.")
    parser.add_argument("corpora", type=Path, nargs="+", metavar="DIR")
    parser.add_argument("--unseen", type=Path, required=True, metavar="DIR", help="a corpus to test the table on")
    options = parser.parse_args()
    corpora = [load_corpus(folder) for folder in options.corpora]
    clips = [clip for corpus in corpora for clip in neutral_clips(corpus)]
    reference = {kind: summary([clip for clip in clips if clip.gender == gender]) for kind, gender in GENDERS.items()}
    unseen = neutral_clips(load_corpus(options.unseen))
    content = {
        "corpora": [corpus.name for corpus in corpora],
        "voices": reference,
        "unseen": {"clips": len(unseen), "usual": share_usual(unseen, reference)},
    }
    RESULT.write_text(as_json(content), encoding="utf-8")
    record(RESULT)
    for kind, measured in reference.items():
        print(f'    "{kind}": {{')
        for name, usual in measured["usual"].items():
            print(f'        "{name}": Usual({", ".join(f"{value:g}" for value in usual)}),')
        print("    },")
    print(content["unseen"])


if __name__ == "__main__":
    main()
