from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from affetto.corpora import load_corpus
from affetto.corpora.base import TERMS_FOR_WEIGHTS
from affetto.corpora.naming import ForeignFileError
from affetto.corpora.published import PUBLISHED, RAVDESS, corpora_of

if TYPE_CHECKING:
    from collections.abc import Callable

# Names from the papers, readmes and copies of the corpora: emotion, speaker, gender, intensity, text.
EXAMPLES: dict[str, dict[str, tuple[str | None, ...]]] = {
    "ravdess": {
        "Actor_08/03-01-06-02-02-01-08.wav": ("fearful", "8", "female", "strong", "dogs"),
        "Actor_01/03-01-01-01-01-02-01.flac": ("neutral", "1", "male", "normal", "kids"),
    },
    "nemo": {"samples/WR0_surprised_64.wav": ("surprised", "WR", "male", None, "64")},
    "emodb": {
        "wav/03a01Fa.wav": ("happy", "03", "male", None, "a01"),
        "wav/16b10Lb.wav": ("bored", "16", "female", None, "b10"),
    },
    "crema-d": {"AudioWAV/1091_IEO_FEA_MD.wav": ("fearful", "1091", "female", "medium", "IEO")},
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
CASES = [(name, path, labels) for name, examples in EXAMPLES.items() for path, labels in examples.items()]


@pytest.mark.parametrize(("name", "path", "expected"), CASES)
def test_published_name_has_labels_of_one_corpus_only(name: str, path: str, expected: tuple[str | None, ...]) -> None:
    one = PUBLISHED[name].parse(Path(path))

    assert (one.emotion, one.speaker, one.gender, one.intensity, one.text) == expected
    assert corpora_of([Path("some/where") / path]) == {name}


@pytest.mark.parametrize("name", sorted(PUBLISHED.keys() - {"iemocap", "emozionalmente"}))
def test_example_of_a_corpus_is_its_own(name: str) -> None:
    assert corpora_of([Path("any/where") / PUBLISHED[name].example]) == {name}


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_documentation_lists_the_corpus_and_its_terms(name: str, root: Path) -> None:
    corpus = PUBLISHED[name]
    rows = (root / "docs/reference/corpora.md").read_text(encoding="utf-8").splitlines()

    [row] = [row for row in rows if re.match(rf"\| {re.escape(corpus.title)} \|", row)]
    for part in (Path(corpus.example).stem, corpus.licence, TERMS_FOR_WEIGHTS[corpus.licence]):
        assert part in row


@pytest.mark.parametrize(
    "name",
    [
        "03-01-09-01-01-01-01.wav",
        "03-01-05-01-01-01-25.wav",
        "03-01-05-01-01-00-24.wav",
        "03-01-01-02-01-01-01.wav",  # strongly neutral
        "03-01-05-01-01-01.wav",
        "3-1-5-1-1-1-1.wav",
        "01a01Fa.wav",
        "03a01Xa.wav",
        "03c01Fa.wav",
        "WR0_bored_64.wav",
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
def test_other_names_are_of_no_corpus(name: str) -> None:
    assert corpora_of([Path("recordings") / name]) == set()


def test_clips_of_the_same_name_by_two_speakers_are_different(touch: Callable[..., Path]) -> None:
    corpus = load_corpus(touch("DC/a01.wav", "JE/a01.wav", "ALL/JE_a01.wav", "ALL/KL_a01.wav"))

    assert [u.clip for u in corpus.utterances] == ["DC_a01", "JE_a01", "KL_a01"]
    assert [u.speaker for u in corpus.utterances] == ["DC", "JE", "KL"]


def test_clip_that_is_silent_as_published_is_left_out(touch: Callable[..., Path]) -> None:
    folder = touch("sadness/s05 (3).wav", "sadness/s05 (2).wav")

    assert [u.clip for u in load_corpus(folder).utterances] == ["s05 (2)"]
    with pytest.raises(ForeignFileError, match="left out"):
        PUBLISHED["aesdd"].parse(folder / "sadness/s05 (3).wav")


def test_speakers_without_a_name_count_as_one_of_their_kind(touch: Callable[..., Path]) -> None:
    corpus = load_corpus(touch("Anger_C_A_abajo.wav", "Fear_C_B_miedo.wav", "Sadness_M_A_abajo.wav"))

    assert {u.speaker for u in corpus.utterances} == {"C", "M"}


def test_every_clip_of_ravdess_is_loaded_once(ravdess_dir: Path) -> None:
    corpus = load_corpus(ravdess_dir)

    assert [u.clip for u in corpus.utterances] == list(RAVDESS.clips) == sorted(RAVDESS.clips)
    assert len(set(RAVDESS.clips)) == 1440
    assert corpus.emotions == ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
    assert Counter(u.emotion for u in corpus.utterances)["neutral"] == 96
    assert Counter(u.speaker for u in corpus.utterances) == {str(n): 60 for n in range(1, 25)}
    assert Counter(u.gender for u in corpus.utterances) == {"male": 720, "female": 720}
    assert Counter(u.intensity for u in corpus.utterances) == {"normal": 768, "strong": 672}
    assert Counter(u.text for u in corpus.utterances) == {"kids": 720, "dogs": 720}


def test_every_clip_of_nemo_is_loaded(nemo_dir: Path) -> None:
    corpus = load_corpus(nemo_dir)

    assert Counter(u.emotion for u in corpus.utterances) == {
        "neutral": 809,
        "happy": 749,
        "sad": 769,
        "angry": 749,
        "fearful": 736,
        "surprised": 669,
    }
    genders = {u.speaker: u.gender for u in corpus.utterances}
    assert sorted(genders) == ["EB", "IC", "KD", "KS", "MK", "MP", "SM", "TP", "WR"]
    assert Counter(genders.values()) == {"male": 5, "female": 4}


def test_corpus_in_two_folders_is_complete_if_both_are_linked_below_one(data_dir: Path, tmp_path: Path) -> None:
    for part in ("emodb", "emodb-rest"):
        if not (data_dir / part).is_dir():
            pytest.skip(f"{part} is not in {data_dir}")
        (tmp_path / part).symlink_to(data_dir / part, target_is_directory=True)

    corpus = load_corpus(tmp_path)

    assert corpus.name == "emodb"
    assert Counter(u.emotion for u in corpus.utterances) == {
        "angry": 127,
        "bored": 81,
        "neutral": 79,
        "happy": 71,
        "fearful": 69,
        "sad": 62,
        "disgust": 46,
    }
    assert Counter({u.speaker: u.gender for u in corpus.utterances}.values()) == {"male": 5, "female": 5}
