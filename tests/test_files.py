from __future__ import annotations

import io
import os
import stat
import sys
from pathlib import Path

import pytest

from affetto import ParameterError
from affetto._files import is_same_file, require_writable, write_bytes

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and pipes are those of POSIX")


def test_different_paths_of_one_file(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    assert is_same_file(tmp_path / "there", tmp_path / "." / ".." / tmp_path.name / "there")
    assert is_same_file(tmp_path / "not yet", tmp_path / ".." / tmp_path.name / "not yet")
    assert not is_same_file(tmp_path / "there", tmp_path / "not yet")
    assert not is_same_file(tmp_path / "not yet", 987_654)


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "é 😀.srt"
    for content in (b"first", b"2"):
        write_bytes(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_the_old_file_survives_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.srt"
    path.write_text("precious")

    def full(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ParameterError, match=r"a\.srt.*No space left on device"):
        write_bytes(path, b"new content")
    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


def test_the_longest_possible_name(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 251 + ".srt")
    write_bytes(path, b"text")
    assert path.read_bytes() == b"text"


@posix
def test_file_modes_are_the_usual_ones(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    write_bytes(tmp_path / "new", b"text")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode
    (tmp_path / "usual").chmod(0o640)
    write_bytes(tmp_path / "usual", b"text")
    assert stat.S_IMODE((tmp_path / "usual").stat().st_mode) == 0o640


@posix
def test_links_and_devices_are_not_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    write_bytes(link, b"new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    write_bytes(os.devnull, b"text")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)  # noqa: PTH116 (as its name comes)


@posix
def test_a_link_to_itself_is_replaced(tmp_path: Path) -> None:
    loop = tmp_path / "a.srt"
    loop.symlink_to(loop)
    write_bytes(loop, b"text")
    assert loop.read_bytes() == b"text"


def test_a_read_only_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.srt").touch()
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != tmp_path)
    for name in ("a.srt", "new.srt"):
        with pytest.raises(ParameterError, match=f"{name} may not be written"):
            require_writable(tmp_path / name, sources=[])


def test_a_locked_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(self: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "is_dir", locked)
    with pytest.raises(ParameterError, match=r"a\.srt.*Permission denied"):
        require_writable(tmp_path / "a.srt", sources=[])


@pytest.mark.parametrize(("name", "why"), [("a\0.srt", "null"), ("a" * 300 + ".srt", "too long")])
def test_an_invalid_name_is_refused(name: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=f"cannot be written: .*{why}"):
        require_writable(tmp_path / name, sources=[])
    with pytest.raises(ParameterError, match=f"cannot be written: .*{why}"):
        write_bytes(tmp_path / name, b"")


def test_unwritable_paths_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="is a folder"):
        require_writable(tmp_path, sources=[])
    with pytest.raises(ParameterError, match="no folder"):
        require_writable(tmp_path / "missing" / "a.srt", sources=[])
    (tmp_path / "call.wav").touch()
    with pytest.raises(ParameterError, match=r"call\.wav.*input"):
        require_writable(tmp_path / "call.wav", sources=["missing.wav", b"bytes", "a\0b", str(tmp_path / "call.wav")])
    with (tmp_path / "call.wav").open("rb") as file, pytest.raises(ParameterError, match=r"call\.wav.*input"):
        require_writable(tmp_path / "call.wav", sources=[io.BytesIO(), file])
    require_writable(tmp_path / "a.srt", sources=[tmp_path / "call.wav"])


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a user who may not write everything")
def test_a_read_only_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.srt").touch(mode=0o444)
    (tmp_path / "locked").mkdir(mode=0o600)
    for name in ("a.srt", "locked/a.srt"):
        with pytest.raises(ParameterError, match="may not be written"):
            require_writable(tmp_path / name, sources=[])
