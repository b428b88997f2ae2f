from __future__ import annotations

import json

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.server.conftest import Running, running


def values(started: Running) -> dict[str, float]:
    """The value of each sample, by its name and labels."""
    text = started.client.get("/metrics").text
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {" ".join([sample.name, *map(str, sample.labels.values())]): sample.value for sample in samples}


def test_recognitions_are_counted(angry: bytes) -> None:
    with running() as started:
        (result,) = started.post(angry).json()
        started.post(b"rubbish")
        counted = values(started)
        assert counted["affetto_requests_total POST /v1/recognitions 200"] == 1
        assert counted["affetto_requests_total POST /v1/recognitions 422"] == 1
        assert counted["affetto_request_seconds_count /v1/recognitions"] == 2
        assert 0 < counted["affetto_request_seconds_sum /v1/recognitions"] < 10
        assert counted["affetto_sound_seconds_total /v1/recognitions"] == pytest.approx(result["duration_s"])
        assert counted[f"affetto_segments_total {result['emotion']}"] == 1
        assert counted["affetto_queue"] == counted["affetto_upload_bytes"] == counted["affetto_streams"] == 0
        assert counted["process_resident_memory_bytes"] > 0

        with started.stream() as websocket:
            websocket.send(json.dumps({"type": "start", "format": "pcm_s16le", "sample_rate_hz": 8_000}))
            websocket.recv()
            assert values(started)["affetto_streams"] == 1
            websocket.send(bytes(48_000))
            websocket.send('{"type": "end"}')
            while json.loads(websocket.recv())["type"] != "result":
                pass
        assert values(started)["affetto_sound_seconds_total /v1/stream"] == 3


def test_pages_and_descriptions_are_other(server: Running) -> None:
    before = values(server)
    for path in ("/openapi.json", "/page/texts.js", "/nothing"):
        server.client.get(path)
    new = {name: value - before.get(name, 0) for name, value in values(server).items()}
    assert new["affetto_request_seconds_count other"] == 3


def test_clients_add_no_labels(server: Running) -> None:
    def n_series() -> int:
        return len(values(server))

    server.client.get("/nothing")
    server.client.get("/v1/models/nothing")
    server.client.request("BREW", "/v1/models")
    server.client.get("/page/nothing")
    n_before = n_series()
    for i in range(5):
        for path in (f"/nothing{i}", f"/v1/models/nothing{i}", f"/page/nothing{i}"):
            assert server.client.get(path).status_code == 404
        assert server.client.request(f"BREW{i}", "/v1/models").status_code == 405
        server.client.get("/healthz", headers={"Host": f"evil{i}.example"})
    assert n_series() <= n_before + 3  # a refused host may be the first
