from __future__ import annotations

import json
import random
import socket
import struct
import threading
import time
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from tests.server.conftest import Running, running
from tests.server.test_incoming import wait_for_threads
from tests.server.test_recognitions import as_json
from websockets.exceptions import ConnectionClosed

from affetto import LiveRecognition, Recognizer, read
from affetto.server.stream import MAX_FRAME_BYTES
from benchmarks.fuzz_uploads import make_case

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from tests.conftest import Encoder

END = '{"type": "end"}'
START = {"type": "start", "format": "pcm_s16le", "sample_rate_hz": 16_000}
WEBM = {"type": "start", "format": "webm"}


@pytest.fixture(scope="module")
def sequence(root: Path) -> tuple[NDArray[np.int16], int]:
    """A recording of several emotions, with pauses."""
    return soundfile.read(root / "examples" / "sequence.flac", dtype="int16")  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def strict() -> Iterator[Running]:
    """A service of one stream, of ten seconds, that waits a quarter of a second."""
    with running(max_streams=1, max_stream_s=10, stream_timeout_s=0.25) as started:
        yield started


def exchange(started: Running, start: Any, frames: Iterable[bytes | str] = ()) -> tuple[list[dict[str, Any]], int]:
    """All frames that a client is sent, and the code that the connection is closed with."""
    answers: list[dict[str, Any]] = []
    with started.stream() as websocket:
        sender = threading.Thread(target=send, args=(websocket, start, frames))
        sender.start()
        with suppress(ConnectionClosed):
            while True:
                answers.append(json.loads(websocket.recv(timeout=20)))
        sender.join()
        return answers, websocket.close_code


def send(websocket: Any, start: Any, frames: Iterable[bytes | str]) -> None:
    with suppress(ConnectionClosed):
        websocket.send(json.dumps(start) if isinstance(start, dict) else start)
        for frame in frames:
            websocket.send(frame)


def chunks(data: bytes, size: int) -> list[bytes | str]:
    return [*(data[start : start + size] for start in range(0, len(data), size)), END]


def result_of(answers: list[dict[str, Any]]) -> dict[str, Any]:
    assert answers[-1]["type"] == "result", answers[-1]
    result: dict[str, Any] = answers[-1]["result"]
    return result


def refused(started: Running, start: Any, frames: Iterable[bytes | str] = ()) -> str:
    """The name of the problem that a stream ends with."""
    answers, code = exchange(started, start, frames)
    assert answers[-1]["type"] == "error"
    problem = answers[-1]["error"]
    assert set(problem) == {"type", "title", "status", "detail"}
    assert code == (1013 if problem["status"] == 503 else 1008)
    started.wait_until_idle()
    kind: str = problem["type"].removeprefix("/problems/")
    return kind


@pytest.mark.parametrize("size", [1_001, 3_200, 65_536, MAX_FRAME_BYTES])
def test_pcm_gives_the_result_of_the_file(
    server: Running, root: Path, sequence: tuple[NDArray[np.int16], int], size: int
) -> None:
    samples, rate = sequence
    frames = chunks(samples.astype("<i2").tobytes(), size)
    answers, code = exchange(server, START | {"sample_rate_hz": rate}, frames)
    result, segments = result_of(answers), [answer["segment"] for answer in answers if answer["type"] == "segment"]
    (expected,) = server.post((root / "examples" / "sequence.flac").read_bytes()).json()
    assert result == expected | {"source": "<stream>"}
    assert segments == result["segments"]
    assert len(segments) > 1
    assert code == 1000


def test_frames_come_in_order(server: Running, sequence: tuple[NDArray[np.int16], int]) -> None:
    samples, rate = sequence
    answers, _ = exchange(server, START | {"sample_rate_hz": rate}, chunks(samples.astype("<i2").tobytes(), 9_600))
    types = [answer["type"] for answer in answers]
    assert (types[0], types[-1], types.count("ready"), types.count("result")) == ("ready", "result", 1, 1)
    assert answers[0]["model"]["name"] == "transformer"
    assert answers[0]["labels"] == list(Recognizer().labels)
    states = [answer for answer in answers if answer["type"] == "state"]
    positions = [state["position_s"] for state in states]
    assert positions == sorted(positions)
    assert all(0.4 <= after - before <= 1 for before, after in pairwise(positions))
    assert {state["speaking"] for state in states} == {True, False}
    interim = next(state["interim"] for state in states if state["interim"] is not None)
    assert interim.keys() == answers[-1]["result"]["segments"][0].keys()
    # A segment comes soon after its end, not at the end of the stream.
    first = types.index("segment")
    assert "state" in types[first:]


def test_interim_states_can_be_left_out(server: Running, sequence: tuple[NDArray[np.int16], int]) -> None:
    samples, rate = sequence
    start = START | {"sample_rate_hz": rate, "interim": False}
    answers, _ = exchange(server, start, chunks(samples.astype("<i2").tobytes(), 32_000))
    assert {answer["type"] for answer in answers} == {"ready", "segment", "result"}


@pytest.mark.parametrize("size", [999, 40_000])
def test_channels_and_floats(server: Running, encode: Encoder, size: int) -> None:
    samples = np.stack([encode.at(48_000), np.zeros_like(encode.at(48_000))], axis=1)
    start = {"type": "start", "format": "pcm_f32le", "sample_rate_hz": 48_000, "channels": 2}
    answers, _ = exchange(server, start, chunks(samples.astype("<f4").tobytes(), size))
    expected = Recognizer().recognize((samples, 48_000))
    assert result_of(answers) == as_json(expected) | {"source": "<stream>"}


@pytest.mark.parametrize(("format_", "kind"), [("webm", "webm"), ("ogg", "ogg-opus"), ("ogg", "ogg-vorbis")])
@pytest.mark.parametrize("size", [700, 1 << 19])
def test_containers_of_browsers(server: Running, encode: Encoder, format_: str, kind: str, size: int) -> None:
    content = encode(kind)
    answers, code = exchange(server, {"type": "start", "format": format_}, chunks(content, size))
    (expected,) = server.post(content).json()
    result = result_of(answers)
    assert (result["status"], result["emotion"]) == (expected["status"], expected["emotion"])
    assert result["duration_s"] == pytest.approx(expected["duration_s"], abs=0.02)
    if kind == "ogg-opus":  # files are decoded by another decoder, at another rate
        for label, probability in expected["probabilities"].items():
            assert result["probabilities"][label] == pytest.approx(probability, abs=0.03)
    else:
        assert result == expected | {"source": "<stream>"}
    assert code == 1000


def test_silence_and_no_sound(server: Running) -> None:
    answers, _ = exchange(server, START, [bytes(32_000), END])
    assert result_of(answers)["status"] == "no_speech"
    nothing: list[list[bytes | str]] = [[END], [b"", b"", END]]
    for frames in nothing:
        answers, _ = exchange(server, START, frames)
        assert (result_of(answers)["status"], result_of(answers)["duration_s"]) == ("no_speech", 0)


@pytest.mark.parametrize(
    "start",
    [
        *("", "null", "[]", "{", "start", '{"type": "start"}', "[" * 100_000, '"' + "x" * 100_000, "9" * 9_999),
        *({**START, "type": "begin"}, {**START, "format": "mp3"}, {**START, "format": None}, {**START, "more": 1}),
        *(
            {**START, "sample_rate_hz": value}
            for value in (0, -1, 7_999, 192_001, 1e999, "16000", 16_000.5, True, None)
        ),
        *(json.dumps(START).replace("16000", value) for value in ("NaN", "1e400", "1" * 5_000)),
        *({**START, "channels": value} for value in (0, -1, 17, 1.5, "2", True)),
        *({**START, "interim": value} for value in (1, "yes", None)),
        *({**START, "api_key": value} for value in (1, ["x"])),
        '{"type":"start","format":"pcm_s16le","sample_rate_hz":16000,"api_key":"\\ud800"}',
        *({**WEBM, "sample_rate_hz": 48_000}, {**WEBM, "channels": 1}, b"\0" * 100, b"", END),
    ],
)
def test_wrong_start_is_refused(server: Running, start: Any) -> None:
    assert refused(server, start) == "invalid-stream"


@pytest.mark.parametrize(
    "frames",
    [
        *(["hello"], ['{"type": "stop"}'], [json.dumps(START)], ['{"type": "end", "x": 1}'], ["[" * 100_000], [""]),
        *([bytes(32_001), END], [b"\0", END], [bytes(32_000), "9" * 9_999], [bytes(MAX_FRAME_BYTES + 1)]),
    ],
)
def test_wrong_frames_are_refused(server: Running, frames: list[bytes | str]) -> None:
    assert refused(server, START, frames) == "invalid-stream"


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
def test_impossible_samples_are_refused(server: Running, value: float) -> None:
    samples = np.full(48_000, value, "<f4") * np.tile([1, -1], 24_000).astype("<f4")
    start = START | {"format": "pcm_f32le", "sample_rate_hz": 48_000}
    assert refused(server, start, [samples.tobytes(), END]) == "invalid-stream"


@pytest.mark.parametrize("content", [b"", b"\0" * 50_000, b"\x1aE\xdf\xa3" + b"\xff" * 50_000, b"OggS" * 5_000])
@pytest.mark.parametrize("format_", ["webm", "ogg"])
def test_rubbish_instead_of_a_container_is_refused(server: Running, format_: str, content: bytes) -> None:
    assert refused(server, {"type": "start", "format": format_}, [content, END]) == "invalid-stream"


def test_frames_beyond_the_limit_close_the_connection(server: Running) -> None:
    answers, code = exchange(server, START, [bytes(3 * MAX_FRAME_BYTES)])
    assert code in (1006, 1009)  # the client still sends, so a reset may overtake the close frame
    assert {answer["type"] for answer in answers} <= {"ready"}
    server.wait_until_idle()


def test_unfinished_container_gives_what_has_come(server: Running, encode: Encoder) -> None:
    content = encode("webm")
    answers, _ = exchange(server, WEBM, [content[: len(content) * 2 // 3], END])
    assert 0 < result_of(answers)["duration_s"] < read(content).duration_s


def test_damage_is_a_warning(server: Running, encode: Encoder) -> None:
    content = bytearray(encode("mkv-flac"))  # of which webm is a part
    content[len(content) // 2 : len(content) // 2 + 3_000] = bytes(3_000)
    answers, _ = exchange(server, WEBM, chunks(bytes(content), 5_000))
    result = result_of(answers)
    assert result["emotion"] is not None
    assert result["warnings"]
    assert all(warning.startswith("the stream ") for warning in result["warnings"])


def test_damaged_containers_end_with_a_result_or_a_problem(server: Running, encode: Encoder) -> None:
    recordings = {kind: encode(kind) for kind in ("webm", "mkv-aac", "mkv-flac", "ogg-opus", "ogg-vorbis", "ogg-flac")}
    types: Counter[str] = Counter()
    for number in range(40):
        case = make_case(number, recordings)
        format_ = "ogg" if case.description.startswith("ogg") else "webm"
        size = random.Random(number).choice([500, 5_000, MAX_FRAME_BYTES])
        answers, code = exchange(server, {"type": "start", "format": format_}, chunks(case.content, size))
        assert code == {"result": 1000, "error": 1008}[answers[-1]["type"]]
        types[answers[-1]["type"]] += 1
        server.wait_until_idle()
    assert types.keys() == {"result", "error"}
    wait_for_threads()


@pytest.mark.parametrize("kind", ["wav", "mp3", "ogg-opus", "mpeg-ts"])
def test_other_formats_are_refused(server: Running, encode: Encoder, kind: str) -> None:
    assert refused(server, WEBM, chunks(encode(kind), 5_000)) == "invalid-stream"


def test_stalled_clients_are_told_and_let_go(strict: Running) -> None:
    for frames in ([], [bytes(16_000)], trickle(b""), trickle(b"", 16_000)):
        assert refused(strict, START, frames) == "stream-timeout"


def test_clients_that_do_not_start_are_told_and_let_go(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("affetto.server.stream._START_TIMEOUT_S", 0.1)
    with server.stream() as websocket:
        answer = json.loads(websocket.recv(timeout=10))
        with pytest.raises(ConnectionClosed):
            websocket.recv(timeout=10)
    assert answer["error"]["type"] == "/problems/stream-timeout"


def test_failures_tell_nothing_of_the_inside(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr(LiveRecognition, "push", fail)
    answers, code = exchange(server, START, [bytes(32_000), END])
    assert code == 1011
    assert answers[-1]["error"]["type"] == "/problems/internal-error"
    assert "secret" not in json.dumps(answers)
    server.wait_until_idle()


def trickle(frame: bytes, size: int = 0) -> Iterator[bytes]:
    """Sound, then frames without any for half a second."""
    yield bytes(size)
    for _ in range(10):
        yield frame
        time.sleep(0.05)


@pytest.mark.parametrize("format_", ["pcm_s16le", "webm"])
def test_streams_longer_than_allowed_end(strict: Running, encode: Encoder, format_: str) -> None:
    start: dict[str, Any] = WEBM if format_ == "webm" else START
    if format_ == "webm":
        content = encode("webm", np.zeros(24_000 * 60, np.float32))
        assert len(content) < 300_000
    else:
        content = bytes(32_000 * 12)
    begin = time.perf_counter()
    assert refused(strict, start, chunks(content, 64_000)) == "stream-too-long"
    assert time.perf_counter() - begin < 3


def test_places_are_limited_and_freed(strict: Running) -> None:
    with strict.stream() as websocket:
        websocket.send(json.dumps(START))
        assert json.loads(websocket.recv())["type"] == "ready"
        assert refused_now(strict) == 503
    strict.wait_until_idle()
    assert exchange(strict, START, [bytes(3_200), END])[1] == 1000


def refused_now(started: Running) -> int:
    with started.stream() as websocket:
        websocket.send(json.dumps(START))
        status: int = json.loads(websocket.recv())["error"]["status"]
        return status


def handshake(started: Running) -> socket.socket:
    """A connection of a client that can misbehave."""
    connection = socket.create_connection(("127.0.0.1", started.port), timeout=10)
    connection.sendall(
        b"GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(1)
    assert head.startswith(b"HTTP/1.1 101")
    return connection


def frame(content: bytes, opcode: int) -> bytes:
    """A frame of a client, masked with zeros."""
    size = struct.pack(">BBQ", 0x80 | opcode, 0x80 | 127, len(content))
    return size + bytes(4) + content


@pytest.mark.parametrize("format_", ["pcm_s16le", "webm"])
@pytest.mark.parametrize("abrupt", [False, True])
def test_clients_that_vanish_leave_nothing(server: Running, encode: Encoder, format_: str, abrupt: bool) -> None:
    start = WEBM if format_ == "webm" else START
    content = encode("webm") if format_ == "webm" else bytes(64_000)
    for n_bytes in (0, len(content) // 2):
        connection = handshake(server)
        connection.sendall(frame(json.dumps(start).encode(), 1) + frame(content[:n_bytes], 2))
        time.sleep(0.05)
        if abrupt:  # a reset instead of an end
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        server.wait_until_idle(timeout_s=2)
    wait_for_threads()


def test_clients_that_read_nothing_cost_nothing(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("affetto.server.stream._SEND_TIMEOUT_S", 0.3)
    # More than all buffers on the way hold.
    monkeypatch.setattr("affetto.server.stream._state", lambda *_: {"type": "state", "filler": "x" * 1_000_000})
    with handshake(server) as connection:
        connection.sendall(frame(json.dumps(START).encode(), 1) + frame(bytes(32_000), 2) * 30)
        server.wait_until_idle()


def test_flooding_client_keeps_nobody_else_waiting(server: Running, angry: bytes) -> None:
    connection = handshake(server)
    connection.sendall(frame(json.dumps(START | {"interim": False}).encode(), 1))
    stop = threading.Event()

    def flood() -> None:
        with suppress(OSError):
            while not stop.is_set():
                connection.sendall(frame(bytes(32_000), 2))

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        for _ in range(5):
            begin = time.perf_counter()
            assert server.post(angry).status_code == 200
            assert time.perf_counter() - begin < 2
    finally:
        stop.set()
        connection.shutdown(socket.SHUT_RDWR)
        thread.join()
        connection.close()
    server.wait_until_idle()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{" * 10])
def test_text_that_is_no_text(server: Running, content: bytes) -> None:
    with handshake(server) as connection:
        connection.sendall(frame(content, 1))
        assert connection.recv(1_000)
        server.wait_until_idle()


def test_many_small_frames(server: Running, angry: bytes) -> None:
    with handshake(server) as connection:
        connection.sendall(frame(json.dumps(START).encode(), 1) + frame(b"", 2) * 20_000 + frame(END.encode(), 1))
        content = b""
        while b'"result"' not in content:
            content += connection.recv(65_536)
    server.wait_until_idle()
