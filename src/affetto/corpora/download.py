"""RAVDESS from its official archive: downloaded, verified, unpacked, or left as it was."""

from __future__ import annotations

import errno
import logging
import shutil
import stat
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from affetto.corpora.ravdess import RAVDESS, expected_clips
from affetto.corpora.resuming import Progress, ResumingDownloader, no_progress
from affetto.errors import CorpusError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

RAVDESS_URL = "https://zenodo.org/records/1188976/files/Audio_Speech_Actors_01-24.zip"
RAVDESS_CHECKSUM = "md5:bc696df654c87fed845eb13823edef8a"
"""Checksum of the official archive, 208,468,073 bytes."""

_ARCHIVE = "Audio_Speech_Actors_01-24.zip"
_UNPACKED = "Audio_Speech_Actors_01-24"
_UNPACKING = ".unpacking"


def download_ravdess(
    folder: str | os.PathLike[str],
    *,
    url: str = RAVDESS_URL,
    checksum: str = RAVDESS_CHECKSUM,
    keep_archive: bool = False,
    progress: Progress = no_progress,
) -> Path:
    """Download the audio-only speech of RAVDESS and unpack it.

    Where all 1440 clips are already anywhere below the folder, nothing is done. A download that breaks off leaves a
    ``.part`` file, from which the next call goes on. The clips appear all at once, in a folder of their own, when the
    archive is verified and unpacked; until then nothing but the archive is there.

    Parameters
    ----------
    folder : path
        Where to put it; made if need be. The clips go to ``Audio_Speech_Actors_01-24/Actor_01`` ... below it.
    url : str
        The archive; by default the official one, Zenodo record 1188976.
    checksum : str
        What the archive must hash to, as ``algorithm:digest``.
    keep_archive : bool
        Whether the archive stays beside the clips.
    progress : callable
        Called as ``progress(phase, done, total)`` with the phase "downloading" (bytes; total 0 where the server does
        not say) or "unpacking" (files).

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    CorpusError
        If the archive cannot be fetched, is not the right one, is broken, or there is no room for it.
    """
    folder = Path(folder)
    target = folder / _UNPACKED
    if folder.exists() and (missing := _missing(folder)) < len(expected_clips()):
        if not missing:
            return folder
        raise CorpusError(
            f"{folder} holds only {len(expected_clips()) - missing} of the {len(expected_clips())} clips; remove them, "
            "or give another folder, and download again"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        archive = _fetch(folder, url=url, checksum=checksum, progress=progress)
        try:
            _unpack(archive, target, progress=progress)
        except CorpusError:
            archive.unlink()  # it is what was asked for and still wrong: nothing to go on from
            raise
        if not keep_archive:
            archive.unlink()
    except OSError as error:
        where = error.filename or folder
        raise CorpusError(f"{where} cannot be written: {error.strerror}; make room or give another folder") from None
    return folder


def _missing(folder: Path) -> int:
    """Return how many of the published clips are not below a folder."""
    return len(set(expected_clips()).difference(u.clip for u in RAVDESS.scan(folder).utterances))


def _fetch(folder: Path, *, url: str, checksum: str, progress: Progress) -> Path:
    """Download and verify the archive; one that is there and right is kept."""
    import pooch

    with _quiet(pooch.get_logger()):
        try:
            return Path(
                pooch.retrieve(
                    url,
                    known_hash=checksum,
                    fname=_ARCHIVE,
                    path=folder,
                    downloader=ResumingDownloader(folder / f"{_ARCHIVE}.part", progress=progress),
                )
            )
        except CorpusError:
            raise
        except ValueError:  # pooch's word for a hash that does not match; it has deleted the file
            raise CorpusError(
                f"what {url} sent is not the archive that was expected (its checksum is not {checksum}); it was "
                "deleted; try again, and if that does not help, the file on the server has changed"
            ) from None


def _unpack(archive: Path, target: Path, *, progress: Progress) -> None:
    """Unpack the archive beside its target, see that it holds all clips, and only then put it in place."""
    workplace = target.parent / _UNPACKING
    shutil.rmtree(workplace, ignore_errors=True)  # of a run that was killed
    try:
        with zipfile.ZipFile(archive) as file:
            members = [member for member in file.infolist() if not member.is_dir()]
            for member in members:
                _check_member(member, archive)
            _check_room(target.parent, sum(member.file_size for member in members))
            workplace.mkdir()
            for done, member in enumerate(members, start=1):
                file.extract(member, workplace)
                progress("unpacking", done, len(members))
        if missing := _missing(workplace):
            raise CorpusError(
                f"{archive.name} lacks {missing} of the {len(expected_clips())} clips of RAVDESS's audio-only speech; "
                "it was deleted; give the address of the right archive"
            )
        workplace.rename(target)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:  # RuntimeError: encrypted
        raise CorpusError(f"{archive.name} is a broken archive ({error}); it was deleted; try again") from None
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


def _check_room(folder: Path, needed: int) -> None:
    """Raise what the system would raise later, halfway through."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        reason = f"the clips need {needed / 1e6:,.0f} MB and there is room for {free / 1e6:,.0f} MB"
        raise OSError(errno.ENOSPC, reason, str(folder))


def _check_member(member: zipfile.ZipInfo, archive: Path) -> None:
    """Refuse what would land outside the folder, or is no plain file."""
    name = member.filename
    outside = PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive or ".." in PureWindowsPath(name).parts
    if outside or stat.S_ISLNK(member.external_attr >> 16):
        raise CorpusError(f"{archive.name} holds {name!r}, which would lie outside the folder; nothing was unpacked")


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Keep pooch from writing over the progress bar."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
