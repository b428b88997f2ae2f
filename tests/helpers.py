"""Functions that several test modules need."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from affetto.corpora.base import Corpus, Utterance


def level_db(samples: np.ndarray) -> float:
    """The mean power in dB relative to full scale."""
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2)))


def make_corpus(labels: list[tuple[str, str]], *, name: str = "mine") -> Corpus:
    """A corpus of (speaker, emotion), one clip each."""
    return Corpus(
        name,
        licence="CC0-1.0",
        citation="",
        utterances=[
            Utterance(path=Path(f"{index:05d}.wav"), emotion=emotion, speaker=speaker)
            for index, (speaker, emotion) in enumerate(labels)
        ],
    )
