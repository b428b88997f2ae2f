from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from affetto import AudioError, Failure, ParameterError, Recognizer, read

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def content(root: Path) -> bytes:
    return (root / "examples" / "angry.flac").read_bytes()


@pytest.fixture(scope="module")
def expected(content: bytes) -> np.ndarray:
    return read(content).samples


class OnlyReads:
    """A file object with only `read`."""

    def __init__(self, content: bytes) -> None:
        self._file = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)


class ReadsAll:
    """A file object whose `read` takes no size."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self) -> bytes:
        return self._content


class SeeksWithoutSeekable(OnlyReads):
    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


class Upload:
    """An upload object of Starlette and FastAPI, with asynchronous methods."""

    def __init__(self, content: bytes) -> None:
        self.filename, self.file = "call.flac", io.BytesIO(content)

    async def read(self, size: int = -1) -> bytes:
        return self.file.read(size)

    async def seek(self, offset: int) -> None:
        self.file.seek(offset)


class AsyncFile:
    async def read(self, size: int = -1) -> bytes:
        return bytes(max(size, 0))


@pytest.mark.parametrize("kind", [io.BytesIO, OnlyReads, ReadsAll, SeeksWithoutSeekable, Upload])
def test_incomplete_file_objects_are_read(kind: Any, content: bytes, expected: np.ndarray) -> None:
    assert np.array_equal(read(kind(content)).samples, expected)


def test_a_file_at_its_end_is_read_from_its_beginning(content: bytes, expected: np.ndarray) -> None:
    file = io.BytesIO()
    file.write(content)
    for _ in range(2):
        assert np.array_equal(read(file).samples, expected)
        file.seek(0, io.SEEK_END)


def test_a_file_is_read_from_its_position(content: bytes, expected: np.ndarray) -> None:
    file = io.BytesIO(b"a header of somebody's own" + content)
    file.seek(26)
    assert np.array_equal(read(file).samples, expected)


def test_an_asynchronous_file_is_refused() -> None:
    with pytest.raises(AudioError, match="await"):
        read(AsyncFile())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("https://example.org/call.wav", "download"),
        ("s3://bucket/call.wav", "download"),
        ("file:///tmp/no such call.wav", "path"),
    ],
)
def test_a_url_is_refused(address: str, advice: str, recognizer: Recognizer) -> None:
    with pytest.raises(AudioError, match=advice) as caught:
        recognizer.recognize(address)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("table", ["array", "objects", "column"])
def test_paths_of_tables_are_read(table: str, root: Path, recognizer: Recognizer) -> None:
    pandas = pytest.importorskip("pandas")
    paths = [str(root / "examples" / f"{name}.flac") for name in ("angry", "sad")]
    given = {
        "array": np.array(paths),
        "objects": np.array([*paths, float("nan")], dtype=object),
        "column": pandas.Series([*paths, None]),
    }[table]
    outcomes = list(recognizer.recognize_each(given))
    assert [outcome.source for outcome in outcomes[:2]] == paths
    assert not any(isinstance(outcome, Failure) for outcome in outcomes[:2])
    assert all(isinstance(outcome, Failure) for outcome in outcomes[2:])
    with pytest.raises(ParameterError, match="column"):
        recognizer.recognize_each(pandas.DataFrame({"path": paths}))


def test_a_numpy_number_chooses_a_channel(root: Path, recognizer: Recognizer) -> None:
    path = root / "examples" / "angry.flac"
    number: Any = np.int64(1)
    assert recognizer.recognize(path, channels=number) == recognizer.recognize(path, channels=1)
    assert recognizer.recognize(path, channels=number).to_json()
    for value in (1.5, "left", 0, True):
        with pytest.raises(ParameterError, match="channels is "):
            recognizer.recognize(path, channels=value)  # type: ignore[arg-type]
