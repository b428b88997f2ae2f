from __future__ import annotations

import hashlib
import io
import re
import socket
import stat
import sys
import threading
import wave
import zipfile
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from affetto.corpora.download import RAVDESS_CHECKSUM, RAVDESS_URL, download_ravdess
from affetto.corpora.ravdess import expected_clips, load_ravdess
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Site:
    """A real HTTP server with one file, whose manners can be set."""

    data: bytes = b""
    ranges: bool = True
    says_length: bool = True
    status: int = 200
    cuts: list[int] = field(default_factory=list)
    """After how many bytes each of the next answers breaks off."""
    requests: list[str | None] = field(default_factory=list)
    """The range that each request asked for."""
    sent: int = 0
    address: str = ""

    @property
    def checksum(self) -> str:
        return f"md5:{hashlib.md5(self.data).hexdigest()}"

    def download(self, folder: Path, *, keep_archive: bool = False) -> Path:
        return download_ravdess(folder, url=self.address, checksum=self.checksum, keep_archive=keep_archive)


def answer(site: Site, handler: BaseHTTPRequestHandler) -> None:
    asked = handler.headers.get("Range")
    site.requests.append(asked)
    if site.status != 200:
        handler.send_error(site.status)
        return
    start = 0
    if asked and site.ranges:
        match = re.fullmatch(r"bytes=([0-9]+)-", asked)
        assert match
        start = int(match[1])
        if start >= len(site.data):
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{len(site.data)}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes {start}-{len(site.data) - 1}/{len(site.data)}")
    else:
        handler.send_response(200)
    if site.says_length:
        handler.send_header("Content-Length", str(len(site.data) - start))
    handler.end_headers()
    body = site.data[start:]
    if site.cuts:
        body = body[: site.cuts.pop(0)]
    handler.wfile.write(body)
    site.sent += len(body)


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site(ravdess_archive())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(site, self)

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
    """All 1440 clips by name, each a real wav of a few samples, packed as the official archive is."""
    return archive({f"Actor_{clip[-2:]}/{clip}.wav": tiny_wav() for clip in expected_clips()})


def archive(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return packed.getvalue()


def tiny_wav() -> bytes:
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(bytes(range(100)))
    return sound.getvalue()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_official_archive_is_the_default() -> None:
    assert RAVDESS_URL == "https://zenodo.org/records/1188976/files/Audio_Speech_Actors_01-24.zip"
    assert RAVDESS_CHECKSUM == "md5:bc696df654c87fed845eb13823edef8a"


def test_downloads_verifies_and_unpacks(site: Site, tmp_path: Path) -> None:
    folder = site.download(tmp_path / "deep" / "ravdess")

    assert folder == tmp_path / "deep" / "ravdess"
    assert len(load_ravdess(folder).utterances) == 1440
    clip = folder / "Audio_Speech_Actors_01-24" / "Actor_24" / "03-01-08-02-02-02-24.wav"
    assert clip.read_bytes() == tiny_wav()
    assert names(folder) == ["Audio_Speech_Actors_01-24"]  # neither the archive nor anything temporary


def test_a_second_run_asks_the_server_for_nothing(site: Site, tmp_path: Path) -> None:
    site.download(tmp_path)
    site.download(tmp_path)

    assert len(site.requests) == 1


def test_the_archive_is_kept_on_request_and_used_again(site: Site, tmp_path: Path) -> None:
    site.download(tmp_path, keep_archive=True)
    assert (tmp_path / "Audio_Speech_Actors_01-24.zip").read_bytes() == site.data

    (tmp_path / "Audio_Speech_Actors_01-24").rename(tmp_path.parent / "moved")
    site.download(tmp_path)

    assert len(site.requests) == 1
    assert len(load_ravdess(tmp_path).utterances) == 1440


def resumed_at(request: str | None) -> int:
    assert request
    return int(request.removeprefix("bytes=").removesuffix("-"))


def test_a_cut_connection_is_resumed_at_once(site: Site, tmp_path: Path) -> None:
    site.cuts = [100_000]

    site.download(tmp_path)

    first, second = site.requests
    assert first is None
    assert 80_000 < resumed_at(second) <= 100_000
    assert site.sent == len(site.data) + 100_000 - resumed_at(second)
    assert len(load_ravdess(tmp_path).utterances) == 1440


def test_a_connection_that_stays_bad_is_resumed_by_the_next_run(site: Site, tmp_path: Path) -> None:
    site.cuts = [50_000, 30_000, 20_000]

    with pytest.raises(CorpusError, match=r"broke off after 0\.1 of 0\.4 MB; run this again to go on from there"):
        site.download(tmp_path)
    [part] = tmp_path.iterdir()
    assert part.name == "Audio_Speech_Actors_01-24.zip.part"
    assert part.read_bytes() == site.data[: part.stat().st_size]
    size = part.stat().st_size

    site.download(tmp_path)
    assert resumed_at(site.requests[-1]) == size > 50_000
    assert names(tmp_path) == ["Audio_Speech_Actors_01-24"]
    assert len(load_ravdess(tmp_path).utterances) == 1440


def test_a_server_without_ranges_starts_again(site: Site, tmp_path: Path) -> None:
    site.ranges = False
    site.cuts = [100_000]

    site.download(tmp_path)

    assert resumed_at(site.requests[1]) > 0  # asked for the rest, and got everything
    assert site.sent == 100_000 + len(site.data)
    assert len(load_ravdess(tmp_path).utterances) == 1440


def test_a_server_that_does_not_say_the_length_is_served(site: Site, tmp_path: Path) -> None:
    site.says_length = False

    site.download(tmp_path)

    assert len(load_ravdess(tmp_path).utterances) == 1440


def test_a_part_that_is_already_whole_is_not_fetched_again(site: Site, tmp_path: Path) -> None:
    (tmp_path / "Audio_Speech_Actors_01-24.zip.part").write_bytes(site.data)

    site.download(tmp_path)

    assert site.sent == 0
    assert len(load_ravdess(tmp_path).utterances) == 1440


def test_a_part_of_another_file_does_no_lasting_harm(site: Site, tmp_path: Path) -> None:
    part = tmp_path / "Audio_Speech_Actors_01-24.zip.part"
    part.write_bytes(bytes(len(site.data) + 1))  # longer than the file: found out at once
    site.download(tmp_path)
    assert len(load_ravdess(tmp_path).utterances) == 1440

    other = tmp_path / "other"
    other.mkdir()
    (other / part.name).write_bytes(bytes(1000))  # shorter: found out by the checksum
    with pytest.raises(CorpusError, match="not the archive that was expected"):
        site.download(other)
    assert names(other) == []
    site.download(other)
    assert len(load_ravdess(other).utterances) == 1440


def test_a_wrong_archive_is_refused_and_deleted(site: Site, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"not the archive that was expected \(its checksum is not md5:bc696df"):
        download_ravdess(tmp_path, url=site.address)

    assert names(tmp_path) == []


@pytest.mark.parametrize("damage", ["no archive", "bad member", "cut"])
def test_a_broken_archive_is_refused_and_deleted(site: Site, tmp_path: Path, damage: str) -> None:
    if damage == "no archive":
        site.data = b"<html>Sorry, maintenance</html>"
    elif damage == "cut":
        site.data = site.data[: len(site.data) // 2]
    else:
        position = site.data.index(tiny_wav()) + 60
        site.data = site.data[:position] + b"\xff" + site.data[position + 1 :]

    with pytest.raises(CorpusError, match="is a broken archive"):
        site.download(tmp_path)

    assert names(tmp_path) == []


def test_an_archive_of_something_else_is_refused(site: Site, tmp_path: Path) -> None:
    site.data = archive({"Actor_01/03-01-01-01-01-01-01.wav": tiny_wav()})

    with pytest.raises(CorpusError, match="lacks 1439 of the 1440 clips"):
        site.download(tmp_path)

    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "name", ["../escaped.wav", "/escaped.wav", "a/../../escaped.wav", "C:/escaped.wav", "..\\escaped.wav"]
)
def test_an_archive_that_reaches_outside_is_refused(site: Site, tmp_path: Path, name: str) -> None:
    site.data = archive({name: b"x"})
    folder = tmp_path / "a" / "b"

    with pytest.raises(CorpusError, match="would lie outside the folder; nothing was unpacked"):
        site.download(folder)

    assert names(folder) == []
    assert not list(tmp_path.rglob("*escaped*"))


def test_an_archive_with_a_link_is_refused(site: Site, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("Actor_01")
    link.create_system = 3  # Unix
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(link, "/etc")
    site.data = packed.getvalue()

    with pytest.raises(CorpusError, match="would lie outside"):
        site.download(tmp_path)


@pytest.mark.parametrize(("status", "words"), [(404, "404 Not Found"), (403, "403 Forbidden"), (503, "503 Service")])
def test_a_refusal_is_told(site: Site, tmp_path: Path, status: int, words: str) -> None:
    site.status = status

    with pytest.raises(CorpusError, match=f"the server answers {words}"):
        site.download(tmp_path)

    assert names(tmp_path) == []


def test_no_server_is_told(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(CorpusError, match=rf"127\.0\.0\.1:{port} cannot be reached .*refused.*check the connection"):
        download_ravdess(tmp_path, url=f"http://127.0.0.1:{port}/x.zip")
    with pytest.raises(CorpusError, match=r"cannot be reached .*Invalid URL"):
        download_ravdess(tmp_path, url="Audio_Speech_Actors_01-24.zip")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a device that is always full")
def test_a_full_disk_is_told(site: Site, tmp_path: Path) -> None:
    (tmp_path / "Audio_Speech_Actors_01-24.zip.part").symlink_to("/dev/full")

    with pytest.raises(CorpusError, match=r"cannot be written: No space left on device; make room"):
        site.download(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit that only POSIX systems set")
def test_a_disk_that_fills_while_unpacking_leaves_nothing_half_done(site: Site, tmp_path: Path) -> None:
    import resource

    # Zeros pack so well that the archive passes where the clip does not
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("Actor_01/03-01-01-01-01-01-01.wav", bytes(50_000_000))
    site.data = packed.getvalue()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000_000, hard))
    try:
        with pytest.raises(CorpusError, match="cannot be written: File too large"):
            site.download(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert names(tmp_path) == ["Audio_Speech_Actors_01-24.zip"]  # verified: the next run need not fetch it


def test_an_incomplete_folder_is_not_written_into(site: Site, tmp_path: Path) -> None:
    site.download(tmp_path)
    next(tmp_path.rglob("*.wav")).unlink()

    with pytest.raises(CorpusError, match="holds only 1439 of the 1440 clips; remove them"):
        site.download(tmp_path)
    assert len(site.requests) == 1


def test_a_corpus_that_is_there_in_another_layout_is_enough(site: Site, ravdess_dir: Path) -> None:
    assert site.download(ravdess_dir) == ravdess_dir
    assert site.requests == []


def test_progress_is_told_from_start_to_end(site: Site, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    site.cuts = [100_000]

    download_ravdess(tmp_path, url=site.address, checksum=site.checksum, progress=lambda *what: told.append(what))

    downloading = [(done, total) for phase, done, total in told if phase == "downloading"]
    assert downloading == sorted(downloading)
    assert downloading[0] == (0, len(site.data))
    assert downloading[-1] == (len(site.data), len(site.data))
    assert [done for phase, done, total in told if phase == "unpacking"] == list(range(1, 1441))
