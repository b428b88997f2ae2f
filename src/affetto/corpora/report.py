"""Reports on the content and the faults of a corpus."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from affetto.corpora.base import in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from affetto.corpora.base import Corpus
    from affetto.corpora.clips import ClipProperties

Kind: TypeAlias = Literal[
    "missing",  # published, but not there
    "unreadable",  # not audio
    "damaged",  # shorter than its header says, or partly undecodable
    "empty",  # silent, or too short to be recognized
    "conflict",  # there twice under one name, with different sound
    "misnamed",  # not named by the scheme of the corpus
    "foreign",  # not a clip of this corpus
    "duplicate",  # has the samples of a clip of another name
    "label",  # an emotion under two names
    "untrainable",  # too few speakers or emotions for training
    "copy",  # there twice under one name, with the same sound
]
Severity: TypeAlias = Literal["fault", "warning", "note"]
_SEVERITIES: tuple[Severity, ...] = ("fault", "warning", "note")


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of a check.

    Attributes
    ----------
    severity : str
        "fault": the corpus is incomplete or damaged. "warning": something to look at. "note": good to know.
    kind : str
        One of `Kind`.
    subject : str
        The clip, or the file relative to the folder of the corpus.
    detail : str
        A description.
    """

    severity: Severity
    kind: Kind
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class CorpusReport:
    """The content of a corpus, and its faults.

    Attributes
    ----------
    name, licence, weights : str or None
        As in `Corpus`.
    path : Path
        Its folder or table.
    clips : int
        Number of clips, each counted once.
    expected : int or None
        Number of published clips; None if it is not known.
    counts : mapping of str to mapping of str to int
        Number of clips by "emotions", "intensities", "genders" and "speakers", and number of readable clips by
        "formats", "sample_rates_hz" and "channels".
    duration_s : mapping of str to float
        "total", "shortest", "median" and "longest" of the readable clips, in seconds.
    findings : tuple of Finding
        Faults first, then warnings, then notes.
    """

    name: str
    licence: str
    weights: str | None
    path: Path
    clips: int
    expected: int | None
    counts: Mapping[str, Mapping[str, int]]
    duration_s: Mapping[str, float]
    findings: tuple[Finding, ...]

    @property
    def complete(self) -> bool:
        """Whether there is no fault."""
        return not any(finding.severity == "fault" for finding in self.findings)

    def of_kind(self, kind: Kind) -> list[Finding]:
        """Return the findings of one kind."""
        return [finding for finding in self.findings if finding.kind == kind]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as a dict for JSON."""
        report = asdict(self)
        return {**report, **report.pop("counts"), "path": str(self.path), "complete": self.complete}

    def to_text(self, *, limit: int | None = None) -> str:
        """Return the report as text.

        Parameters
        ----------
        limit : int, optional
            List only so many findings of each kind.
        """
        total, shortest, median, longest = self.duration_s.values()
        rows = {
            "corpus": f"{self.name} in {self.path}",
            "licence": self.licence,
            "weights": self.weights,
            "clips": f"{self.clips} of {self.expected}" if self.expected else str(self.clips),
            "length": f"{total / 60:.1f} min; {shortest:.2f} to {longest:.2f} s a clip, median {median:.2f} s",
            **{name: format_counts(counts) for name, counts in self.counts.items()},
        }
        lines = [f"{name:17}{text}" for name, text in rows.items() if text]
        findings = sorted(self.findings, key=lambda f: (_SEVERITIES.index(f.severity), f.kind))
        for (severity, kind), group in groupby(findings, key=lambda f: (f.severity, f.kind)):
            listed = [f"  {finding.subject}: {finding.detail}" for finding in group]
            lines += ["", f"{severity}: {kind} × {len(listed)}", *listed[:limit]]
            if limit is not None and len(listed) > limit:
                lines.append(f"  and {len(listed) - limit} more")
        faults = Counter(str(finding.kind) for finding in self.findings if finding.severity == "fault")
        return "\n".join([*lines, "", "complete" if self.complete else f"incomplete: {format_counts(faults)}"])


def summarize(
    corpus: Corpus,
    path: Path,
    *,
    measured: Mapping[Path, ClipProperties],
    findings: Iterable[Finding],
    expected: int | None = None,
) -> CorpusReport:
    """Make the report on a corpus from its readable clips and the findings."""
    utterances = corpus.utterances
    clips = [measured[u.path] for u in utterances if u.path in measured]
    durations = [clip.duration_s for clip in clips] or [0.0]
    emotions = Counter(u.emotion for u in utterances)
    duration_s = {
        "total": sum(durations),
        "shortest": min(durations),
        "median": statistics.median(durations),
        "longest": max(durations),
    }
    return CorpusReport(
        name=corpus.name,
        licence=corpus.licence,
        weights=corpus.weights,
        path=path,
        clips=len(utterances),
        expected=expected,
        counts={
            "emotions": {emotion: emotions[emotion] for emotion in in_order(emotions)},
            "intensities": _sorted_counts(u.intensity for u in utterances),
            "genders": _sorted_counts(u.gender for u in utterances),
            "speakers": _sorted_counts(u.speaker for u in utterances),
            "formats": _sorted_counts(clip.format for clip in clips),
            "sample_rates_hz": _sorted_counts(str(clip.sample_rate_hz) for clip in clips),
            "channels": _sorted_counts(str(clip.n_channels) for clip in clips),
        },
        duration_s={name: round(seconds, 3) for name, seconds in duration_s.items()},
        findings=tuple(sorted(findings, key=lambda f: _SEVERITIES.index(f.severity))),
    )


def format_counts(counts: Mapping[str, int]) -> str:
    """Return counts in a line; many equal ones once."""
    if len(counts) > 2 and len(set(counts.values())) == 1:
        return f"{', '.join(counts)}: {next(iter(counts.values()))} each"
    return ", ".join(f"{name}: {count}" for name, count in counts.items())


def _sorted_counts(values: Iterable[str | None]) -> dict[str, int]:
    """Count values, without None, and sort numbers as numbers."""
    counts = Counter(value for value in values if value is not None)
    return dict(sorted(counts.items(), key=lambda item: (len(item[0]) if item[0].isdigit() else 0, item[0])))
