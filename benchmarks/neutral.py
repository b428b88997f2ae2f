"""How neutral speech sounds: the neutral clips of RAVDESS and nEMO, measured as explanations measure.

    python benchmarks/neutral.py RAVDESS NEMO

Prints the table of src/affetto/recognition/neutral.py and writes benchmarks/results/neutral.json. Every speaker counts
the same, however many clips there are.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from affetto.corpora import load_corpus
from affetto.preprocessing.voice_activity import SpeechSegmenter
from affetto.recognition.explaining import explain
from affetto.recognition.explanation import Explanation
from affetto.speech import read

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULT = Path(__file__).parent / "results" / "neutral.json"
RATE_HZ = 16_000
VOICES = {"low": "male", "high": "female"}
DECIMALS = {
    "pitch_hz": 0,
    "pitch_range_semitones": 0,
    "loudness_range_db": 0,
    "tempo_syllables_per_s": 1,
    "brightness_hz": 0,
}


class Measured(NamedTuple):
    """One clip: whose it is, and how it sounds."""

    speaker: str
    gender: str | None
    explanation: Explanation


def measure(path: Path) -> Explanation:
    """Explain the longest segment of a clip."""
    segmenter = SpeechSegmenter(RATE_HZ)
    stretches = [*segmenter.hear(read(path, sample_rate_hz=RATE_HZ).samples), *segmenter.end()]
    return explain(max((stretch.samples for stretch in stretches), key=len), RATE_HZ) if stretches else Explanation()


def percentiles(values: Sequence[float], speakers: Sequence[str]) -> list[float]:
    """Return the 10th, 50th and 90th percentile, every speaker weighing the same."""
    clips = Counter(speakers)
    order = np.argsort(values)
    weights = np.array([1 / clips[speaker] for speaker in speakers])[order]
    position = (np.cumsum(weights) - weights / 2) / weights.sum()
    found: list[float] = np.interp([0.1, 0.5, 0.9], position, np.array(values)[order]).tolist()
    return found


def summary(clips: Sequence[Measured]) -> dict[str, Any]:
    usual = {}
    for name, decimals in DECIMALS.items():
        known = [(value, c.speaker) for c in clips if (value := getattr(c.explanation, name)) is not None]
        values, speakers = zip(*known, strict=True)
        usual[name] = [round(value, decimals) for value in percentiles(values, speakers)]
    return {"speakers": len({clip.speaker for clip in clips}), "clips": len(clips), "usual": usual}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure neutral speech.")
    parser.add_argument("corpora", type=Path, nargs="+", metavar="DIR")
    corpora = [load_corpus(folder) for folder in parser.parse_args().corpora]
    clips = [
        Measured(f"{corpus.name} {utterance.speaker}", utterance.gender, measure(utterance.path))
        for corpus in corpora
        for utterance in corpus.utterances
        if utterance.emotion == "neutral"
    ]
    content = {
        "corpora": [corpus.name for corpus in corpora],
        "voices": {
            voice: summary([clip for clip in clips if clip.gender == gender]) for voice, gender in VOICES.items()
        },
    }
    RESULT.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    for voice, measured in content["voices"].items():
        print(f'    "{voice}": {{')
        for name, usual in measured["usual"].items():
            print(f'        "{name}": Usual({", ".join(f"{value:g}" for value in usual)}),')
        print("    },")
