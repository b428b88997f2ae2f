"""Recognize the recordings in this folder beside what they express, then draw the timeline of a longer one.

Run it with ``make demo``, or with ``python examples/demo.py`` where affetto is installed.
"""

from __future__ import annotations

import os
from pathlib import Path

from rich.console import Console

from affetto import Recognizer
from affetto.corpora import load_corpus
from affetto.exports.timeline import Timeline

EXAMPLES = Path(__file__).parent


def main() -> None:
    """Print a line for each recording, right or wrong, and a timeline."""
    recognizer = Recognizer()
    print(f"{'recording':<26}{'expressed':<11}{'listeners':<11}{'recognized':<12}{'confidence':>10}  status")
    for utterance in load_corpus(EXAMPLES).utterances:
        result = recognizer.recognize(utterance.path)
        confidence = "" if result.confidence is None else f"{result.confidence:.0%}"
        print(
            f"{utterance.path.name:<26}{utterance.emotion:<11}{utterance.heard or '':<11}"
            f"{result.emotion or '':<12}{confidence:>10}  {result.status}"
        )
    print("listeners: what most people named by the voice alone, where that is known (examples/README.md)")
    print("\nOne recording over time. Its speaker acts neutral, amused, angry, surprised, disgusted, neutral:\n")
    Console(highlight=False).print(Timeline(recognizer.recognize(os.path.relpath(EXAMPLES / "sequence.flac"))))


if __name__ == "__main__":
    main()
