"""How often speech is taken for none, and noise for speech.

    python benchmarks/no_speech.py NAME=FOLDER ...

Recognizes every recording in the folders and counts those in which nobody is heard. Writes
benchmarks/results/no_speech.json. The published figures are those of ravdess, emodb, nemo, and noise.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from affetto import Failure, Recognizer
from affetto.evaluation import find_recordings

RESULT = Path(__file__).parent / "results" / "no_speech.json"


def main() -> None:
    parser = argparse.ArgumentParser(description="Count recordings in which nobody is heard.")
    parser.add_argument("folders", metavar="NAME=FOLDER", nargs="+")
    options = parser.parse_args()
    recognizer = Recognizer()
    report = {}
    for argument in options.folders:
        name, _, folder = argument.partition("=")
        paths = find_recordings(folder)
        nobody, several = [], 0
        for outcome in recognizer.recognize_each(paths):
            if isinstance(outcome, Failure):
                raise SystemExit(outcome.error)
            nobody += [Path(outcome.source).name] if outcome.status == "no_speech" else []
            several += len(outcome.segments) > 1
        report[name] = {
            "recordings": len(paths),
            "no_speech": round(len(nobody) / len(paths), 4),
            "several_segments": round(several / len(paths), 4),
        }
        print(name, report[name], *nobody[:10], flush=True)
    RESULT.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
