"""What must be known of a corpus before anything is learned from it."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections import defaultdict
from typing import TYPE_CHECKING

from affetto.corpora.labels import n_clips, require_sound_labels, some, synonyms
from affetto.corpora.measuring import is_loud
from affetto.corpora.quirks import DUPLICATES
from affetto.errors import AffettoError
from affetto.speech import open_stream
from affetto.speech.silencing import silenced
from affetto.speech.waveform import MIN_DURATION_S, SILENCE_DBFS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from affetto.corpora.base import Corpus, Utterance

_BLOCK_FRAMES = 4096


class CorpusWarning(UserWarning):
    """A corpus has something in it that makes what is learned from it worse, or its figures too good."""


def vet(corpora: Sequence[Corpus]) -> None:
    """Refuse corpora from which nothing sensible can be learned; warn of clips that do harm.

    Of each clip only as much is decoded as it takes to find that it is not silent; files of the same size are compared
    byte by byte.

    Parameters
    ----------
    corpora : sequence of Corpus
        All that is learned from, or tested on.

    Raises
    ------
    CorpusError
        If emotions or speakers are missing, or written in two ways.

    Warns
    -----
    CorpusWarning
        Of clips that are silent, nearly empty, or there twice, and of an emotion under two names.
    """
    require_sound_labels(corpora)
    found = [f"{one}; write them alike" for one in synonyms(corpora)]
    found += [f"{corpus.name}: {warning}" for corpus in corpora for warning in clip_warnings(corpus)]
    for warning in found:
        # Of the caller of whoever vets: of training, of evaluation.
        warnings.warn(warning, CorpusWarning, stacklevel=3)


def clip_warnings(corpus: Corpus) -> Iterator[str]:
    """Yield what is odd about the clips of a corpus, a sentence for each kind.

    Parameters
    ----------
    corpus : Corpus
        Clips that cannot be read are left to whoever reads them whole.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for utterance in corpus.utterances:
        if (fault := _fault(utterance.path)) is not None:
            found[fault].append(utterance.clip)
    for fault, clips in found.items():
        yield f"{n_clips(len(clips))} {fault}: {some(clips)}; leave {'it' if len(clips) == 1 else 'them'} out"
    twice = [
        f"{other.clip} is {first.clip}{differing_labels(first, other)}"
        for first, *others in _identical(corpus.utterances)
        for other in others
        if corpus.name != "ravdess" or {first.clip, other.clip} not in DUPLICATES
    ]
    if twice:
        yield f"{n_clips(len(twice))} given twice, byte for byte: {some(twice)}; leave one of each out"


def differing_labels(first: Utterance, other: Utterance) -> str:
    """Return in which labels two clips differ, to be put behind what they have in common."""
    kinds = [kind for kind in ("emotion", "speaker") if getattr(first, kind) != getattr(other, kind)]
    return f" under another {' and '.join(kinds)}" if kinds else ""


def _fault(path: Path) -> str | None:
    """Return what is wrong with a clip: nothing, as soon as it is long and loud enough."""
    length_s, loud = 0.0, False
    try:
        with silenced():
            for block, rate in _blocks(path):
                length_s += len(block) / rate
                loud = loud or is_loud(block)
                if loud and length_s >= MIN_DURATION_S:
                    return None
    except (AffettoError, OSError):
        return None
    if length_s < MIN_DURATION_S:
        return f"shorter than {MIN_DURATION_S:g} s"
    return f"silent, with nothing above {SILENCE_DBFS:g} dBFS"


def _blocks(path: Path) -> Iterator[tuple[NDArray[np.float32], int]]:
    """Yield blocks of all channels, small ones where that can be: most clips are known to be loud by the first."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            for block in file.blocks(_BLOCK_FRAMES, dtype="float32", always_2d=True):
                yield block, file.samplerate
        return
    except soundfile.LibsndfileError:
        pass  # another format, or damaged
    # Channels may cancel each other in their mean.
    with open_stream(path, channels="each") as stream:
        for block in stream:
            yield block, stream.sample_rate_hz


def _identical(utterances: Sequence[Utterance]) -> Iterator[list[Utterance]]:
    """Yield utterances whose files hold the same bytes."""
    by_size: dict[int, list[Utterance]] = defaultdict(list)
    for utterance in utterances:
        try:
            by_size[os.path.getsize(utterance.path)].append(utterance)  # noqa: PTH202 (hand-made utterances hold text)
        except OSError:
            continue  # said of it when it is read
    for alike in by_size.values():
        same: dict[str, list[Utterance]] = defaultdict(list)
        for utterance in alike if len(alike) > 1 else ():
            with open(utterance.path, "rb") as file:  # noqa: PTH123 (as above)
                same[hashlib.file_digest(file, "sha256").hexdigest()].append(utterance)
        yield from (group for group in same.values() if len(group) > 1)
