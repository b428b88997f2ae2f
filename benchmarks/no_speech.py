"""Measure how often speech is missed, and how often noise is taken for speech.

    python -m benchmarks.no_speech NAME=FOLDER ...

Recognizes every recording in the folders and counts those in which no speech is found. Writes
benchmarks/results/no_speech.json. The published figures are those of ravdess, emodb, nemo, and noise.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from affetto import Failure, Recognizer
from affetto.evaluation import find_recordings
from tools.generated import RESULTS, ROOT, as_json
from tools.provenance import record

RESULT = ROOT / RESULTS / "no_speech.json"


def main() -> None:
    parser = argparse.ArgumentParser(description="Count recordings in which no speech is found.")
    parser.add_argument("folders", metavar="NAME=FOLDER", nargs="+")
    options = parser.parse_args()
    recognizer = Recognizer()
    report = {}
    for argument in options.folders:
        name, _, folder = argument.partition("=")
        paths = find_recordings(folder)
        silent, several = [], 0
        for outcome in recognizer.recognize_each(paths):
            if isinstance(outcome, Failure):
                raise SystemExit(outcome.error)
            silent += [Path(outcome.source).name] if outcome.status == "no_speech" else []
            several += len(outcome.segments) > 1
        report[name] = {
            "recordings": len(paths),
            "no_speech": round(len(silent) / len(paths), 4),
            "several_segments": round(several / len(paths), 4),
        }
        print(name, report[name], *silent[:10], flush=True)
    RESULT.write_text(as_json(report), encoding="utf-8")
    record(RESULT)


if __name__ == "__main__":
    main()
