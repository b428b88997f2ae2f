"""Compare the F0 of the acoustic measures with librosa's pyin, on sixty clips of RAVDESS.

    python -m benchmarks.pitch RAVDESS

The clips are of ten actors for each of six emotions. Prints how far apart the medians of the clips are, and how many
clips and frames differ by an octave.

References
----------
M. Mauch, S. Dixon: pYIN: a fundamental frequency estimator using probabilistic threshold distributions. ICASSP, 2014.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import librosa
import numpy as np

from affetto.acoustics.measurement import measure_acoustics
from affetto.corpora import load_corpus
from affetto.features.acoustic import pitch
from affetto.features.acoustic.spectrum import frames, power_spectrum
from affetto.preprocessing.vad import SpeechSegmenter
from affetto.speech import read

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE_HZ = 16_000
EMOTIONS = ("neutral", "happy", "sad", "angry", "fearful", "surprised")


def chosen(folder: Path) -> list[Path]:
    rng = np.random.default_rng(0)
    clips = [u for u in load_corpus(folder).utterances if u.intensity == "normal"]
    wanted = [(emotion, str(actor)) for emotion in EMOTIONS for actor in rng.permutation(np.arange(1, 25))[:10]]
    return [next(u.path for u in clips if (u.emotion, u.speaker) == pair) for pair in wanted]


def speech(path: Path) -> NDArray[np.float32]:
    segmenter = SpeechSegmenter(RATE_HZ)
    segments = [*segmenter.push(read(path, sample_rate_hz=RATE_HZ).samples), *segmenter.end()]
    return max((segment.samples for segment in segments), key=len)


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the F0 of the acoustic measures with pyin.")
    parser.add_argument("ravdess", type=Path, metavar="RAVDESS")
    medians, by_frame = [], []
    for path in chosen(parser.parse_args().ravdess):
        samples = speech(path)
        theirs, voiced, _ = librosa.pyin(
            y=samples, sr=RATE_HZ, fmin=pitch.LOWEST_HZ, fmax=pitch.HIGHEST_HZ, frame_length=1024, hop_length=160
        )
        medians.append(12 * np.log2((measure_acoustics(samples, RATE_HZ).f0_hz or np.nan) / np.median(theirs[voiced])))
        power = power_spectrum(frames(samples))
        level = 10 * np.log10(np.maximum(power.sum(axis=0), 1e-20))
        ours, _ = pitch.track(*pitch.candidates(power), level - np.percentile(level, 90))
        both = voiced & (ours > 0)
        by_frame.append(12 * np.log2(ours[both] / theirs[both]))
    clips, moments = np.abs(medians), np.abs(np.concatenate(by_frame))
    print(f"{len(clips)} clips: medians {np.median(clips):.2f} semitones apart (median), {np.mean(clips):.2f} (mean)")
    print(f"more than one semitone: {(clips > 1).sum()}, an octave: {(clips > 9).sum()} clips")
    print(
        f"{len(moments)} frames voiced for both: {np.median(moments):.2f} semitones apart (median), "
        f"an octave in {np.mean(np.abs(moments - 12) < 2):.2%}"
    )


if __name__ == "__main__":
    main()
