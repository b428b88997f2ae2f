"""Measure memory over many lengths of segments, and time with more threads than processors.

    python -m benchmarks.limits RAVDESS

Runs the default model on 10,000 segments of different lengths, and recognizes clips of RAVDESS with one to 64 threads.
Writes benchmarks/results/limits.json. Run nothing else meanwhile.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from affetto import Recognizer, read
from affetto.bundles.bundle import find_bundle, load_bundle
from affetto.classifiers.onnx_model import OnnxClassifier
from affetto.corpora import load_corpus
from tools.generated import RESULTS, ROOT, as_json
from tools.provenance import record

RESULT = ROOT / RESULTS / "limits.json"
N_LENGTHS, STEP = 10_000, 2  # samples: half a second to a second and three quarters
THREADS = (1, 2, 8, 64)
N_CLIPS = 100


def peak_mb() -> float:
    """Return the largest resident set so far; POSIX only."""
    import resource

    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3), 1)


def memory(clip: Path) -> dict[str, float]:
    """Return the memory after the longest segment, and after as many of other lengths."""
    inference = OnnxClassifier(load_bundle(find_bundle("transformer")))
    samples = read(clip, sample_rate_hz=inference.sample_rate_hz).samples
    longest = 8_000 + N_LENGTHS * STEP
    inference.predict(samples[:longest])
    before = peak_mb()
    for n in range(8_000, longest, STEP):
        inference.predict(samples[:n])
    return {"lengths": N_LENGTHS, "peak_before_mb": before, "peak_after_mb": peak_mb()}


def seconds_a_clip(clips: list[Path], threads: int) -> float:
    """Return the median time that one clip takes."""
    recognizer = Recognizer(threads=threads)
    times = []
    for clip in clips:
        begin = time.perf_counter()
        recognizer.recognize(clip)
        times.append(time.perf_counter() - begin)
    return round(statistics.median(times), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure memory over lengths, and time over threads.")
    parser.add_argument("corpus", type=Path, metavar="RAVDESS")
    clips = [utterance.path for utterance in load_corpus(parser.parse_args().corpus).utterances][:N_CLIPS]
    report: dict[str, Any] = {
        "memory": memory(clips[0]),
        "seconds_a_clip": {str(threads): seconds_a_clip(clips, threads) for threads in THREADS},
    }
    RESULT.write_text(as_json(report), encoding="utf-8")
    record(RESULT)
    print(as_json(report))


if __name__ == "__main__":
    main()
