from __future__ import annotations

import hashlib
import io
import socket
import sys
import threading
import zipfile
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from affetto.corpora import load_corpus
from affetto.corpora.download import download_ravdess
from affetto.corpora.published import RAVDESS
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Site:
    """A real HTTP server with one file."""

    data: bytes
    status: int = 200
    cut: int | None = None
    n_requests: int = 0
    address: str = ""

    def download(self, folder: Path, *, keep_archive: bool = False, progressbar: bool = False) -> Path:
        checksum = f"md5:{hashlib.md5(self.data).hexdigest()}"
        return download_ravdess(
            folder, url=self.address, checksum=checksum, keep_archive=keep_archive, progressbar=progressbar
        )

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.n_requests += 1
        if self.status != 200:
            handler.send_error(self.status)
            return
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(self.data)))
        handler.end_headers()
        handler.wfile.write(self.data[: self.cut])


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site(ravdess_archive())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site.address = f"http://127.0.0.1:{server.server_port}/Audio_Speech_Actors_01-24.zip"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield site
        server.shutdown()
        thread.join()


@cache
def ravdess_archive() -> bytes:
    """All 1440 clips by name, packed as in the official archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for clip in RAVDESS.clips:
            file.writestr(f"Actor_{clip[-2:]}/{clip}.wav", clip)
    return packed.getvalue()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_archive_is_downloaded_once_and_unpacked(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = site.download(tmp_path / "deep" / "ravdess", progressbar=True)
    site.download(folder)

    assert folder == tmp_path / "deep" / "ravdess"
    assert len(load_corpus(folder).utterances) == 1440
    clip = folder / "Audio_Speech_Actors_01-24" / "Actor_24" / "03-01-08-02-02-02-24.wav"
    assert clip.read_text() == clip.stem
    assert names(folder) == ["Audio_Speech_Actors_01-24"]
    assert site.n_requests == 1
    assert "downloading" in capsys.readouterr().err


def test_archive_is_kept_on_request_and_completes_the_clips(site: Site, tmp_path: Path) -> None:
    site.download(tmp_path, keep_archive=True)
    assert (tmp_path / "Audio_Speech_Actors_01-24.zip").read_bytes() == site.data

    next(tmp_path.rglob("*.wav")).unlink()
    site.download(tmp_path)

    assert site.n_requests == 1
    assert len(load_corpus(tmp_path).utterances) == 1440


@pytest.mark.parametrize(("status", "cut", "words"), [(404, None, "404"), (503, None, "503"), (200, 1000, "download")])
def test_failure_of_the_server_is_reported(
    site: Site, tmp_path: Path, status: int, cut: int | None, words: str
) -> None:
    site.status, site.cut = status, cut

    with pytest.raises(CorpusError, match=words):
        site.download(tmp_path)

    assert names(tmp_path) == []


def test_wrong_archive_is_refused_and_deleted(site: Site, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="checksum md5:bc696df"):
        download_ravdess(tmp_path, url=site.address)

    assert names(tmp_path) == []


def test_missing_server_is_reported(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    for url in (f"http://127.0.0.1:{port}/x.zip", "Audio_Speech_Actors_01-24.zip"):
        with pytest.raises(CorpusError, match=r"x\.zip|Audio_Speech.*connection"):
            download_ravdess(tmp_path, url=url)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit that only POSIX systems set")
def test_full_disk_is_reported(site: Site, tmp_path: Path) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(CorpusError, match="free space"):
            site.download(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_incomplete_folder_is_not_written_into(site: Site, tmp_path: Path) -> None:
    site.download(tmp_path)
    next(tmp_path.rglob("*.wav")).unlink()

    with pytest.raises(CorpusError, match="1439 of the 1440"):
        site.download(tmp_path)
    assert site.n_requests == 1


def test_corpus_in_another_layout_is_enough(site: Site, ravdess_dir: Path) -> None:
    assert site.download(ravdess_dir) == ravdess_dir
    assert site.n_requests == 0
