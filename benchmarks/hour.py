"""Measure time and memory for long recordings: one hour of speech with pauses, and ten.

    python -m benchmarks.hour RAVDESS

Makes a recording of RAVDESS's clips in a temporary folder, as 16 kHz wav. Pauses of 0.5 to 2.5 s replace the silence
around the clips. Recognizes the recording by the command line. Writes benchmarks/results/hour.json. Run nothing else
meanwhile. Linux only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import soundfile

from affetto import read
from affetto.corpora import load_corpus
from affetto.preprocessing.steps import trim_silence
from tools.generated import RESULTS, ROOT, as_json
from tools.provenance import record

RESULT = ROOT / RESULTS / "hour.json"
RATE = 16_000


def write_recording(corpus: Path, path: Path, hours: float) -> None:
    rng = np.random.default_rng(0)
    paths = [utterance.path for utterance in load_corpus(corpus).utterances]
    clips = [trim_silence(read(path, sample_rate_hz=RATE).samples, RATE) for path in paths]
    left = round(hours * 3600 * RATE)
    with soundfile.SoundFile(path, "w", RATE, 1, "PCM_16", format="RF64") as file:
        while left > 0:
            pause = np.zeros(round(rng.uniform(0.5, 2.5) * RATE), np.float32)
            piece = np.concatenate([clips[rng.integers(len(clips))], pause])[:left]
            file.write(piece)
            left -= len(piece)


def measured(path: Path) -> dict[str, Any]:
    """Recognize in a separate process, and read its peak memory while it runs."""
    command = [sys.executable, "-c", "from affetto.cli import main; main()", "recognize", str(path), "--format", "json"]
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    peaks = [0]
    watch = Thread(target=_watch, args=(process, peaks))
    watch.start()
    output, _ = process.communicate()
    elapsed = time.perf_counter() - begin
    watch.join()
    (answer,) = json.loads(output)
    spoken = sum(segment["end_s"] - segment["start_s"] for segment in answer["segments"])
    return {
        "recording_s": answer["duration_s"],
        "segments": len(answer["segments"]),
        "speech_s": round(spoken, 1),
        "elapsed_s": round(elapsed, 2),
        "times_real_time": round(answer["duration_s"] / elapsed, 1),
        "peak_memory_mb": round(peaks[-1] / 1024),
    }


def _watch(process: subprocess.Popen[bytes], peaks: list[int]) -> None:
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        if "VmHWM:" in status:
            peaks.append(int(status.partition("VmHWM:")[2].split()[0]))
        time.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure time and memory for long recordings.")
    parser.add_argument("corpus", type=Path, metavar="RAVDESS")
    options = parser.parse_args()
    report: dict[str, Any] = {}
    for hours in (1, 10):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "recording.wav"
            write_recording(options.corpus, path, hours)
            report[f"{hours}h"] = measured(path)
            print(hours, report[f"{hours}h"], flush=True)
    RESULT.write_text(as_json(report), encoding="utf-8")
    record(RESULT)


if __name__ == "__main__":
    main()
