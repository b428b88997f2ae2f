from __future__ import annotations

from pathlib import PurePath

import pytest

from affetto.corpora.patterns import Labels, Pattern
from affetto.errors import ParameterError


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("{speaker}_{}_{emotion}_{}", "1001_DFA_ANG_XX.wav", ("ANG", "1001")),
        ("{speaker}_{}_{emotion}_{}", "any/where/1001_DFA_ANG_XX.wav", ("ANG", "1001")),
        ("{speaker}_{}_{emotion}_{}", "1001_ANG_XX.wav", None),
        ("{speaker}_{emotion}_{}", "anna_sad_2024_05_01.wav", ("sad", "anna")),
        ("{speaker}_{emotion}", "anna_old_sad.wav", None),
        ("{speaker}/{emotion}/{}", "train/anna/very sad/1.2.wav", ("very sad", "anna")),
        ("{speaker}\\{emotion}\\{}.wav", "anna/sad/1.wav", ("sad", "anna")),
        ("/{emotion}/{}/", "sad/1.wav", ("sad", None)),
        ("{emotion}/{}", "1.wav", None),
        ("{speaker:2}{:3}{emotion:1}{:1}", "03a01Fa.wav", ("F", "03")),
        ("{speaker:2}{:3}{emotion:1}{:1}", "03a01Faa.wav", None),
        ("{speaker}_{emotion}{:#}", "DC_sa01.wav", ("sa", "DC")),
        ("{speaker}_{emotion}{:#}", "DC_01.wav", None),
        ("take.{speaker}-{emotion}", "take.a-b.c.wav", ("b.c", "a")),
        ("take.{speaker}-{emotion}", "take.a-b-c.wav", None),
        ("take.{speaker}-{emotion}", "takeXa-b.wav", None),
        ("Jörg_{emotion}", "Jo\u0308rg_sad.wav", ("sad", None)),
    ],
)
def test_pattern_finds_emotion_and_speaker(pattern: str, path: str, expected: tuple[str, str | None] | None) -> None:
    found = Pattern(pattern).match(PurePath(path))

    assert (found and (found.emotion, found.speaker)) == expected


def test_pattern_finds_all_fields() -> None:
    pattern = Pattern("{gender:1}{speaker:#}-{emotion}-{intensity:1}-{text}")

    assert pattern.match(PurePath("F03-sad-2-kids.wav")) == Labels("sad", "03", gender="F", intensity="2", text="kids")


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("{speaker}_{}", "0 fields {emotion}"),
        ("", "0 fields {emotion}"),
        ("{emotion}_{emotion}", "2 fields {emotion}"),
        ("{emotion}_{actor}", "the field 'actor'"),
        ("{emotion}{speaker}", "adjacent"),
        ("{emotion}_{:x}", "'x' after its colon"),
        ("{emotion:0}", "'0' after its colon"),
        ("{emotion}_{", "brace"),
    ],
)
def test_malformed_pattern_is_refused(pattern: str, complaint: str) -> None:
    with pytest.raises(ParameterError, match=complaint):
        Pattern(pattern)
