from __future__ import annotations

from pathlib import PurePath

import pytest

from affetto.corpora.patterns import LAYOUTS, Pattern
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
    assert Pattern(pattern).match(PurePath(path)) == said


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
    ("path", "title", "said"),
    [
        ("1001_DFA_ANG_XX.wav", "CREMA-D", ("angry", "1001")),
        ("1040_ITH_SAD_X.wav", "CREMA-D", ("sad", "1040")),  # so it is published
        ("OAF_neutral/OA_bite_neutral.wav", "TESS", ("neutral", "OAF")),  # and this
        ("YAF_pleasant_surprised/YAF_back_ps.wav", "TESS", ("surprised", "YAF")),
        ("AudioData/DC/sa01.wav", "SAVEE", ("sad", "DC")),
        ("ALL/KL_n30.wav", "SAVEE", ("neutral", "KL")),
        ("Fear/x.wav", "folders by emotion", ("fearful", None)),
        ("1001_DFA_XXX_XX.wav", None, None),
        ("2001_DFA_ANG_XX.wav", None, None),
        ("03-01-06-01-02-01-12.wav", None, None),
    ],
)
def test_published_names_are_known(path: str, title: str | None, said: tuple[str, str | None] | None) -> None:
    matches = [(layout.title, labels) for layout in LAYOUTS if (labels := layout.match(PurePath(path)))]

    assert matches == ([(title, said)] if title else [])
