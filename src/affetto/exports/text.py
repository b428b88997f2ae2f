"""How emotions and times are put into words, the same in every export."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from affetto.recognition.result import Recognition, Segment

# Those of direction would turn around what stands beside them.
_DIRECTIONS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), *_DIRECTIONS], "�")
_TICK_STEPS_S = (
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1_800,
    3_600,
    7_200,
    14_400,
    28_800,
    86_400,
)


def one_line(text: str) -> str:
    r"""Return a text with every line break, tab and run of spaces as one space, and no other control characters.

    Terminals take these for commands, and XML and some subtitles do not allow them.

    Examples
    --------
    >>> one_line("so\tvery\r\nangry"), one_line("\x1b[31mred")
    ('so very angry', '�[31mred')
    """
    return " ".join(text.split()).translate(_CONTROLS)


def heard(recognition: Recognition) -> Iterator[tuple[Segment, str]]:
    """Yield each segment with the name of its emotion; one that is uncertain has a "?"."""
    for segment in recognition.segments:
        yield segment, emotion_name(segment)


def emotion_name(answer: Recognition | Segment) -> str:
    """Return an answer's emotion as readers see it: with "?" where it is uncertain, "no speech" where none is heard."""
    if answer.emotion is None:
        return "no speech"
    return one_line(answer.emotion) + ("?" if answer.status == "uncertain" else "")


def title(recognition: Recognition) -> str:
    """Return what a recognition is called: the recording, and track and channel where one was chosen."""
    chosen = (("track", recognition.track), ("channel", recognition.channel))
    return one_line(recognition.source) + "".join(f" [{what} {n}]" for what, n in chosen if n is not None)


def caption(answer: Recognition | Segment) -> str:
    """Return emotion and confidence in a few words, for example "angry 83%"."""
    name = emotion_name(answer)
    return name if answer.confidence is None else f"{name} {answer.confidence:.0%}"


def signed(value: float) -> str:
    """Return arousal or valence with its sign.

    Examples
    --------
    >>> signed(0.5), signed(-0.001)
    ('+0.50', '+0.00')
    """
    return f"{round(value, 2) + 0.0:+.2f}"  # what is added makes -0 a 0


def dimensions(answer: Recognition | Segment) -> str:
    """Return both dimensions, for example "arousal +0.71, valence -0.40"; nothing where there is no speech."""
    if answer.arousal is None or answer.valence is None:
        return ""
    return f"arousal {signed(answer.arousal)}, valence {signed(answer.valence)}"


def adaptation(recognition: Recognition) -> str:
    """Return to what the answers are adapted, for example "adapted to the profile"; nothing where to nobody."""
    return "" if recognition.adapted_to is None else f"adapted to the {recognition.adapted_to}"


def words(segment: Segment) -> str:
    """Return a segment's acoustics on one line; nothing where there is none."""
    return "" if segment.acoustics is None else "; ".join(segment.acoustics.sentences)


def clock(seconds: float, *, decimals: int = 0) -> str:
    """Return a time as people write it.

    Parameters
    ----------
    seconds : float
        From the beginning of the recording.
    decimals : int
        Decimals of the seconds.

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
    """Return the times that an axis names, with their names.

    Parameters
    ----------
    duration_s : float
        The axis goes from 0 to here.
    most : int
        At most so many, where the longest step of a day allows it.

    Examples
    --------
    >>> ticks(42, most=5)
    [(0, '0:00'), (10, '0:10'), (20, '0:20'), (30, '0:30'), (40, '0:40')]
    """
    step = next((step for step in _TICK_STEPS_S if duration_s < step * most), _TICK_STEPS_S[-1])
    return [(i * step, clock(i * step, decimals=int(step < 1))) for i in range(int(duration_s / step) + 1)]
