"""What a check of a corpus found."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from affetto.corpora.base import Corpus
    from affetto.corpora.measuring import Measured

Kind: TypeAlias = Literal[
    "missing",  # belongs to the corpus and is not there
    "unreadable",  # is no audio
    "truncated",  # holds less sound than its header promises
    "short",  # is whole, but too short to be this clip, or any
    "silent",  # holds nothing that is loud enough
    "conflict",  # lies there twice with different sound
    "misnamed",  # is named against the corpus's scheme
    "misplaced",  # lies in another speaker's folder
    "foreign",  # is no clip of this corpus
    "rate",  # has another sample rate than published
    "duplicate",  # has the same samples as a clip of another name
    "label",  # has an emotion under two names
    "speaker",  # is of one speaker only
    "stereo",  # has more than one channel
    "copy",  # lies there twice with the same sound
    "format",  # is of another file type than published
    "padding",  # its wav header carries a padding chunk
]
Severity: TypeAlias = Literal["fault", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth saying about a corpus.

    Attributes
    ----------
    severity : str
        "fault": the corpus is incomplete or damaged. "warning": something to look at. "note": good to know.
    kind : str
        What it is, in a word.
    subject : str
        The clip, or the file below the corpus's folder.
    detail : str
        What exactly is the matter.
    known : bool
        Whether the published corpus itself is so.
    """

    severity: Severity
    kind: Kind
    subject: str
    detail: str
    known: bool = False


@dataclass(frozen=True, slots=True)
class CorpusReport:
    """What a corpus holds, and what is wrong with it.

    Attributes
    ----------
    name : str
        The corpus.
    path : Path
        Where it was looked for.
    licence : str
        Licence of the recordings.
    weights : str or None
        What it allows the weights of models that are trained on them, None where it is not known.
    clips : int
        How many clips are there, each counted once.
    expected : int or None
        How many belong to the published corpus; None where that is not known.
    speakers, emotions, intensities, genders : mapping of str to int
        Clips by speaker, emotion, intensity and gender; the last two only where the corpus knows them.
    formats, sample_rates_hz, channels : mapping to int
        Readable clips by file type, sample rate and number of channels.
    total_s, shortest_s, median_s, longest_s : float
        Durations of the readable clips, in seconds; 0 where there is none.
    findings : sequence of Finding
        Faults first, then warnings, then notes.
    """

    name: str
    path: Path
    licence: str
    weights: str | None
    clips: int
    expected: int | None
    speakers: Mapping[str, int]
    emotions: Mapping[str, int]
    intensities: Mapping[str, int]
    genders: Mapping[str, int]
    formats: Mapping[str, int]
    sample_rates_hz: Mapping[int, int]
    channels: Mapping[int, int]
    total_s: float
    shortest_s: float
    median_s: float
    longest_s: float
    findings: Sequence[Finding]

    @property
    def complete(self) -> bool:
        """Whether every clip that is known to belong to the corpus is there, readable and whole."""
        return not any(finding.severity == "fault" for finding in self.findings)

    def of_kind(self, kind: Kind) -> list[Finding]:
        """Return the findings of one kind."""
        return [finding for finding in self.findings if finding.kind == kind]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as what JSON can hold."""
        return {
            "name": self.name,
            "path": str(self.path),
            "licence": self.licence,
            "weights": self.weights,
            "complete": self.complete,
            "clips": self.clips,
            "expected": self.expected,
            "speakers": dict(self.speakers),
            "emotions": dict(self.emotions),
            "intensities": dict(self.intensities),
            "genders": dict(self.genders),
            "formats": dict(self.formats),
            "sample_rates_hz": {str(rate): count for rate, count in self.sample_rates_hz.items()},
            "channels": {str(number): count for number, count in self.channels.items()},
            "duration_s": {
                "total": round(self.total_s, 3),
                "shortest": round(self.shortest_s, 3),
                "median": round(self.median_s, 3),
                "longest": round(self.longest_s, 3),
            },
            "findings": [
                {
                    "severity": f.severity,
                    "kind": f.kind,
                    "subject": f.subject,
                    "detail": f.detail,
                    "known": f.known,
                }
                for f in self.findings
            ],
        }


def summarize(
    corpus: Corpus,
    path: Path,
    *,
    measured: Mapping[Path, Measured],
    findings: Iterable[Finding],
    expected: int | None = None,
) -> CorpusReport:
    """Count a corpus and join the counts with the findings.

    Parameters
    ----------
    corpus : Corpus
        What is there.
    path : Path
        Where it was looked for.
    measured : mapping of Path to Measured
        The readable clips.
    findings : iterable of Finding
        In any order.
    expected : int, optional
        How many clips belong to the published corpus.
    """
    utterances = corpus.utterances
    sounds = [measured[u.path] for u in utterances if u.path in measured]
    durations = [sound.duration_s for sound in sounds]
    severities = ("fault", "warning", "note")
    by_emotion = Counter(u.emotion for u in utterances)
    return CorpusReport(
        name=corpus.name,
        path=path,
        licence=corpus.licence,
        weights=corpus.weights,
        clips=len(utterances),
        expected=expected,
        speakers=_sorted_counts(u.speaker for u in utterances),
        emotions={emotion: by_emotion[emotion] for emotion in corpus.emotions},
        intensities=_sorted_counts(u.intensity for u in utterances if u.intensity),
        genders=_sorted_counts(u.gender for u in utterances if u.gender),
        formats=_sorted_counts(sound.format for sound in sounds),
        sample_rates_hz=dict(sorted(Counter(sound.sample_rate_hz for sound in sounds).items())),
        channels=dict(sorted(Counter(sound.channels for sound in sounds).items())),
        total_s=sum(durations),
        shortest_s=min(durations, default=0.0),
        median_s=statistics.median(durations) if durations else 0.0,
        longest_s=max(durations, default=0.0),
        findings=tuple(sorted(findings, key=lambda f: severities.index(f.severity))),
    )


def _sorted_counts(values: Iterable[str]) -> dict[str, int]:
    """Count values; numbers sort as numbers."""
    return dict(sorted(Counter(values).items(), key=lambda item: (len(item[0]) if item[0].isdigit() else 0, item[0])))
