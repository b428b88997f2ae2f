"""Published corpora whose names say all that is needed: which codes they use, on which terms, and whom to cite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from affetto.corpora.base import Utterance
from affetto.corpora.labels import EMOTION_OF
from affetto.corpora.naming import ForeignFileError, MisnamedError, NamedCorpus
from affetto.corpora.patterns import Layout
from affetto.corpora.terms import (
    ANY_USE,
    ATTRIBUTION,
    BY_AGREEMENT,
    NO_DERIVATIVES,
    NON_COMMERCIAL,
    NOT_STATED,
    RESEARCH,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

SUFFIXES = (".wav", ".flac", ".aiff", ".aif", ".opus")
"""What the clips come as: published lossless, or made smaller since."""


def by_names(
    layout: Layout, example: str, *, left_out: Mapping[str, str] | None = None, name_speaker: bool = False
) -> Callable[[Path], Utterance]:
    """Return what makes utterances of paths that follow a layout.

    Parameters
    ----------
    layout : Layout
        What the names say.
    example : str
        A file name as published, for messages.
    left_out : mapping of str to str, optional
        Clips that are broken as published, by the file's stem, and how.
    name_speaker : bool
        Whether clips of several speakers bear the same name, so that theirs must be part of it.
    """

    def parse(path: Path) -> Utterance:
        if (said := layout.match(path)) is None or said.speaker is None:
            raise MisnamedError(f"{path.stem!r} is not named like {example}")
        if reason := (left_out or {}).get(path.stem):
            raise ForeignFileError(f"left out: {reason}")
        beginning = f"{said.speaker}_"
        return Utterance(
            path,
            said.emotion,
            said.speaker,
            gender=said.gender,
            # Neutral speech has no level, whatever its file is called.
            intensity=None if said.emotion == "neutral" else said.intensity,
            text=said.text,
            name=f"{beginning}{path.stem}" if name_speaker and not path.stem.startswith(beginning) else None,
        )

    return parse


def _speakers(*names: str) -> dict[str, str]:
    return {name.lower(): name for name in names}


# Pichora-Fuller and Dupuis 2010: OAF_back_angry is speaker, word and emotion; "ps" is a pleasant surprise. As
# published, one file is called OA_bite_neutral.
_TESS = Layout(
    "TESS",
    ("{speaker}_{text}_{emotion}",),
    {
        **{emotion: emotion for emotion in ("angry", "disgust", "happy", "neutral", "sad")},
        "fear": "fearful",
        "ps": "surprised",
    },
    {**_speakers("OAF", "YAF"), "oa": "OAF"},
    genders={"OAF": "female", "YAF": "female"},
)

# Haq and Jackson 2010, Info.txt: DC/sa01 is speaker, emotion and sentence; Kaggle has DC_sa01. Which sentences of
# different emotions are the same the numbers do not say.
_SAVEE = Layout(
    "SAVEE",
    ("{speaker}_{emotion}{:#}", "{speaker}/{emotion}{:#}"),
    {
        "a": "angry",
        "d": "disgust",
        "f": "fearful",
        "h": "happy",
        "n": "neutral",
        "sa": "sad",
        "su": "surprised",
    },
    _speakers("DC", "JE", "JK", "KL"),
    genders=dict.fromkeys(("DC", "JE", "JK", "KL"), "male"),
)

# Costantini et al. 2014: dis-f1-b1 is emotion, speaker and sentence.
_EMOVO = Layout(
    "EMOVO",
    ("{emotion}-{speaker}-{text:2}",),
    {
        "dis": "disgust",  # disgusto
        "gio": "happy",  # gioia
        "neu": "neutral",
        "pau": "fearful",  # paura
        "rab": "angry",  # rabbia
        "sor": "surprised",  # sorpresa
        "tri": "sad",  # tristezza
    },
    _speakers("f1", "f2", "f3", "m1", "m2", "m3"),
    genders={**dict.fromkeys(("f1", "f2", "f3"), "female"), **dict.fromkeys(("m1", "m2", "m3"), "male")},
)

# Zhou et al. 2021, ReadMe.txt: 0011/Angry/train/0011_000351 lies below speaker and emotion, in some copies without
# parts. Speakers up to 0010 speak Mandarin, the others English.
_ESD_SPEAKERS = [f"{number:04d}" for number in range(1, 21)]
_ESD_MEN = ("0004", "0005", "0006", "0008", "0010", "0011", "0012", "0013", "0014", "0020")
_ESD = Layout(
    "ESD",
    ("{emotion}/{speaker:4}_{:#}", "{emotion}/{}/{speaker:4}_{:#}"),
    {"angry": "angry", "happy": "happy", "neutral": "neutral", "sad": "sad", "surprise": "surprised"},
    _speakers(*_ESD_SPEAKERS),
    genders={speaker: "male" if speaker in _ESD_MEN else "female" for speaker in _ESD_SPEAKERS},
)

# James et al. 2018: female1_angry_10a_1 is speaker, emotion, sentence and repetition. The five secondary emotions and
# excited keep their names.
_JL_CORPUS = Layout(
    "JL-Corpus",
    ("{speaker}_{emotion}_{text}_{:#}",),
    {
        **{emotion: emotion for emotion in ("angry", "happy", "neutral", "sad", "excited")},
        **{emotion: emotion for emotion in ("anxious", "apologetic", "assertive", "concerned", "encouraging")},
    },
    _speakers("female1", "female2", "male1", "male2"),
    genders={"female1": "female", "female2": "female", "male1": "male", "male2": "male"},
)

# Duville et al. 2021: Anger_F_A_abajo is emotion, voice, list of words and word. Which of the actors speaks it does not
# say: all voices of a kind count as one speaker, so that none of them is tested after being trained on.
_MESD = Layout(
    "MESD",
    ("{emotion}_{speaker:1}_A_{}", "{emotion}_{speaker:1}_B_{}"),
    {word: EMOTION_OF[word] for word in ("anger", "disgust", "fear", "happiness", "neutral", "sadness")},
    _speakers("F", "M", "C"),
    genders={"F": "female", "M": "male"},
)

# Sultana et al. 2021: F_02_MONIKA_S_1_NEUTRAL_5 is gender, number and name of the speaker, sentence, emotion and take.
_SUBESCO_SPEAKERS = [f"{letter}_{number:02d}" for letter in "FM" for number in range(1, 11)]
_SUBESCO = Layout(
    "SUBESCO",
    ("{speaker:4}_{}_S_{text:#}_{emotion}_{:#}",),
    {word: EMOTION_OF[word] for word in ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")},
    _speakers(*_SUBESCO_SPEAKERS),
    genders={speaker: "female" if speaker[0] == "F" else "male" for speaker in _SUBESCO_SPEAKERS},
)

# Gournay et al. 2018, Readme.txt: 01-C-1-1 is actor, emotion, level and sentence; actors of odd numbers are men.
_CAFE_SPEAKERS = [f"{number:02d}" for number in range(1, 13)]
_CAFE = Layout(
    "CaFE",
    ("{speaker:2}-{emotion:1}-{intensity:1}-{text:1}",),
    {
        "c": "angry",  # colère
        "d": "disgust",  # dégoût
        "j": "happy",  # joie
        "n": "neutral",
        "p": "fearful",  # peur
        "s": "surprised",
        "t": "sad",  # tristesse
    },
    _speakers(*_CAFE_SPEAKERS),
    intensities={"1": "low", "2": "high"},
    texts={number: number for number in "123456"},
    genders={speaker: "male" if int(speaker) % 2 else "female" for speaker in _CAFE_SPEAKERS},
)

# Vryzas et al. 2018, its readme: anger/a01 (1) is emotion, sentence and speaker. Who of the speakers is a woman it does
# not say. The folder is asked for because Windows calls copies like that.
_AESDD = Layout(
    "AESDD",
    ("{emotion}/{:1}{text:#} ({speaker:#})", "{emotion}/{:1}{text:#} ({speaker:#}){:1}"),
    {word: EMOTION_OF[word] for word in ("anger", "disgust", "fear", "happiness", "sadness")},
)

# Mohamad Nezami et al. 2019: F03S02 is gender and number of the speaker, emotion and the number of the clip.
_SHEMO_SPEAKERS = [f"{letter}{number:02d}" for letter in "FM" for number in range(1, 100)]
_SHEMO = Layout(
    "ShEMO",
    ("{speaker:3}{emotion:1}{:#}",),
    {"a": "angry", "f": "fearful", "h": "happy", "n": "neutral", "s": "sad", "w": "surprised"},
    _speakers(*_SHEMO_SPEAKERS),
    genders={speaker: "female" if speaker[0] == "F" else "male" for speaker in _SHEMO_SPEAKERS},
)


def _corpus(
    name: str,
    layout: Layout,
    *,
    example: str,
    licence: str,
    weights: str,
    speech: str,
    citation: str,
    left_out: Mapping[str, str] | None = None,
    name_speaker: bool = False,
) -> NamedCorpus:
    return NamedCorpus(
        name=name,
        title=layout.title,
        licence=licence,
        weights=weights,
        citation=citation,
        speech=speech,
        suffixes=SUFFIXES,
        example=example,
        parse=by_names(layout, example, left_out=left_out, name_speaker=name_speaker),
    )


PUBLISHED = (
    _corpus(
        "tess",
        _TESS,
        example="OAF_back_angry.wav",
        licence="CC-BY-NC-ND-4.0",
        weights=NO_DERIVATIVES,
        speech="acted, Canadian English",
        citation=(
            "Pichora-Fuller, M. K., & Dupuis, K. (2020). Toronto emotional speech set (TESS). Borealis. "
            "https://doi.org/10.5683/SP2/E8H2MF"
        ),
    ),
    _corpus(
        "savee",
        _SAVEE,
        example="DC/a01.wav",
        licence="free for research use",
        weights=RESEARCH,
        speech="acted, British English",
        citation=(
            "Haq, S., & Jackson, P. J. B. (2010). Multimodal emotion recognition. In W. Wang (Ed.), Machine Audition: "
            "Principles, Algorithms and Systems (pp. 398-423). IGI Global."
        ),
        name_speaker=True,
    ),
    _corpus(
        "emovo",
        _EMOVO,
        example="dis-f1-b1.wav",
        licence="not stated",
        weights=NOT_STATED,
        speech="acted, Italian",
        citation=(
            "Costantini, G., Iaderola, I., Paoloni, A., & Todisco, M. (2014). EMOVO corpus: an Italian emotional "
            "speech database. LREC 2014, 3501-3504."
        ),
    ),
    _corpus(
        "esd",
        _ESD,
        example="0011/Angry/0011_000351.wav",
        licence="for research use by agreement",
        weights=BY_AGREEMENT,
        speech="acted, Mandarin and English",
        citation=(
            "Zhou, K., Sisman, B., Liu, R., & Li, H. (2021). Seen and unseen emotional style transfer for voice "
            "conversion with a new emotional speech dataset. ICASSP 2021, 920-924."
        ),
    ),
    _corpus(
        "jl-corpus",
        _JL_CORPUS,
        example="female1_angry_10a_1.wav",
        licence="CC0-1.0",
        weights=ANY_USE,
        speech="acted, New Zealand English",
        citation=(
            "James, J., Tian, L., & Watson, C. (2018). An open source emotional speech corpus for human robot "
            "interaction applications. Interspeech 2018, 2768-2772."
        ),
    ),
    _corpus(
        "mesd",
        _MESD,
        example="Anger_F_A_abajo.wav",
        licence="CC-BY-4.0",
        weights=ATTRIBUTION,
        speech="acted, single words, Mexican Spanish",
        citation=(
            "Duville, M. M., Alonso-Valerdi, L. M., & Ibarra-Zarate, D. I. (2021). Mexican Emotional Speech Database "
            "based on semantic, frequency, familiarity, concreteness, and cultural shaping of affective prosody. Data "
            "6(12): 130. https://doi.org/10.3390/data6120130"
        ),
    ),
    _corpus(
        "subesco",
        _SUBESCO,
        example="F_02_MONIKA_S_1_NEUTRAL_5.wav",
        licence="CC-BY-4.0",
        weights=ATTRIBUTION,
        speech="acted, Bangla",
        citation=(
            "Sultana, S., Rahman, M. S., Selim, M. R., & Iqbal, M. Z. (2021). SUST Bangla Emotional Speech Corpus "
            "(SUBESCO): an audio-only emotional speech corpus for Bangla. PLoS ONE 16(4): e0250173. "
            "https://doi.org/10.1371/journal.pone.0250173"
        ),
    ),
    _corpus(
        "cafe",
        _CAFE,
        example="01-C-1-1.wav",
        licence="CC-BY-NC-SA-4.0",
        weights=NON_COMMERCIAL,
        speech="acted, Canadian French",
        citation=(
            "Gournay, P., Lahaie, O., & Lefebvre, R. (2018). A Canadian French emotional speech dataset. ACM "
            "Multimedia Systems Conference 2018, 399-402."
        ),
    ),
    _corpus(
        "aesdd",
        _AESDD,
        example="anger/a01 (1).wav",
        licence="not stated",
        weights=NOT_STATED,
        speech="acted, Greek",
        citation=(
            "Vryzas, N., Kotsakis, R., Liatsou, A., Dimoulas, C. A., & Kalliris, G. (2018). Speech emotion recognition "
            "for performance interaction. Journal of the Audio Engineering Society 66(6), 457-467."
        ),
        left_out={"s05 (3)": "it holds no sound as published"},
    ),
    _corpus(
        "shemo",
        _SHEMO,
        example="F03S02.wav",
        licence="free for academic use",
        weights=RESEARCH,
        speech="acted in radio plays, Persian",
        citation=(
            "Mohamad Nezami, O., Jamshid Lou, P., & Karami, M. (2019). ShEMO: a large-scale validated database for "
            "Persian speech emotion detection. Language Resources and Evaluation 53, 1-16. "
            "https://doi.org/10.1007/s10579-018-9427-x"
        ),
    ),
)
"""The corpora of this table, of which each is recognized by its names."""
