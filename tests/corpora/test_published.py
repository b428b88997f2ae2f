from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from affetto.corpora import load_corpus
from affetto.corpora.known import NAMED_CORPORA, corpora_of
from affetto.corpora.naming import ForeignFileError

if TYPE_CHECKING:
    from collections.abc import Callable

# As the corpora's papers, readmes and copies show them: emotion, speaker, gender, intensity, text.
EXAMPLES: dict[str, dict[str, tuple[str | None, ...]]] = {
    "tess": {
        "OAF_angry/OAF_back_angry.wav": ("angry", "OAF", "female", None, "back"),
        "OAF_neutral/OA_bite_neutral.wav": ("neutral", "OAF", "female", None, "bite"),  # so it is published
        "YAF_pleasant_surprised/YAF_back_ps.wav": ("surprised", "YAF", "female", None, "back"),
        "OAF_fear_wav/OAF_bar_fear.wav": ("fearful", "OAF", "female", None, "bar"),
    },
    "savee": {
        "AudioData/DC/a01.wav": ("angry", "DC", "male", None, None),
        "JE/sa03.wav": ("sad", "JE", "male", None, None),
        "ALL/KL_su15.wav": ("surprised", "KL", "male", None, None),
        "ALL/JK_n30.wav": ("neutral", "JK", "male", None, None),
    },
    "emovo": {
        "f1/dis-f1-b1.wav": ("disgust", "f1", "female", None, "b1"),
        "m3/gio-m3-n5.wav": ("happy", "m3", "male", None, "n5"),
        "m2/tri-m2-l4.wav": ("sad", "m2", "male", None, "l4"),
    },
    "esd": {
        "0001/Angry/0001_000351.wav": ("angry", "0001", "female", None, None),
        "0016/Neutral/evaluation/0016_000019.wav": ("neutral", "0016", "female", None, None),
        "0020/Surprise/train/0020_001450.wav": ("surprised", "0020", "male", None, None),
    },
    "jl-corpus": {
        "JL(wav+txt)/female1_angry_10a_1.wav": ("angry", "female1", "female", None, "10a"),
        "JL(wav+txt)/male2_encouraging_15b_2.wav": ("encouraging", "male2", "male", None, "15b"),
    },
    "mesd": {
        "Anger_C_A_abajo.wav": ("angry", "C", None, None, None),
        "Happiness_F_B_feliz.wav": ("happy", "F", "female", None, None),
        "Fear_M_A_antes_de.wav": ("fearful", "M", "male", None, None),
    },
    "subesco": {
        "F_02_MONIKA_S_1_NEUTRAL_5.wav": ("neutral", "F_02", "female", None, "1"),
        "M_02_RAHUL_S_10_SURPRISE_1.wav": ("surprised", "M_02", "male", None, "10"),
    },
    "cafe": {
        "Colère/Faible/01-C-1-1.wav": ("angry", "01", "male", "low", "1"),
        "Tristesse/Fort/12-T-2-6.aiff": ("sad", "12", "female", "high", "6"),
        "Neutre/02-N-1-3.wav": ("neutral", "02", "female", None, "3"),
    },
    "aesdd": {
        "anger/a01 (1).wav": ("angry", "1", None, None, "01"),
        "happiness/h20 (5)b.wav": ("happy", "5", None, None, "20"),
    },
    "shemo": {
        "female/F03S02.wav": ("sad", "F03", "female", None, None),
        "female/F14A09.wav": ("angry", "F14", "female", None, None),
        "male/M02F01.wav": ("fearful", "M02", "male", None, None),
        "male/M56W11.wav": ("surprised", "M56", "male", None, None),
    },
}
CASES = [(name, path, said) for name, examples in EXAMPLES.items() for path, said in examples.items()]


@pytest.mark.parametrize(("name", "path", "said"), CASES)
def test_published_names_are_read(name: str, path: str, said: tuple[str | None, ...]) -> None:
    one = NAMED_CORPORA[name].parse(Path(path))

    assert (one.emotion, one.speaker, one.gender, one.intensity, one.text) == said


@pytest.mark.parametrize(("name", "path", "_said"), CASES)
def test_a_published_name_is_of_one_corpus_only(name: str, path: str, _said: object) -> None:
    assert corpora_of([Path("some/where") / path]) == {name}


@pytest.mark.parametrize(
    "name",
    [
        "back_angry.wav",
        "OAF_back_joy.wav",
        "DC/a.wav",
        "anna/a01.wav",
        "DC/x01.wav",
        "dis-f4-b1.wav",
        "dis-f1-b12.wav",
        "0021/Angry/0021_000351.wav",
        "0001_000351.wav",
        "female3_angry_10a_1.wav",
        "female1_angry_10a.wav",
        "Anger_X_A_abajo.wav",
        "F_11_MONIKA_S_1_NEUTRAL_5.wav",
        "F_02_MONIKA_S_1_CALM_5.wav",
        "13-C-1-1.wav",
        "01-C-3-1.wav",
        "01-C-1-7.wav",
        "a01 (1).wav",
        "joy/a01 (1).wav",
        "F03X02.wav",
        "X03S02.wav",
        "DC/a01 (1).wav",
        "2026-11-27.wav",
        "IMG_0001.wav",
    ],
)
def test_other_names_are_of_none(name: str) -> None:
    assert corpora_of([Path("recordings") / name]) == set()


def test_clips_of_the_same_name_by_two_speakers_are_two(touch: Callable[..., Path]) -> None:
    corpus = load_corpus(touch("DC/a01.wav", "JE/a01.wav", "ALL/JE_a01.wav", "ALL/KL_a01.wav"))

    assert [u.clip for u in corpus.utterances] == ["DC_a01", "JE_a01", "KL_a01"]
    assert [u.speaker for u in corpus.utterances] == ["DC", "JE", "KL"]


def test_a_clip_that_is_broken_as_published_is_left_out(touch: Callable[..., Path]) -> None:
    folder = touch("sadness/s05 (3).wav", "sadness/s05 (2).wav")

    assert [u.clip for u in load_corpus(folder).utterances] == ["s05 (2)"]
    with pytest.raises(ForeignFileError, match="left out"):
        NAMED_CORPORA["aesdd"].parse(folder / "sadness/s05 (3).wav")


def test_all_voices_of_a_kind_count_as_one_where_the_names_do_not_tell_them_apart(touch: Callable[..., Path]) -> None:
    corpus = load_corpus(touch("Anger_C_A_abajo.wav", "Fear_C_B_miedo.wav", "Sadness_M_A_abajo.wav"))

    assert {u.speaker for u in corpus.utterances} == {"C", "M"}
