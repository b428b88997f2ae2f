from __future__ import annotations

from pathlib import PurePath

import pytest

from affetto.corpora.patterns import FOLDERS_BY_EMOTION, Labels, Layout, Pattern
from affetto.errors import ParameterError


@pytest.mark.parametrize(
    ("pattern", "path", "said"),
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
def test_a_pattern_says_where_emotion_and_speaker_stand(
    pattern: str, path: str, said: tuple[str, str | None] | None
) -> None:
    found = Pattern(pattern).match(PurePath(path))

    assert (found and (found.emotion, found.speaker)) == said


def test_a_pattern_says_the_rest_too() -> None:
    pattern = Pattern("{gender:1}{speaker:#}-{emotion}-{intensity:1}-{text}")

    assert pattern.match(PurePath("F03-sad-2-kids.wav")) == Labels("sad", "03", gender="F", intensity="2", text="kids")


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("{speaker}_{}", "no field {emotion}"),
        ("", "no field {emotion}"),
        ("{emotion}_{emotion}", "twice the field {emotion}"),
        ("{emotion}_{actor}", "the field 'actor'"),
        ("{emotion}{speaker}", "nothing between them"),
        ("{emotion}_{:x}", "'x' behind its colon"),
        ("{emotion:0}", "'0' behind its colon"),
        ("{emotion}_{", "a brace without its other half"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str, complaint: str) -> None:
    with pytest.raises(ParameterError, match=complaint):
        Pattern(pattern)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("A-ang-1-x.wav", Labels("angry", "Anna", "female", "low", "x")),
        ("b-SAD-0-y.wav", Labels("sad", "Bert", None, None, "y")),
        ("B/ang.wav", Labels("angry", "Bert")),
        ("C-ang-1-x.wav", None),
        ("A-hap-1-x.wav", None),
        ("A-ang-3-x.wav", None),
        ("A-ang-1-z.wav", None),
        ("A-ang.wav", None),
    ],
)
def test_a_layout_knows_its_codes_and_refuses_others(path: str, said: Labels | None) -> None:
    layout = Layout(
        "mine",
        ("{speaker}-{emotion}-{intensity}-{text}", "{speaker}/{emotion}"),
        {"ang": "angry", "sad": "sad"},
        {"a": "Anna", "b": "Bert"},
        intensities={"0": None, "1": "low"},
        texts={"x": "x", "y": "y"},
        genders={"Anna": "female"},
    )

    assert layout.match(PurePath(path)) == said


def test_folders_are_named_by_emotions_in_several_words() -> None:
    assert FOLDERS_BY_EMOTION.match(PurePath("Fear/x.wav")) == Labels("fearful", None)
    assert FOLDERS_BY_EMOTION.match(PurePath("fearsome/x.wav")) is None
