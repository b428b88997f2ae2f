"""Emotions and times as text, the same in every export."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from affetto.recognition.result import Recognition, Segment

# Controls of direction would reverse the text beside them.
_DIRECTIONS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), *_DIRECTIONS], "�")
_TICK_STEPS_S = (0.1, 0.2, 0.5, *(unit * n for unit in (1, 60, 3_600) for n in (1, 2, 5, 10, 15, 30)))


def one_line(text: str) -> str:
    r"""Return a text on one line, without control characters, which would steer terminals and break XML.

    Examples
    --------
    >>> one_line("so\tvery\r\nangry"), one_line("\x1b[31mred")
    ('so very angry', '�[31mred')
    """
    return " ".join(text.split()).translate(_CONTROLS)


def emotion_name(answer: Recognition | Segment) -> str:
    """Return the emotion of an answer, with "?" if it is uncertain; "no speech" without speech."""
    if answer.emotion is None:
        return "no speech"
    return one_line(answer.emotion) + ("?" if answer.status == "uncertain" else "")


def title(recognition: Recognition) -> str:
    """Return the name of the recording, with track and channel if they were chosen."""
    chosen = (("track", recognition.track), ("channel", recognition.channel))
    return one_line(recognition.source) + "".join(f" [{name} {n}]" for name, n in chosen if n is not None)


def caption(answer: Recognition | Segment) -> str:
    """Return emotion and confidence, for example "angry 83%"."""
    name = emotion_name(answer)
    return name if answer.confidence is None else f"{name} {answer.confidence:.0%}"


def spoken_caption(segment: Segment, *, name: bool = True) -> str:
    """Return emotion and confidence with what is known of speaker and text.

    Parameters
    ----------
    segment : Segment
    name : bool
        Whether to name the speaker.

    Examples
    --------
    >>> from affetto import Segment
    >>> answer = "ok", "angry", 0.83, {}, 0.7, -0.4
    >>> spoken_caption(Segment(0, 1, *answer, speaker="Anna", text="I told you twice."))
    'Anna (angry 83%): I told you twice.'
    >>> spoken_caption(Segment(0, 1, *answer, speaker="Anna")), spoken_caption(Segment(0, 1, *answer, text="Twice."))
    ('Anna: angry 83%', '(angry 83%) Twice.')
    """
    speaker = one_line(segment.speaker or "") if name else ""
    if not segment.text:
        return f"{speaker}: {caption(segment)}" if speaker else caption(segment)
    text = one_line(segment.text)
    return f"{speaker} ({caption(segment)}): {text}" if speaker else f"({caption(segment)}) {text}"


def speakers_of(recognition: Recognition) -> list[str | None]:
    """Return the speakers in the order in which they first speak; None stands for those without a name."""
    return list(dict.fromkeys(segment.speaker for segment in recognition.segments))


def has_turns(recognition: Recognition) -> bool:
    """Return whether any segment has a speaker or a text."""
    return any(segment.speaker or segment.text for segment in recognition.segments)


def second_best(answer: Recognition | Segment) -> str:
    """Return the second most probable emotion, for example "sad 12%"; "" if there is none."""
    second = sorted(answer.probabilities.items(), key=lambda item: -item[1])[1:2]
    return "".join(f"{one_line(label)} {p:.0%}" for label, p in second)


def signed(value: float) -> str:
    """Return arousal or valence with its sign.

    Examples
    --------
    >>> signed(0.5), signed(-0.001)
    ('+0.50', '+0.00')
    """
    return f"{round(value, 2) + 0.0:+.2f}"  # adding 0 turns -0 into 0


def dimensions(answer: Recognition | Segment) -> str:
    """Return both dimensions, for example "arousal +0.71, valence -0.40"; "" without speech."""
    if answer.arousal is None or answer.valence is None:
        return ""
    return f"arousal {signed(answer.arousal)}, valence {signed(answer.valence)}"


def adaptation(recognition: Recognition) -> str:
    """Return what the answers are adapted to, for example "adapted to the profile"; "" for nothing."""
    return "" if recognition.adapted_to is None else f"adapted to the {recognition.adapted_to}"


def acoustics_line(segment: Segment) -> str:
    """Return a segment's acoustic measures on one line; "" if it has none."""
    return "" if segment.acoustics is None else "; ".join(segment.acoustics.summary)


def time_span(segment: Segment) -> str:
    """Return where a segment begins and ends, for example "0:03.1 – 0:05.0"."""
    return f"{clock(segment.start_s, decimals=1)} – {clock(segment.end_s, decimals=1)}"


def clock(seconds: float, *, decimals: int = 0) -> str:
    """Return a time as hours, minutes and seconds.

    Examples
    --------
    >>> clock(65), clock(3.14, decimals=1), clock(3_725)
    ('1:05', '0:03.1', '1:02:05')
    """
    unit = 10**decimals
    whole, fraction = divmod(round(seconds * unit), unit)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    text = f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
    return f"{text}.{fraction:0{decimals}}" if decimals else text


def ticks(duration_s: float, *, most: int) -> list[tuple[float, str]]:
    """Return the times that the axis of a recording names, and their names.

    Parameters
    ----------
    duration_s : float
        The end of the axis, which begins at 0.
    most : int
        The largest number of ticks, for axes of up to a day.

    Examples
    --------
    >>> ticks(42, most=5)
    [(0, '0:00'), (10, '0:10'), (20, '0:20'), (30, '0:30'), (40, '0:40')]
    """
    step = next((step for step in _TICK_STEPS_S if duration_s < step * most), _TICK_STEPS_S[-1])
    return [(i * step, clock(i * step, decimals=int(step < 1))) for i in range(int(duration_s / step) + 1)]
