"""What is wrong with the emotions and speakers of a corpus, as spreadsheets and programs leave it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from affetto.corpora.spreadsheet import without_odd_blanks
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from affetto.corpora.base import Corpus, Utterance

# How pandas, R, SQL and Excel write what is not there, or went wrong.
_MISSING = frozenset(
    ("", "nan", "na", "n/a", "<na>", "nat", "none", "null", "nil", "#n/a", "#ref!", "#value!", "#name?", "#null!")
)
_WORDS = {
    "angry": ("anger",),
    "bored": ("boredom",),
    "calm": (),
    "contempt": (),
    "disgust": ("disgusted",),
    "fearful": ("fear", "afraid"),
    "happy": ("happiness",),
    "joy": (),
    "neutral": (),
    "sad": ("sadness",),
    "surprised": ("surprise",),
}
EMOTION_OF = {word: emotion for emotion, words in _WORDS.items() for word in (emotion, *words)}
"""Which emotion a word is of that people name labels and folders by, in lower case."""

_NUMBER = re.compile(r"[+]?0*([0-9]+)(?:[.,]0+)?")
_MAX_NAMED = 3


def is_missing(text: object) -> bool:
    """Whether a value is what programs write where there is none.

    Examples
    --------
    >>> is_missing("NaN"), is_missing(float("nan")), is_missing("sad")
    (True, True, False)
    """
    return without_odd_blanks(str(text)).casefold() in _MISSING


def label_problems(utterances: Sequence[Utterance]) -> list[str]:
    """Return what makes the labels of utterances unfit to learn from, each in a few words.

    Parameters
    ----------
    utterances : sequence of Utterance
        Of one corpus.

    Returns
    -------
    list of str
        Empty where emotions and speakers are there, and none is written in two ways: as ``Happy`` and ``happy``, which
        would be two emotions, or as ``1`` and ``01``, who would be tested after being trained on.
    """
    problems = []
    for kind in ("emotion", "speaker"):
        missing = [u for u in utterances if is_missing(getattr(u, kind))]
        if missing:
            values = some(repr(v) for v in dict.fromkeys(str(getattr(u, kind)) for u in missing))
            problems.append(
                f"{n_clips(len(missing))} of {len(utterances)}, the first is {missing[0].clip!r}, with the {kind} "
                f"{values}, which stands for a missing one; fill it in, or leave them out"
            )
        problems += _alike(kind, Counter(str(getattr(u, kind)) for u in utterances if not is_missing(getattr(u, kind))))
    return problems


def require_sound_labels(corpora: Sequence[Corpus]) -> None:
    """Refuse corpora whose labels are missing or written in two ways, within one of them or between them.

    Raises
    ------
    CorpusError
        If they are.
    """
    for corpus in corpora:
        if problems := label_problems(corpus.utterances):
            raise CorpusError(f"{corpus.name}: {'; '.join(problems)}")
    together = Counter(utterance.emotion for corpus in corpora for utterance in corpus.utterances)
    if problems := _alike("emotion", together):
        raise CorpusError(f"{' and '.join(corpus.name for corpus in corpora)} together: {'; '.join(problems)}")


def synonyms(corpora: Iterable[Corpus]) -> list[str]:
    """Return which emotions of corpora seem to be one under several names, such as ``happy`` and ``happiness``."""
    counts = Counter(str(utterance.emotion) for corpus in corpora for utterance in corpus.utterances)
    groups: dict[str, list[str]] = {}
    for emotion in counts:
        groups.setdefault(EMOTION_OF.get(emotion.casefold(), emotion), []).append(emotion)
    return [f"{_counted(counts, names)} seem to be one emotion" for names in groups.values() if len(names) > 1]


def _counted(counts: Counter[str], values: Sequence[str]) -> str:
    return " and ".join(f"{value!r} ({n_clips(counts[value])})" for value in values)


def _alike(kind: str, counts: Counter[str]) -> list[str]:
    """Return which values are one, written in several ways."""
    written: dict[str, list[str]] = {}
    for value in counts:
        written.setdefault(_key(value), []).append(value)
    return [
        f"the {kind}s {_counted(counts, values)} differ only in case, blanks or how a number is written; write them "
        "alike, or name them apart"
        for values in written.values()
        if len(values) > 1
    ]


def n_clips(number: int) -> str:
    """Return a number of clips in words."""
    return f"{number} clip{'s' * (number != 1)}"


def _key(value: str) -> str:
    key = without_odd_blanks(value).casefold()
    return match[1] if (match := _NUMBER.fullmatch(key)) else key


def some(names: Iterable[str]) -> str:
    """Return the first few of many names, and how many more there are."""
    listed = list(names)
    more = len(listed) - _MAX_NAMED
    return ", ".join(listed[:_MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
