"""Checks whether a corpus is complete and undamaged."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.corpora.base import relative_name
from affetto.corpora.clips import ClipProperties, differing_labels, measure_clip
from affetto.corpora.labels import count_clips, find_synonyms
from affetto.corpora.loading import load_corpus, recognize_corpus
from affetto.corpora.naming import Scan
from affetto.corpora.published import PUBLISHED, is_published_duplicate
from affetto.corpora.report import CorpusReport, Finding, Severity, summarize
from affetto.errors import AudioError
from affetto.speech.waveform import MIN_DURATION_S, SILENCE_DBFS

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from affetto.corpora.base import Corpus
    from affetto.corpora.naming import NamedCorpus


def check_corpus(
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    track: Callable[[Sequence[Path]], Iterable[Path]] = iter,
) -> CorpusReport:
    """Decode every clip of a corpus and report its content and its faults. Nothing is written.

    Faults are clips that are unreadable, damaged, silent, too short, or there twice with different sound, and missing
    clips of RAVDESS, whose published clips are known.

    Parameters
    ----------
    path : path
        A folder or a CSV table, as for `load_corpus`.
    name : str, optional
        As for `load_corpus`.
    track : callable
        Passes on the files one by one while they are decoded, for a progress bar.

    Returns
    -------
    CorpusReport

    Raises
    ------
    CorpusError, ParameterError
        As `load_corpus`.
    """
    path = Path(path)
    name = recognize_corpus(path) if name is None else name
    corpus = load_corpus(path, name=name)
    published = PUBLISHED.get(name)
    scan = published.scan(path) if published else Scan(tuple(corpus.utterances), {}, ())
    root = path if path.is_dir() else path.parent
    measured, findings = _measure_files(scan, root, track)
    findings += _find_empty(scan, measured)
    findings += (Finding("warning", kind, relative_name(file, root), reason) for file, kind, reason in scan.rejected)
    findings += _compare_copies(scan, measured, root)
    findings += _find_duplicates(corpus, measured)
    findings += _find_lone_speakers(corpus)
    findings += (Finding("warning", "label", corpus.name, problem) for problem in find_synonyms([corpus]))
    expected = None
    if published and published.clips:
        expected = len(published.clips)
        findings += _find_missing(published, corpus)
    return summarize(corpus, path, measured=measured, findings=findings, expected=expected)


def _measure_files(
    scan: Scan, root: Path, track: Callable[[Sequence[Path]], Iterable[Path]]
) -> tuple[dict[Path, ClipProperties], list[Finding]]:
    """Decode all clips and their copies."""
    clips = [utterance.path for utterance in scan.utterances]
    copies = dict.fromkeys(path for paths in scan.copies.values() for path in paths)
    measured: dict[Path, ClipProperties] = {}
    findings: list[Finding] = []
    for path in track([*clips, *copies]):
        subject = relative_name(path, root)
        # Copies are not used.
        severity: Severity = "warning" if path in copies else "fault"
        try:
            measured[path] = measure_clip(path)
        except AudioError as error:
            findings.append(Finding(severity, "unreadable", subject, str(error)))
        else:
            if damage := measured[path].damage:
                findings.append(Finding(severity, "damaged", subject, damage))
    return measured, findings


def _find_empty(scan: Scan, measured: Mapping[Path, ClipProperties]) -> Iterator[Finding]:
    """Find clips in which nothing can be recognized."""
    for utterance in scan.utterances:
        if not (clip := measured.get(utterance.path)):
            continue
        if clip.is_silent:
            yield Finding("fault", "silent", utterance.clip, f"nothing in it is above {SILENCE_DBFS:g} dBFS")
        if clip.duration_s < MIN_DURATION_S:
            detail = f"it is {clip.duration_s:.3f} s long; at least {MIN_DURATION_S:g} s are needed"
            yield Finding("fault", "short", utterance.clip, detail)


def _compare_copies(scan: Scan, measured: Mapping[Path, ClipProperties], root: Path) -> Iterator[Finding]:
    """Compare the files of clips that are there more than once."""
    same: Counter[str] = Counter()
    for utterance in scan.utterances:
        for copy in scan.copies.get(utterance.clip, ()):
            if utterance.path not in measured or copy not in measured:
                continue  # reported already
            if measured[copy].digest == measured[utterance.path].digest:
                same[relative_name(copy, root).rpartition("/")[0] or "."] += 1
            else:
                detail = f"it sounds different from {relative_name(utterance.path, root)}, which is used"
                yield Finding("fault", "conflict", relative_name(copy, root), detail)
    for folder, count in same.items():
        yield Finding("note", "copy", folder, f"{count_clips(count)} again, with the same samples; counted once")


def _find_duplicates(corpus: Corpus, measured: Mapping[Path, ClipProperties]) -> Iterator[Finding]:
    """Find clips of different names that have the same samples."""
    by_digest = defaultdict(list)
    for utterance in corpus.utterances:
        if (clip := measured.get(utterance.path)) and not clip.is_silent:
            by_digest[clip.digest].append(utterance)
    for first, *others in by_digest.values():
        for other in others:
            detail = f"it has the samples of {first.clip}{differing_labels(first, other)}"
            if is_published_duplicate(corpus.name, first, other):
                yield Finding("note", "duplicate", other.clip, f"{detail}, as published")
            else:
                yield Finding("warning", "duplicate", other.clip, detail)


def _find_lone_speakers(corpus: Corpus) -> Iterator[Finding]:
    """Find emotions of one speaker only, on which no model can be tested with speakers left out."""
    speakers: dict[str, set[str]] = defaultdict(set)
    for utterance in corpus.utterances:
        speakers[utterance.emotion].add(utterance.speaker)
    if len(set().union(*speakers.values())) == 1:
        detail = (
            "it has one speaker only, but training needs two; `affetto evaluate --protocol random` measures how well "
            "a model recognizes the speaker that it was trained on, which is too optimistic for others"
        )
        yield Finding("warning", "speaker", corpus.name, detail)
        return
    for emotion, those in speakers.items():
        if len(those) == 1:
            yield Finding("warning", "speaker", emotion, f"one speaker only, {min(those)}; training needs two")


def _find_missing(published: NamedCorpus, corpus: Corpus) -> Iterator[Finding]:
    """Find published clips that are not there."""
    present = {utterance.clip for utterance in corpus.utterances}
    for clip in published.clips:
        if clip not in present:
            labels = published.parse(Path(clip))
            detail = f"speaker {labels.speaker}, {labels.emotion}, {labels.intensity}, {labels.text}"
            yield Finding("fault", "missing", clip, detail)
