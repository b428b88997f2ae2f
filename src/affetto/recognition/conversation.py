"""Recognition of a conversation whose turns are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from affetto.recognition.recording import require_length
from affetto.recognition.turn_windows import find_speech_in_windows, plan_windows
from affetto.speech import open_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from affetto.conversations import Turn
    from affetto.recognition.aggregator import ResultAggregator, SegmentPrediction
    from affetto.recognition.inference_pool import InferencePool
    from affetto.recognition.result import Recognition
    from affetto.recognition.turn_windows import Plan
    from affetto.speech import Channels, Source

# How often `progress` is called while turns are answered, so that it can end the work on very many.
_TURNS_PER_REPORT = 100


def recognize_conversation(
    source: Source,
    turns: Sequence[Turn],
    pool: InferencePool,
    aggregator: ResultAggregator,
    *,
    channels: Channels,
    track: int | None,
    acoustics: bool,
    progress: Callable[[float], None] | None = None,
) -> Recognition:
    """Recognize the turns of a recording while it is decoded.

    Parameters
    ----------
    source, channels, track, acoustics, progress
        As in `Recognizer.recognize`.
    turns : sequence of Turn
        In the order of their start, as from `in_order`.
    pool : InferencePool
    aggregator : ResultAggregator
        A new one.

    Returns
    -------
    Recognition
        With one segment for each turn.

    Raises
    ------
    AudioError
        If it cannot be read, or is too short.
    """
    plan = plan_windows(turns)
    predictions: list[list[SegmentPrediction]] = [[] for _ in turns]
    with open_stream(source, sample_rate_hz=pool.sample_rate_hz, channels=channels, track=track) as stream:
        found = find_speech_in_windows(stream, plan.windows, progress=progress)
        for number, prediction in pool.predict_each(found, acoustics=acoustics):
            predictions[number].append(prediction)
            if progress is not None:
                progress(stream.position_s)
    require_length(stream)
    duration_s = stream.position_s
    segments = []
    for number, turn in enumerate(turns):
        if progress is not None and number % _TURNS_PER_REPORT == 0:
            progress(duration_s)
        pieces = sorted(predictions[number], key=lambda prediction: prediction.start_s)
        reason = _reason(number, turn, plan, has_speech=bool(pieces), duration_s=duration_s)
        segments.append(aggregator.add_turn(turn, pieces, overlapped=number in plan.overlapped, reason=reason))
    if acoustics:
        from affetto.acoustics.measurement import compare_loudness

        segments = compare_loudness(segments)
    return aggregator.result(
        segments,
        source=stream.name,
        duration_s=duration_s,
        no_speech="no turns: there is none of speech" if segments else "no turns: none were given",
        channel=None if isinstance(channels, str) else channels,
        track=track,
        warnings=(*stream.warnings, *_outside(turns, duration_s, name=stream.name)),
    )


def _reason(number: int, turn: Turn, plan: Plan, *, has_speech: bool, duration_s: float) -> str | None:
    """Return what is special about the answer to a turn."""
    if turn.start_s >= duration_s:
        return f"it begins after the end of the sound at {duration_s:.1f} s"
    if not has_speech:
        return "nobody speaks in it" + (", beside other speakers" if number in plan.shortened else "")
    if number in plan.overlapped:
        return "another speaker speaks during much of it"
    return None


def _outside(turns: Sequence[Turn], duration_s: float, *, name: str) -> list[str]:
    """Return a warning if turns lie after the end of the sound: they may be those of another recording."""
    after = sum(turn.start_s >= duration_s for turn in turns)
    if not after:
        return []
    return [
        f"{name} ends at {duration_s:.1f} s, before {after} of the {len(turns)} turns; check that they belong to it"
    ]
