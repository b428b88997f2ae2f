"""Checks of emotion and speaker labels, for the errors that spreadsheets and programs leave in them."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from affetto.corpora.spreadsheet import clean
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from affetto.corpora.base import Corpus, Utterance

# What pandas, R, SQL and Excel write for a missing value or an error.
_MISSING = frozenset(
    ("", "nan", "na", "n/a", "<na>", "nat", "none", "null", "nil", "#n/a", "#ref!", "#value!", "#name?", "#null!")
)
_SYNONYMS = (
    *("angry anger", "bored boredom", "calm", "contempt", "disgust disgusted", "fearful fear afraid"),
    *("happy happiness", "joy", "neutral", "sad sadness", "surprised surprise"),
)
EMOTION_OF = {word: words.split()[0] for words in _SYNONYMS for word in words.split()}
"""The emotion of words by which people name labels and folders, in lower case."""

_NUMBER = re.compile(r"[+]?0*([0-9]+)(?:[.,]0+)?")
_MAX_NAMED = 3


def is_missing(text: object) -> bool:
    """Whether a value is one that programs write for a missing one.

    Examples
    --------
    >>> is_missing("NaN"), is_missing(float("nan")), is_missing("sad")
    (True, True, False)
    """
    return clean(str(text)).casefold() in _MISSING


def find_label_problems(utterances: Sequence[Utterance]) -> list[str]:
    """Return the problems of the labels of one corpus, each in a clause.

    A label may be missing, or written in two ways: ``Happy`` and ``happy`` would be two emotions, and a speaker ``1``
    who is also ``01`` would be tested after being trained on.
    """
    problems = []
    for kind in ("emotion", "speaker"):
        labels = [str(getattr(utterance, kind)) for utterance in utterances]
        if missing := [i for i, label in enumerate(labels) if is_missing(label)]:
            values = some(dict.fromkeys(repr(labels[i]) for i in missing))
            problems.append(
                f"the {kind} of {count_clips(len(missing))} of {len(labels)} is missing ({values}), first of "
                f"{utterances[missing[0]].clip!r}; fill it in, or leave the clips out"
            )
        problems += _find_variants(kind, Counter(label for label in labels if not is_missing(label)))
    return problems


def require_sound_labels(corpora: Sequence[Corpus]) -> None:
    """Check that no label is missing, and that none is written in two ways within a corpus or between corpora.

    Raises
    ------
    CorpusError
        If one is.
    """
    for corpus in corpora:
        if problems := find_label_problems(corpus.utterances):
            raise CorpusError(f"{corpus.name}: {'; '.join(problems)}")
    together = Counter(utterance.emotion for corpus in corpora for utterance in corpus.utterances)
    if problems := _find_variants("emotion", together):
        raise CorpusError(f"{' and '.join(corpus.name for corpus in corpora)} together: {'; '.join(problems)}")


def find_synonyms(corpora: Iterable[Corpus]) -> list[str]:
    """Return which emotions of corpora seem to be one, such as ``happy`` and ``happiness``."""
    counts = Counter(str(utterance.emotion) for corpus in corpora for utterance in corpus.utterances)
    groups: dict[str, list[str]] = {}
    for emotion in counts:
        groups.setdefault(EMOTION_OF.get(emotion.casefold(), emotion), []).append(emotion)
    return [f"{_with_counts(counts, names)} seem to be one emotion" for names in groups.values() if len(names) > 1]


def _with_counts(counts: Counter[str], values: Sequence[str]) -> str:
    return " and ".join(f"{value!r} ({count_clips(counts[value])})" for value in values)


def _find_variants(kind: str, counts: Counter[str]) -> list[str]:
    """Return which values differ only in how they are written."""
    written: dict[str, list[str]] = {}
    for value in counts:
        written.setdefault(_key(value), []).append(value)
    return [
        f"the {kind}s {_with_counts(counts, values)} differ only in case, blanks or how a number is written; write "
        "them alike, or rename one"
        for values in written.values()
        if len(values) > 1
    ]


def _key(value: str) -> str:
    key = clean(value).casefold()
    return match[1] if (match := _NUMBER.fullmatch(key)) else key


def count_clips(number: int) -> str:
    """Return a number of clips in words."""
    return f"{number} clip{'s' * (number != 1)}"


def some(names: Iterable[str]) -> str:
    """Return the first few names, and how many more there are."""
    listed = list(names)
    more = len(listed) - _MAX_NAMED
    return ", ".join(listed[:_MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
