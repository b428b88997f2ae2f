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
from affetto.corpora.pooling import require_trainable
from affetto.corpora.published import PUBLISHED, is_published_duplicate
from affetto.corpora.report import CorpusReport, Finding, Severity, summarize
from affetto.errors import AudioError, CorpusError

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
    findings += (Finding("warning", kind, relative_name(file, root), reason) for file, kind, reason in scan.rejected)
    findings += _compare_copies(scan, measured, root)
    findings += _find_duplicates(corpus, measured)
    findings += (Finding("warning", "label", corpus.name, problem) for problem in find_synonyms([corpus]))
    try:
        require_trainable(corpus.utterances, name=corpus.name)
    except CorpusError as error:
        findings.append(Finding("warning", "untrainable", corpus.name, str(error)))
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
            if fault := measured[path].fault:
                findings.append(Finding(severity, "empty", subject, fault))
    return measured, findings


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
        if (clip := measured.get(utterance.path)) and not clip.fault:
            by_digest[clip.digest].append(utterance)
    for first, *others in by_digest.values():
        for other in others:
            detail = f"it has the samples of {first.clip}{differing_labels(first, other)}"
            if is_published_duplicate(corpus.name, first, other):
                yield Finding("note", "duplicate", other.clip, f"{detail}, as published")
            else:
                yield Finding("warning", "duplicate", other.clip, detail)


def _find_missing(published: NamedCorpus, corpus: Corpus) -> Iterator[Finding]:
    """Find published clips that are not there."""
    present = {utterance.clip for utterance in corpus.utterances}
    for clip in published.clips:
        if clip not in present:
            labels = published.parse(Path(clip))
            detail = f"speaker {labels.speaker}, {labels.emotion}, {labels.intensity}, {labels.text}"
            yield Finding("fault", "missing", clip, detail)
