"""The shipped default on a corpus that it never saw: EMO-DB, German, four emotions, also adapted to each speaker.

    python benchmarks/emodb.py DIR

Calm counts as neutral, since EMO-DB does not tell them apart; clips of EMO-DB's other emotions are left out. Each clip
is answered by the most probable of the four, and, in the files that are called open, by the most probable of all of the
model's emotions, which is what its users get. Adapted, each is answered with a profile of all other clips of its
speaker, without their labels. Writes default-emodb.csv, default-emodb-adapted.csv, default-emodb-open.csv and
default-emodb-open-adapted.csv in benchmarks/results.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from adaptation import RESULTS, Clip, predictions
from affetto import Recognizer
from affetto.corpora import load_corpus
from affetto.evaluation import measure
from affetto.recognition.adaptation import SpeakerProfile, VoiceMemory

EMOTIONS = ("neutral", "happy", "sad", "angry")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the shipped default on EMO-DB.")
    parser.add_argument("corpus", type=Path, metavar="DIR")
    parser.add_argument("--model", help="another model, to compare; nothing is written then")
    options = parser.parse_args()
    utterances = [u for u in load_corpus(options.corpus).utterances if u.emotion in EMOTIONS]
    recognizer = Recognizer(options.model) if options.model else Recognizer()
    labels, space = recognizer.labels, recognizer.bundle.voices
    clips = [Clip(utterance, 1, recognizer.hear(utterance.path)) for utterance in utterances]
    for adapted in (False, True):
        heard = []
        for clip in clips:
            voice = None
            if adapted and space is not None:
                others = [c for c in clips if c.utterance.speaker == clip.utterance.speaker and c is not clip]
                known = [utterance for other in others for utterance in other.heard]
                voice = SpeakerProfile.of(recognizer.bundle, known).voice(recognizer.bundle, space)
            answer = dict(zip(labels, clip.probabilities(VoiceMemory(space, voice), labels), strict=True))
            answer["neutral"] += answer.pop("calm", 0.0)
            heard.append(answer)
        for kind, among in (("", EMOTIONS), ("-open", tuple(heard[0]))):
            rows = [(clip, np.array([answer[e] for e in among])) for clip, answer in zip(clips, heard, strict=True)]
            result = predictions(rows, among)
            metrics = measure(result)
            recalls = ", ".join(f"{emotion} {100 * recall:.1f}" for emotion, recall in metrics.recall.items())
            print(
                f"{len(rows)} clips, of {len(among)} emotions{', adapted' if adapted else ''}: UAR "
                f"{100 * metrics.uar:.1f} %, accuracy {100 * metrics.accuracy:.1f} % ({recalls})"
            )
            if not options.model:
                result.to_csv(RESULTS / f"default-emodb{kind}{'-adapted' if adapted else ''}.csv")


if __name__ == "__main__":
    main()
