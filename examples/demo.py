"""Recognize the recordings in this folder, and print what was expressed beside what the default model recognizes.

Run it with ``make demo``, or with ``python examples/demo.py`` where affetto is installed.
"""

from __future__ import annotations

from pathlib import Path

from affetto import Recognizer
from affetto.corpora import load_corpus


def main() -> None:
    """Print a line for each recording, right or wrong."""
    recognizer = Recognizer()
    print(f"{'recording':<26}{'expressed':<11}{'listeners':<11}{'recognized':<12}{'confidence':>10}  status")
    for utterance in load_corpus(Path(__file__).parent).utterances:
        result = recognizer.recognize(utterance.path)
        confidence = "" if result.confidence is None else f"{result.confidence:.0%}"
        print(
            f"{utterance.path.name:<26}{utterance.emotion:<11}{utterance.heard or '':<11}"
            f"{result.emotion or '':<12}{confidence:>10}  {result.status}"
        )
    print("listeners: what most people named by the voice alone, where that is known (examples/README.md)")


if __name__ == "__main__":
    main()
