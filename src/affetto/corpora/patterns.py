"""Patterns of paths, with fields for the emotion, the speaker and other labels."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from affetto.corpora.base import RECORDINGS
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from pathlib import PurePath

_FIELDS = ("emotion", "speaker", "gender", "intensity", "text")
_FIELD = re.compile(r"\{(?P<name>[^{}:]*)(?::(?P<form>[^{}]*))?\}")
_REST = ".+"
_EXAMPLE = "such as '{speaker}_{}_{emotion}_{}'"


class Labels(NamedTuple):
    """The labels in a path; None where the path has no such label."""

    emotion: str
    speaker: str | None
    gender: str | None = None
    intensity: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class Pattern:
    """A pattern of paths, with fields for labels.

    The fields are ``{emotion}``, ``{speaker}``, ``{gender}``, ``{intensity}`` and ``{text}``, and ``{}`` for anything
    else. All other characters stand for themselves. A field ends before the character that follows it in the pattern,
    and never contains a ``/``. ``{}`` at the end of a name takes the rest of it. ``{speaker:2}`` has two characters,
    ``{:#}`` has digits only. A pattern describes the end of a path, without the suffix of the file.

    Parameters
    ----------
    text : str
        For example ``{speaker}/{emotion}/{}``.

    Raises
    ------
    ParameterError
        If the pattern is malformed, or has no field for the emotion.

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
        if text.lower().endswith(RECORDINGS):
            text = text.rpartition(".")[0]
        names = [match["name"] for match in _FIELD.finditer(text)]
        if unknown := [name for name in names if name and name not in _FIELDS]:
            raise ParameterError(
                f"the pattern {self.text!r} has the field {unknown[0]!r}; the fields are "
                f"{', '.join(f'{{{name}}}' for name in _FIELDS)}, and {{}} for anything else"
            )
        for name in _FIELDS:
            if names.count(name) > 1 or (name == "emotion" and name not in names):
                raise ParameterError(
                    f"the pattern {self.text!r} has {names.count(name)} fields {{{name}}}; give one, {_EXAMPLE}"
                )
        object.__setattr__(self, "_parts", tuple(re.compile(self._expression(part)) for part in text.split("/")))

    def match(self, path: PurePath) -> Labels | None:
        """Return the labels in a path; None if it does not follow the pattern."""
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
            raise ParameterError(f"the pattern {self.text!r} has an unmatched brace; write a pattern {_EXAMPLE}")
        expression = re.escape(literals[0])
        for number, (this, literal) in enumerate(zip(fields, literals[1:], strict=True)):
            follower = fields[number + 1] if not literal and number + 1 < len(fields) else None
            content = self._content(this["form"], literal, follower)
            if content == _REST and this["name"] and (before := literals[number]):
                content = f"[^{re.escape(before[-1])}]+"  # a wrong pattern should match nothing rather than too much
            expression += (f"(?P<{this['name']}>{content})" if this["name"] else content) + re.escape(literal)
        return expression

    def _content(self, form: str | None, literal: str, follower: re.Match[str] | None) -> str:
        """Return the regular expression of a field that a literal, another field or nothing follows."""
        if form is not None and form.isascii() and form.isdigit() and int(form):
            return f".{{{form}}}"
        if form == "#":
            return "[0-9]+"
        if form is not None:
            raise ParameterError(
                f"the pattern {self.text!r} has a field with {form!r} after its colon; give the number of characters, "
                "as in {speaker:2}, or # for digits"
            )
        if follower is None:
            return f"[^{re.escape(literal[0])}]+" if literal else _REST
        if follower["form"] is None:
            raise ParameterError(
                f"the pattern {self.text!r} has two adjacent fields; give the length of one, as in {{speaker:2}}"
            )
        return "[^0-9]+" if follower["form"] == "#" else _REST
