"""The robustness test of a model on a corpus, from their folders to the rows of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from affetto._extras import require_extra
from affetto.corpora import load_corpus
from affetto.evaluation.robustness.conditions import choose_conditions, find_recordings, make_conditions
from affetto.evaluation.robustness.measure import (
    measure_robustness,
    require_known_emotions,
    sample_utterances,
    summarize_robustness,
)
from affetto.evaluation.robustness.report import known_speakers
from affetto.recognition.recognizer import Recognizer

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Sequence

    from affetto.evaluation.robustness.measure import RobustnessRow


def run_robustness_test(
    model: str | os.PathLike[str],
    corpus: str | os.PathLike[str],
    *,
    noise: str | os.PathLike[str] | None = None,
    rooms: str | os.PathLike[str] | None = None,
    conditions: Sequence[str] | None = None,
    limit: int | None = None,
    seed: int = 0,
    denoise: bool = False,
    name: str | None = None,
    track: Callable[[Sequence[Any]], Iterable[Any]] = iter,
) -> tuple[list[RobustnessRow], dict[str, Any]]:
    """Measure what noise, rooms, telephones, codecs and speed cost a model.

    All arguments are checked before the first clip is recognized. The errors are those of `Recognizer`, `load_corpus`,
    `make_conditions`, `choose_conditions` and `measure_robustness`.

    Parameters
    ----------
    model, corpus : path or str
        A bundle's folder or a shipped model's name; a corpus's folder or CSV table.
    noise, rooms : path, optional
        Folders of recordings of noise, and of impulse responses of rooms.
    conditions : sequence of str, optional
        Only these, as in `choose_conditions`.
    limit : int, optional
        Only this number of clips, drawn from all.
    seed, denoise, track
        As in `measure_robustness`.
    name : str, optional
        The corpus's name if it is not recognized.

    Returns
    -------
    rows : list of RobustnessRow
    about : dict
        Model, corpus, clips, speakers, noise, seed, and a warning if the model was trained on the corpus, else None.
    """
    require_extra("train", purpose="the robustness test")
    noises, responses = ([] if folder is None else find_recordings(folder) for folder in (noise, rooms))
    chosen = choose_conditions(make_conditions(noises=noises, rooms=responses), conditions)
    # Clips run in parallel, hence one thread. UAR weighs all emotions alike, hence no prior.
    recognizer = Recognizer(model, threads=1, prior="balanced")
    loaded = load_corpus(corpus, name=name)
    require_known_emotions(recognizer, loaded.utterances)  # of all clips, whatever is drawn
    clips = sample_utterances(loaded.utterances, limit, seed=seed)
    outcomes = measure_robustness(recognizer, clips, chosen, seed=seed, denoise=denoise, track=track)
    about = {
        "model": recognizer.bundle.name,
        "version": recognizer.bundle.version,
        "corpus": loaded.name,
        "clips": len(clips),
        "speakers": len({clip.speaker for clip in clips}),
        "noise": f"{len(noises)} recordings of noise" if noises else "synthetic noise",
        "seed": seed,
        "warning": known_speakers(recognizer.bundle, loaded),
    }
    return summarize_robustness(outcomes), about
