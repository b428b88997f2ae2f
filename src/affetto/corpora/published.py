"""Published corpora: how their files are named, their licences and citations."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from affetto.corpora import cremad, emozionalmente, iemocap
from affetto.corpora.base import EMOTIONS
from affetto.corpora.labels import EMOTION_OF
from affetto.corpora.naming import Layout, NamedCorpus

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from affetto.corpora.base import Utterance


def _emotions(*words: str) -> dict[str, str]:
    """Return the emotions of words such as "anger"; others are emotions themselves."""
    return {word: EMOTION_OF.get(word, word) for word in words}


def _numbered(letter: str, n: int) -> list[str]:
    return [f"{letter}{number:02d}" for number in range(1, n + 1)]


# Livingstone and Russo 2018: modality, vocal channel, emotion, intensity, statement, repetition and actor. The
# statements are "Kids are talking by the door" and "Dogs are sitting by the door".
_RAVDESS = Layout(
    (
        "03-01-{emotion:2}-{intensity:2}-{text:2}-01-{speaker:2}",
        "03-01-{emotion:2}-{intensity:2}-{text:2}-02-{speaker:2}",
    ),
    {f"{number:02d}": emotion for number, emotion in enumerate(EMOTIONS, start=1)},
    speakers={f"{actor:02d}": str(actor) for actor in range(1, 25)},
    women=[str(actor) for actor in range(2, 25, 2)],
    men=[str(actor) for actor in range(1, 25, 2)],
    intensities={"01": "normal", "02": "strong"},
    texts={"01": "kids", "02": "dogs"},
    left_out={
        "01-0[12]-??-??-??-??-??": "a video",
        "02-0[12]-??-??-??-??-??": "a video without sound",
        "03-02-??-??-??-??-??": "a song",
        "03-01-01-02-??-??-??": "neutral speech has one intensity only",
    },
)
_RAVDESS_CLIPS = tuple(
    f"03-01-{emotion}-{intensity}-{text}-{repetition}-{actor}"
    for emotion, intensity, text, repetition, actor in product(
        _RAVDESS.emotions, ("01", "02"), ("01", "02"), ("01", "02"), _RAVDESS.speakers or ()
    )
    if (emotion, intensity) != ("01", "02")
)

_CORPORA = (
    NamedCorpus(
        name="ravdess",
        title="RAVDESS",
        licence="CC-BY-NC-SA-4.0",
        speech="acted, North American English",
        citation="Livingstone, S. R., & Russo, F. A. (2018). The Ryerson Audio-Visual Database of Emotional Speech "
        "and Song (RAVDESS). PLoS ONE 13(5): e0196391. https://doi.org/10.1371/journal.pone.0196391",
        example="03-01-06-01-02-01-12.wav",
        parse=_RAVDESS.parse,
        clips=_RAVDESS_CLIPS,
        duplicates=({"03-01-03-01-02-01-07", "03-01-03-01-02-02-07"},),
    ),
    NamedCorpus(
        name="nemo",
        title="nEMO",
        licence="CC-BY-NC-SA-4.0",
        speech="acted, Polish",
        citation="Christop, I. (2024). nEMO: Dataset of Emotional Speech in Polish. LREC-COLING 2024. "
        "https://arxiv.org/abs/2404.06292",
        example="EB0_anger_1.wav",
        # Christop 2024: speaker, emotion and sentence; genders by data.tsv.
        parse=Layout(
            ("{speaker:2}0_{emotion}_{text:#}",),
            _emotions("anger", "fear", "happiness", "neutral", "sadness", "surprised"),
            women=("EB", "IC", "KD", "MK"),
            men=("KS", "MP", "SM", "TP", "WR"),
        ).parse,
    ),
    NamedCorpus(
        name="emodb",
        title="EMO-DB",
        licence="CC0-1.0",
        speech="acted, German",
        citation="Burkhardt, F., Paeschke, A., Rolfes, M., Sendlmeier, W., & Weiss, B. (2005). A database of German "
        "emotional speech. Interspeech 2005, 1517-1520.",
        example="03a01Fa.wav",
        # Burkhardt et al. 2005: speaker, text, emotion (Wut, neutral, Freude, Trauer, Langeweile, Ekel, Angst).
        parse=Layout(
            ("{speaker:2}{text:3}{emotion:1}{:1}",),
            {"w": "angry", "n": "neutral", "f": "happy", "t": "sad", "l": "bored", "e": "disgust", "a": "fearful"},
            women=("08", "09", "13", "14", "16"),
            men=("03", "10", "11", "12", "15"),
            texts={text: text for text in ("a01", "a02", "a04", "a05", "a07", "b01", "b02", "b03", "b09", "b10")},
        ).parse,
    ),
    NamedCorpus(
        name="crema-d",
        title="CREMA-D",
        licence="ODbL-1.0 AND DbCL-1.0",
        speech="acted, American English",
        citation="Cao, H., Cooper, D. G., Keutmann, M. K., Gur, R. C., Nenkova, A., & Verma, R. (2014). CREMA-D: "
        "Crowd-sourced Emotional Multimodal Actors Dataset. IEEE Transactions on Affective Computing 5(4), 377-390. "
        "https://doi.org/10.1109/TAFFC.2014.2336244",
        example="1001_DFA_ANG_XX.wav",
        parse=cremad.parse,
    ),
    NamedCorpus(
        name="tess",
        title="TESS",
        licence="CC-BY-NC-ND-4.0",
        speech="acted, Canadian English",
        citation="Pichora-Fuller, M. K., & Dupuis, K. (2020). Toronto emotional speech set (TESS). Borealis. "
        "https://doi.org/10.5683/SP2/E8H2MF",
        example="OAF_back_angry.wav",
        # Pichora-Fuller and Dupuis 2010: speaker, word and emotion; "ps" is a pleasant surprise. As published, one file
        # is called OA_bite_neutral.
        parse=Layout(
            ("{speaker}_{text}_{emotion}",),
            {**_emotions("angry", "disgust", "fear", "happy", "neutral", "sad"), "ps": "surprised"},
            speakers={"oaf": "OAF", "yaf": "YAF", "oa": "OAF"},
            women=("OAF", "YAF"),
        ).parse,
    ),
    NamedCorpus(
        name="savee",
        title="SAVEE",
        licence="free for research use",
        speech="acted, British English",
        citation="Haq, S., & Jackson, P. J. B. (2010). Multimodal emotion recognition. In W. Wang (Ed.), Machine "
        "Audition: Principles, Algorithms and Systems (pp. 398-423). IGI Global.",
        example="DC/a01.wav",
        # Haq and Jackson 2010, Info.txt: DC/sa01 is speaker, emotion and sentence; Kaggle has DC_sa01. Sentences are
        # numbered by emotion, so that the number does not identify the text.
        parse=Layout(
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
            men=("DC", "JE", "JK", "KL"),
            name_speaker=True,
        ).parse,
    ),
    NamedCorpus(
        name="emovo",
        title="EMOVO",
        licence="not stated",
        speech="acted, Italian",
        citation="Costantini, G., Iaderola, I., Paoloni, A., & Todisco, M. (2014). EMOVO corpus: an Italian emotional "
        "speech database. LREC 2014, 3501-3504.",
        example="dis-f1-b1.wav",
        # Costantini et al. 2014: emotion (disgusto, gioia, neutro, paura, rabbia, sorpresa, tristezza), speaker, text.
        parse=Layout(
            ("{emotion}-{speaker}-{text:2}",),
            {
                "dis": "disgust",
                "gio": "happy",
                "neu": "neutral",
                "pau": "fearful",
                "rab": "angry",
                "sor": "surprised",
                "tri": "sad",
            },
            women=("f1", "f2", "f3"),
            men=("m1", "m2", "m3"),
        ).parse,
    ),
    NamedCorpus(
        name="esd",
        title="ESD",
        licence="for research use by agreement",
        speech="acted, Mandarin and English",
        citation="Zhou, K., Sisman, B., Liu, R., & Li, H. (2021). Seen and unseen emotional style transfer for voice "
        "conversion with a new emotional speech dataset. ICASSP 2021, 920-924.",
        example="0011/Angry/0011_000351.wav",
        # Zhou et al. 2021, ReadMe.txt: files are below the speaker and the emotion, in some copies also below a part
        # such as "train". Speakers up to 0010 speak Mandarin, the others English.
        parse=Layout(
            ("{emotion}/{speaker:4}_{:#}", "{emotion}/{}/{speaker:4}_{:#}"),
            _emotions("angry", "happy", "neutral", "sad", "surprise"),
            women=("0001", "0002", "0003", "0007", "0009", "0015", "0016", "0017", "0018", "0019"),
            men=("0004", "0005", "0006", "0008", "0010", "0011", "0012", "0013", "0014", "0020"),
        ).parse,
    ),
    NamedCorpus(
        name="jl-corpus",
        title="JL-Corpus",
        licence="CC0-1.0",
        speech="acted, New Zealand English",
        citation="James, J., Tian, L., & Watson, C. (2018). An open source emotional speech corpus for human robot "
        "interaction applications. Interspeech 2018, 2768-2772.",
        example="female1_angry_10a_1.wav",
        # James et al. 2018: speaker, emotion, sentence and repetition.
        parse=Layout(
            ("{speaker}_{emotion}_{text}_{:#}",),
            _emotions(
                *("angry", "happy", "neutral", "sad", "excited"),
                *("anxious", "apologetic", "assertive", "concerned", "encouraging"),
            ),
            women=("female1", "female2"),
            men=("male1", "male2"),
        ).parse,
    ),
    NamedCorpus(
        name="mesd",
        title="MESD",
        licence="CC-BY-4.0",
        speech="acted, single words, Mexican Spanish",
        citation="Duville, M. M., Alonso-Valerdi, L. M., & Ibarra-Zarate, D. I. (2021). Mexican Emotional Speech "
        "Database based on semantic, frequency, familiarity, concreteness, and cultural shaping of affective prosody. "
        "Data 6(12): 130. https://doi.org/10.3390/data6120130",
        example="Anger_F_A_abajo.wav",
        # Duville et al. 2021: emotion, voice, list of words and word. The names do not identify the actors: all voices
        # of a kind count as one speaker, so that none of them is tested after being trained on.
        parse=Layout(
            ("{emotion}_{speaker:1}_A_{}", "{emotion}_{speaker:1}_B_{}"),
            _emotions("anger", "disgust", "fear", "happiness", "neutral", "sadness"),
            speakers={"f": "F", "m": "M", "c": "C"},
            women=("F",),
            men=("M",),
        ).parse,
    ),
    NamedCorpus(
        name="subesco",
        title="SUBESCO",
        licence="CC-BY-4.0",
        speech="acted, Bangla",
        citation="Sultana, S., Rahman, M. S., Selim, M. R., & Iqbal, M. Z. (2021). SUST Bangla Emotional Speech "
        "Corpus (SUBESCO): an audio-only emotional speech corpus for Bangla. PLoS ONE 16(4): e0250173. "
        "https://doi.org/10.1371/journal.pone.0250173",
        example="F_02_MONIKA_S_1_NEUTRAL_5.wav",
        # Sultana et al. 2021: gender, number and name of the speaker, sentence, emotion and take.
        parse=Layout(
            ("{speaker:4}_{}_S_{text:#}_{emotion}_{:#}",),
            _emotions("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"),
            women=_numbered("F_", 10),
            men=_numbered("M_", 10),
        ).parse,
    ),
    NamedCorpus(
        name="cafe",
        title="CaFE",
        licence="CC-BY-NC-SA-4.0",
        speech="acted, Canadian French",
        citation="Gournay, P., Lahaie, O., & Lefebvre, R. (2018). A Canadian French emotional speech dataset. ACM "
        "Multimedia Systems Conference 2018, 399-402.",
        example="01-C-1-1.wav",
        # Gournay et al. 2018, Readme.txt: actor, emotion, intensity and sentence; actors with odd numbers are men.
        parse=Layout(
            ("{speaker:2}-{emotion:1}-{intensity:1}-{text:1}",),
            {"c": "angry", "d": "disgust", "j": "happy", "n": "neutral", "p": "fearful", "s": "surprised", "t": "sad"},
            women=_numbered("", 12)[1::2],
            men=_numbered("", 12)[::2],
            intensities={"1": "low", "2": "high"},
            texts={number: number for number in "123456"},
        ).parse,
    ),
    NamedCorpus(
        name="aesdd",
        title="AESDD",
        licence="not stated",
        speech="acted, Greek",
        citation="Vryzas, N., Kotsakis, R., Liatsou, A., Dimoulas, C. A., & Kalliris, G. (2018). Speech emotion "
        "recognition for performance interaction. Journal of the Audio Engineering Society 66(6), 457-467.",
        example="anger/a01 (1).wav",
        # Vryzas et al. 2018, readme: emotion, sentence and speaker, whose gender is not stated. The folder is part of
        # the pattern because Windows names copies like "a01 (1)".
        parse=Layout(
            ("{emotion}/{:1}{text:#} ({speaker:#})", "{emotion}/{:1}{text:#} ({speaker:#}){:1}"),
            _emotions("anger", "disgust", "fear", "happiness", "sadness"),
            left_out={"s05 (3)": "it is silent as published"},
        ).parse,
    ),
    NamedCorpus(
        name="shemo",
        title="ShEMO",
        licence="free for academic use",
        speech="acted in radio plays, Persian",
        citation="Mohamad Nezami, O., Jamshid Lou, P., & Karami, M. (2019). ShEMO: a large-scale validated database "
        "for Persian speech emotion detection. Language Resources and Evaluation 53, 1-16. "
        "https://doi.org/10.1007/s10579-018-9427-x",
        example="F03S02.wav",
        # Mohamad Nezami et al. 2019: gender and number of the speaker, emotion and number of the clip.
        parse=Layout(
            ("{speaker:3}{emotion:1}{:#}",),
            {"a": "angry", "f": "fearful", "h": "happy", "n": "neutral", "s": "sad", "w": "surprised"},
            women=_numbered("F", 99),
            men=_numbered("M", 99),
        ).parse,
    ),
    NamedCorpus(
        name="emozionalmente",
        title="Emozionalmente",
        licence="CC-BY-4.0",
        speech="acted, by amateurs, Italian",
        citation="Catania, F., Wilke, J. W., & Garzotto, F. (2025). Emozionalmente: a crowdsourced corpus of "
        "simulated emotional speech in Italian. IEEE Transactions on Audio, Speech and Language Processing 33, "
        "1142-1155. https://doi.org/10.1109/TASLPRO.2025.3540662",
        example="audio/1612872848291.wav",
        parse=emozionalmente.parse,
    ),
    NamedCorpus(
        name="iemocap",
        title="IEMOCAP",
        licence="for research use by agreement",
        speech="acted, by script and improvised, American English",
        citation="Busso, C., Bulut, M., Lee, C.-C., Kazemzadeh, A., Mower, E., Kim, S., Chang, J. N., Lee, S., & "
        "Narayanan, S. S. (2008). IEMOCAP: interactive emotional dyadic motion capture database. Language Resources "
        "and Evaluation 42(4), 335-359.",
        example="Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav",
        parse=iemocap.parse,
    ),
)

PUBLISHED = {corpus.name: corpus for corpus in _CORPORA}
"""The published corpora, by their short names."""

RAVDESS = PUBLISHED["ravdess"]


def corpora_of(files: Iterable[Path]) -> set[str]:
    """Return the names of the published corpora that have clips among files."""
    found: set[str] = set()
    for file in files:
        found.update(name for name, corpus in PUBLISHED.items() if name not in found and corpus.claims(file))
    return found


def is_published_duplicate(corpus_name: str, first: Utterance, other: Utterance) -> bool:
    """Whether two clips have the same samples as published, so that this is no fault of the copy at hand."""
    corpus = PUBLISHED.get(corpus_name)
    return corpus is not None and {first.clip, other.clip} in corpus.duplicates
