"""Download of RAVDESS from its official archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from affetto._extras import require_extra
from affetto.corpora.published import RAVDESS
from affetto.errors import CorpusError

if TYPE_CHECKING:
    import os

    from rich.progress import Progress

RAVDESS_URL = "https://zenodo.org/records/1188976/files/Audio_Speech_Actors_01-24.zip"
RAVDESS_CHECKSUM = "md5:bc696df654c87fed845eb13823edef8a"
"""Checksum of the official archive, 208,468,073 bytes."""

_FOLDER = "Audio_Speech_Actors_01-24"
_RETRIES = 1
_USER_AGENT = "affetto (https://pypi.org/project/affetto)"  # Zenodo limits clients that do not identify themselves


def download_ravdess(
    folder: str | os.PathLike[str],
    *,
    url: str = RAVDESS_URL,
    checksum: str = RAVDESS_CHECKSUM,
    keep_archive: bool = False,
    progressbar: bool = False,
) -> Path:
    """Download the audio-only speech of RAVDESS and unpack it, unless all 1440 clips are there.

    Parameters
    ----------
    folder : path
        Created if necessary. The clips go to ``Audio_Speech_Actors_01-24/Actor_01`` ... below it.
    url : str
        Address of the archive; by default the official one, Zenodo record 1188976.
    checksum : str
        Checksum of the archive, as ``algorithm:digest``.
    keep_archive : bool
        Whether to keep the archive beside the clips.
    progressbar : bool
        Whether to show a progress bar on standard error.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    CorpusError
        If the archive cannot be downloaded or unpacked, or is not the right one, or if the folder contains only some of
        the clips.
    MissingExtraError
        If the extra ``corpora`` is not installed.
    """
    folder = Path(folder)
    archive = folder / f"{_FOLDER}.zip"
    present = {utterance.clip for utterance in RAVDESS.scan(folder).utterances} if folder.exists() else set()
    if present.issuperset(RAVDESS.clips):
        return folder
    if present and not archive.is_file():
        raise CorpusError(
            f"{folder} contains only {len(present)} of the {len(RAVDESS.clips)} clips; remove them, or give another "
            "folder"
        )
    require_extra("corpora", purpose="downloading RAVDESS")
    import pooch
    from rich.console import Console
    from rich.progress import Progress

    try:
        with Progress(console=Console(stderr=True), disable=not progressbar) as progress:
            downloads = pooch.create(
                folder,
                base_url="",
                registry={archive.name: checksum},
                urls={archive.name: url},
                retry_if_failed=_RETRIES,
            )
            downloads.fetch(
                archive.name,
                downloader=pooch.HTTPDownloader(
                    progressbar=_Bar(progress), chunk_size=1 << 16, headers={"User-Agent": _USER_AGENT}
                ),
                processor=pooch.Unzip(extract_dir=_FOLDER),
            )
        if not keep_archive:
            archive.unlink()
    except OSError as error:  # of the network, or of the disk
        raise CorpusError(
            f"{url} could not be downloaded to {folder}: {error}; check the connection and the free space, then try "
            "again"
        ) from None
    except ValueError:  # pooch has deleted the file
        raise CorpusError(
            f"the archive from {url} was deleted because it does not have the checksum {checksum}; try again, and if "
            "that does not help, the file on the server has changed"
        ) from None
    return folder


class _Bar:
    """A progress bar of rich, with the interface that pooch expects."""

    total = 0

    def __init__(self, progress: Progress) -> None:
        self._progress, self._task = progress, progress.add_task("downloading")

    def update(self, n_bytes: int) -> None:
        self._progress.update(self._task, advance=n_bytes, total=self.total or None)

    def reset(self) -> None:
        self._progress.reset(self._task)

    def close(self) -> None:
        self._progress.stop()
