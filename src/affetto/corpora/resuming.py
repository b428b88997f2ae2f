"""A downloader for pooch that goes on where a broken download ended."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from affetto.errors import CorpusError

if TYPE_CHECKING:
    import os
    from pathlib import Path

    import requests

_CHUNK_BYTES = 1 << 14
"""What a broken connection may cost: of a chunk that did not arrive whole nothing is kept."""

_ATTEMPTS = 3
_HEADERS = {
    # Bytes as they are on the server: ranges and lengths would mean something else under compression
    "Accept-Encoding": "identity",
    # Zenodo limits clients that do not say who they are
    "User-Agent": "affetto (https://pypi.org/project/affetto)",
}


class Progress(Protocol):
    """Is told how far something is: what is being done, how much of it is done, and how much there is to do."""

    def __call__(self, phase: str, done: int, total: int, /) -> None: ...  # noqa: D102 (the class says it)


def no_progress(phase: str, done: int, total: int, /) -> None:
    """Tell nobody."""


class _BrokenOffError(Exception):
    """The connection ended, or fell silent, before the file did."""


class ResumingDownloader:
    """Downloads over HTTP by way of a file that survives a broken connection (RFC 9110, range requests).

    To be given to `pooch.retrieve`, which verifies the checksum. A server that does not know ranges sends the file
    from its beginning.

    Parameters
    ----------
    part : Path
        Where the bytes are kept until the file is complete. On the same disk as the final file.
    progress : callable
        Called as ``progress("downloading", bytes_done, bytes_total)``; the total is 0 where the server does not say.
    timeout_s : float
        How long to wait for the server, in seconds.
    """

    def __init__(self, part: Path, *, progress: Progress = no_progress, timeout_s: float = 30.0) -> None:
        self.part = part
        self.progress = progress
        self.timeout_s = timeout_s

    def __call__(self, url: str, output_file: str | os.PathLike[str], pooch: object, check_only: bool = False) -> None:  # noqa: ARG002 (pooch's signature)
        """Download a file.

        Raises
        ------
        CorpusError
            If the server cannot be reached, refuses, or breaks off three times.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._fetch(url)
                break
            except _BrokenOffError as error:
                if attempt == _ATTEMPTS:
                    raise CorpusError(f"{url}: the {error}; run this again to go on from there") from None
        self.part.replace(output_file)

    def _fetch(self, url: str) -> None:
        """Ask for what is lacking and append it."""
        import requests

        present = self._present()
        headers = {**_HEADERS, "Range": f"bytes={present}-"} if present else _HEADERS
        try:
            response = requests.get(url, headers=headers, stream=True, timeout=self.timeout_s)
        except requests.RequestException as error:
            again = " to go on from there" if present else ""
            raise CorpusError(
                f"{urlsplit(url).netloc or url} cannot be reached ({_reason(error)}); check the connection and run "
                f"this again{again}"
            ) from None
        with response:
            if response.status_code == requests.codes.requested_range_not_satisfiable and present:
                if _total(response) != present:
                    self.part.unlink()  # longer than the file: of something else
                    self._fetch(url)
                return  # otherwise complete: the last run ended between the last byte and the renaming
            if not response.ok:
                raise CorpusError(
                    f"{url}: the server answers {response.status_code} {response.reason}; check the address, or try "
                    "later"
                )
            self._store(response, present if response.status_code == requests.codes.partial_content else 0)

    def _store(self, response: requests.Response, start: int) -> None:
        """Write a response's bytes from a position on."""
        import requests

        done = start
        total = _total(response)
        with self.part.open("ab" if start else "wb") as file:
            self.progress("downloading", done, total)
            try:
                for chunk in response.iter_content(_CHUNK_BYTES):
                    file.write(chunk)
                    done += len(chunk)
                    self.progress("downloading", done, total)
            except requests.RequestException:
                raise _BrokenOffError(_how_far(done, total)) from None
        if done < total:
            raise _BrokenOffError(_how_far(done, total))

    def _present(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0


def _total(response: requests.Response) -> int:
    """Return the length of the whole file in bytes, 0 where the server does not say."""
    if match := re.fullmatch(r"bytes (?:[0-9]+-[0-9]+|\*)/([0-9]+)", response.headers.get("Content-Range", "")):
        return int(match[1])
    return int(response.headers.get("Content-Length", 0))


def _how_far(done: int, total: int) -> str:
    of_total = f" of {total / 1e6:.1f}" if total else ""
    return f"connection broke off after {done / 1e6:.1f}{of_total} MB"


def _reason(error: Exception) -> str:
    """Return what is at the bottom of a network error: its first cause, in the system's words."""
    bottom: BaseException = error
    while deeper := bottom.__cause__ or bottom.__context__:
        bottom = deeper
    return getattr(bottom, "strerror", None) or str(bottom) or type(bottom).__name__
