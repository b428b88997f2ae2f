"""Transcript and diarization together: who says what."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from affetto.conversations.overlaps import common_span, joined, overlapping, uncovered
from affetto.conversations.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from affetto.conversations.overlaps import Span

# Shorter differences between transcript and diarization are inaccuracies, or pauses between two turns of a speaker.
_LEAST_OF_ANOTHER_S = 0.5
_LEAST_MISSED_S = 2.0


def join_speakers(transcript: Sequence[Turn], diarization: Sequence[Turn]) -> list[Turn]:
    """Give each turn of a transcript the speaker whose turns of a diarization overlap with it the longest.

    A transcript may join two speakers in one turn, or miss speech. Where the diarization has another speaker for half a
    second of a turn, or a speaker for two seconds outside of that speaker's turns, that is a turn without text.

    Parameters
    ----------
    transcript : sequence of Turn
        In the order of their start. A turn that nobody overlaps keeps its speaker, usually None.
    diarization : sequence of Turn
        In the order of their start.

    References
    ----------
    M. Bain, J. Huh, T. Han, A. Zisserman: WhisperX: time-accurate speech transcription of long-form audio. Interspeech,
    2023. (Their program assigns speakers so.)
    """
    named = [
        _named(turn, pieces) for turn, pieces in zip(transcript, overlapping(transcript, diarization), strict=True)
    ]
    return [*named, *_without_text(named, diarization)]


def _named(turn: Turn, pieces: Sequence[Turn]) -> Turn:
    times_s: dict[str | None, float] = {}
    for piece in pieces:
        start, end = common_span(turn, piece)
        times_s[piece.speaker] = times_s.get(piece.speaker, 0.0) + end - start
    speaker = max(times_s, key=times_s.__getitem__, default=turn.speaker)
    return Turn(turn.start_s, turn.end_s, speaker, turn.text)


def _without_text(named: Sequence[Turn], diarization: Sequence[Turn]) -> Iterator[Turn]:
    """Yield what the diarization has and the transcript has not, or gives to another speaker."""
    spans: defaultdict[str | None, list[Span]] = defaultdict(list)
    for turn in named:
        spans[turn.speaker].append((turn.start_s, turn.end_s))
    by_speaker = {speaker: joined(of_speaker) for speaker, of_speaker in spans.items()}
    everybody = joined(span for of_speaker in by_speaker.values() for span in of_speaker)
    for piece in diarization:
        own = by_speaker.get(piece.speaker, [])
        for start, end in uncovered((piece.start_s, piece.end_s), own, least_s=_LEAST_OF_ANOTHER_S):
            # The speaker has no turn here, so that everybody is everybody else.
            unnamed_s = sum(b - a for a, b in uncovered((start, end), everybody, least_s=0.0))
            if end - start - unnamed_s >= _LEAST_OF_ANOTHER_S or end - start >= _LEAST_MISSED_S:
                yield Turn(start, end, piece.speaker)
