"""What RAVDESS's audio-only speech must hold, and what is odd about it as published."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.corpora.ravdess import RAVDESS, expected_clips
from affetto.corpora.report import Finding
from affetto.speech.waveform import MIN_DURATION_S

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from affetto.corpora.base import Utterance
    from affetto.corpora.measuring import Measured

STEREO = frozenset(
    {
        "03-01-02-01-01-02-01",
        "03-01-08-01-02-02-01",
        "03-01-02-01-02-02-05",
        "03-01-03-01-02-01-20",
        "03-01-06-01-01-02-20",
    }
)
"""The clips that are stereo as published; all others are mono."""

DUPLICATES = frozenset({frozenset({"03-01-03-01-02-01-07", "03-01-03-01-02-02-07"})})
"""Takes that hold the same samples as published."""

SAMPLE_RATE_HZ = 48_000
SHORTEST_S = 2.5
"""Nothing shorter is a whole clip: the shortest published one lasts 2.94 s."""

_ACTOR_FOLDER = re.compile(r"Actor_([0-9]{2})", re.IGNORECASE)


def ravdess_findings(utterances: Sequence[Utterance], measured: Mapping[Path, Measured]) -> Iterator[Finding]:
    """Yield what is missing, odd, or as odd as it should be.

    Parameters
    ----------
    utterances : sequence of Utterance
        Every clip that is there, once.
    measured : mapping of Path to Measured
        Those that can be read.
    """
    present = {utterance.clip for utterance in utterances}
    for clip in expected_clips():
        if clip not in present:
            yield Finding("fault", "missing", clip, _describe(RAVDESS.parse(Path(clip))))
    rates: dict[int, list[str]] = defaultdict(list)
    formats: dict[str, int] = defaultdict(int)
    padded = 0
    for utterance in utterances:
        clip = utterance.clip
        folder = _ACTOR_FOLDER.fullmatch(utterance.path.parent.name)
        if folder and int(folder[1]) != int(utterance.speaker):
            detail = f"of actor {utterance.speaker} by its name, but lies in {folder[0]}"
            yield Finding("warning", "misplaced", clip, detail)
        if not (sound := measured.get(utterance.path)):
            continue
        if MIN_DURATION_S <= sound.duration_s < SHORTEST_S:  # still shorter ones are told of in any corpus
            detail = f"lasts {sound.duration_s:.2f} s; no clip is published shorter than {SHORTEST_S} s"
            yield Finding("fault", "short", clip, detail)
        if sound.channels > 1 and clip in STEREO:
            yield Finding("note", "stereo", clip, f"{sound.channels} channels, as published", known=True)
        elif sound.channels > 1:
            yield Finding("warning", "stereo", clip, f"{sound.channels} channels; it is published in mono")
        if sound.sample_rate_hz != SAMPLE_RATE_HZ:
            rates[sound.sample_rate_hz].append(clip)
        formats[sound.format] += 1
        padded += sound.has_padding
    for rate, clips in rates.items():
        detail = f"{rate} Hz instead of the published {SAMPLE_RATE_HZ} Hz"
        yield Finding("warning", "rate", _name_some(clips), detail)
    if formats["flac"]:
        yield Finding("note", "format", _clips(formats["flac"]), "flac, lossless, instead of the published wav")
    if padded:
        detail = "the wav header carries a FLLR padding chunk, as published"
        yield Finding("note", "padding", _clips(padded), detail, known=True)


def _describe(utterance: Utterance) -> str:
    return (
        f"actor {utterance.speaker}, {utterance.emotion}, {utterance.intensity}, {utterance.text}, "
        f"repetition {utterance.clip.split('-')[5].lstrip('0')}"
    )


def _clips(number: int) -> str:
    return f"{number} clip{'s' * (number != 1)}"


def _name_some(clips: Sequence[str]) -> str:
    return ", ".join(clips) if len(clips) <= 3 else f"{_clips(len(clips))} ({', '.join(clips[:2])} …)"
