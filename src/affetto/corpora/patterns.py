"""How a corpus names its files: patterns that say where in a path the emotion, the speaker and more stand."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from affetto.corpora.base import RECORDINGS
from affetto.corpora.labels import EMOTION_OF
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePath

_FIELDS = ("emotion", "speaker", "gender", "intensity", "text")
_FIELD = re.compile(r"\{(?P<name>[^{}:]*)(?::(?P<form>[^{}]*))?\}")
_REST = ".+"
_EXAMPLE = "such as '{speaker}_{}_{emotion}_{}'"


class Labels(NamedTuple):
    """What a path says: the emotion, and of the speaker and the others what it says."""

    emotion: str
    speaker: str | None
    gender: str | None = None
    intensity: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class Pattern:
    """Where in a path the emotion, the speaker and more stand.

    ``{emotion}``, ``{speaker}``, ``{gender}``, ``{intensity}`` and ``{text}`` stand for what is wanted, ``{}`` for what
    is not; all else must be there as it is written. A field ends where what follows it in the pattern begins, and never
    passes a ``/``; ``{}`` at the end of a name takes the rest of it. ``{speaker:2}`` is two characters long, ``{:#}``
    consists of digits. A pattern describes the end of a path without the file's ending: as many folders as it has
    slashes.

    Parameters
    ----------
    text : str
        For example ``{speaker}/{emotion}/{}``.

    Raises
    ------
    ParameterError
        If it is no such pattern, or says nothing of the emotion.

    Examples
    --------
    >>> from pathlib import PurePath
    >>> Pattern("{speaker}_{}_{emotion}_{}").match(PurePath("AudioWAV/1001_DFA_ANG_XX.wav"))
    Labels(emotion='ANG', speaker='1001', gender=None, intensity=None, text=None)
    >>> Pattern("{speaker:2}{text:3}{emotion:1}{:1}").match(PurePath("03a01Fa.wav"))
    Labels(emotion='F', speaker='03', gender=None, intensity=None, text='a01')
    """

    text: str
    _parts: tuple[re.Pattern[str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        text = unicodedata.normalize("NFC", self.text.strip().replace("\\", "/").strip("/"))
        if text.lower().endswith(RECORDINGS):  # the ending of the files is not part of it
            text = text.rpartition(".")[0]
        names = [match["name"] for match in _FIELD.finditer(text)]
        if unknown := [name for name in names if name and name not in _FIELDS]:
            raise ParameterError(
                f"the pattern {self.text!r} has the field {unknown[0]!r}; the fields are "
                f"{', '.join(f'{{{name}}}' for name in _FIELDS)}, and {{}} for what is not wanted"
            )
        for name in _FIELDS:
            if names.count(name) > 1 or (name == "emotion" and name not in names):
                how = "no field" if name not in names else "twice the field"
                raise ParameterError(f"the pattern {self.text!r} has {how} {{{name}}}; give one, {_EXAMPLE}")
        object.__setattr__(self, "_parts", tuple(re.compile(self._expression(part)) for part in text.split("/")))

    def match(self, path: PurePath) -> Labels | None:
        """Return what a path says, None where it does not follow the pattern."""
        parts = (*path.parts[:-1], path.stem)[-len(self._parts) :]
        if len(parts) < len(self._parts):
            return None
        found: dict[str, str] = {}
        for expression, part in zip(self._parts, parts, strict=True):
            if not (match := expression.fullmatch(unicodedata.normalize("NFC", part))):
                return None
            found |= match.groupdict()
        return Labels(**{name: found.get(name) for name in _FIELDS})  # type: ignore[arg-type] # an emotion is required

    def _expression(self, part: str) -> str:
        """Return the regular expression of a folder's or a file's name."""
        fields = list(_FIELD.finditer(part))
        literals = _FIELD.split(part)[:: _FIELD.groups + 1]
        if any(brace in literal for literal in literals for brace in "{}"):
            raise ParameterError(f"the pattern {self.text!r} has a brace without its other half; write it {_EXAMPLE}")
        expression = re.escape(literals[0])
        for number, (this, literal) in enumerate(zip(fields, literals[1:], strict=True)):
            follower = fields[number + 1] if not literal and number + 1 < len(fields) else None
            content = self._content(this["form"], literal, follower)
            if content == _REST and this["name"] and (before := literals[number]):
                content = f"[^{re.escape(before[-1])}]+"  # a wrong pattern shall match nothing rather than too much
            expression += (f"(?P<{this['name']}>{content})" if this["name"] else content) + re.escape(literal)
        return expression

    def _content(self, form: str | None, literal: str, follower: re.Match[str] | None) -> str:
        """Return the regular expression of a field, before what follows it: a literal, a field, or nothing."""
        if form is not None and form.isascii() and form.isdigit() and int(form):
            return f".{{{form}}}"
        if form == "#":
            return "[0-9]+"
        if form is not None:
            raise ParameterError(
                f"the pattern {self.text!r} has a field with {form!r} behind its colon; write how many characters it "
                "has, as in {speaker:2}, or # for digits"
            )
        if follower is None:
            return f"[^{re.escape(literal[0])}]+" if literal else _REST
        if follower["form"] is None:
            raise ParameterError(
                f"the pattern {self.text!r} has two fields with nothing between them; say how long one of them is, as "
                "in {speaker:2}"
            )
        return "[^0-9]+" if follower["form"] == "#" else _REST


@dataclass(frozen=True)
class Layout:
    """How the files of a published corpus are named, and what the codes in their names mean.

    Attributes
    ----------
    title : str
        What messages call it.
    patterns : tuple of str
        As it comes in several shapes, the first that matches counts.
    emotions, speakers, intensities, texts : mapping of str to str
        What the codes in its file names mean, by the code in lower case. A path with another code is none of its. Of
        `speakers`, `intensities` and `texts` any will do where there is no mapping.
    genders : mapping of str to str
        Of speakers, "female" or "male".
    """

    title: str
    patterns: tuple[str, ...]
    emotions: Mapping[str, str]
    speakers: Mapping[str, str | None] | None = None
    intensities: Mapping[str, str | None] | None = None
    texts: Mapping[str, str | None] | None = None
    genders: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _patterns(self) -> tuple[Pattern, ...]:
        return tuple(map(Pattern, self.patterns))

    def match(self, path: PurePath) -> Labels | None:
        """Return what a path says, None where it is not of this corpus."""
        for pattern in self._patterns:
            if (said := pattern.match(path)) is None:
                continue
            try:
                speaker = _meaning(said.speaker, self.speakers)
                return Labels(
                    emotion=self.emotions[said.emotion.casefold()],
                    speaker=speaker,
                    gender=self.genders.get(speaker or "", said.gender),
                    intensity=_meaning(said.intensity, self.intensities),
                    text=_meaning(said.text, self.texts),
                )
            except KeyError:  # a code of another corpus
                continue
        return None


def _meaning(code: str | None, meanings: Mapping[str, str | None] | None) -> str | None:
    return code if code is None or meanings is None else meanings[code.casefold()]


FOLDERS_BY_EMOTION = Layout("folders by emotion", ("{emotion}/{}",), EMOTION_OF)
"""Folders that people name by emotions: nothing is said of the speaker."""
