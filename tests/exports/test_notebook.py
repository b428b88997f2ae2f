from __future__ import annotations

import base64
import dataclasses
import io
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from affetto import Recognition, Recognizer, read
from affetto.exports import notebook

if TYPE_CHECKING:
    import pytest
    from tests.conftest import Encoder

EXAMPLE = Path(__file__).parents[2] / "examples" / "sad.flac"


class Page(HTMLParser):
    """The tags of a page, in order, and its text; fails where they do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def players(self) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == "audio"]


def test_a_real_recording_has_a_timeline_and_a_player(recognizer: Recognizer) -> None:
    result = recognizer.recognize(EXAMPLE)
    page = Page(result._repr_html_())
    assert str(EXAMPLE) in page.text
    assert any(result.emotion in text for text in page.text if result.emotion)
    (player,) = page.players
    kind, _, data = str(player["src"]).partition(",")
    assert kind == "data:audio/flac;base64"
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(data)), dtype="float32")
    assert rate == 16_000
    assert np.abs(samples - read(EXAMPLE, sample_rate_hz=16_000).samples).max() < 1e-4
    clicks = [str(attributes["onclick"]) for _, attributes in page.tags if "onclick" in attributes]
    assert len(clicks) == len(result.segments)
    assert f"currentTime={result.segments[0].start_s:.3f}" in clicks[0]


def test_the_html_is_self_contained(recognizer: Recognizer) -> None:
    text = recognizer.recognize(EXAMPLE)._repr_html_()
    assert "http" not in text
    assert {tag for tag, _ in Page(text).tags} <= {"div", "span", "b", "bdi", "audio"}


def test_segments_are_drawn_at_their_times(dialogue: Recognition) -> None:
    page = Page(dialogue._repr_html_())
    blocks = [attributes for _, attributes in page.tags if "title" in attributes]
    assert [block["title"] for block in blocks] == [
        "0:00.5 – 0:02.0  angry 80%  arousal +0.80, valence -0.75",
        "0:02.0 – 0:03.2  neutral 75%  arousal -0.50, valence +0.00",
        "0:06.0 – 0:06.0  happy 60%  arousal +0.60, valence +0.47",
        "0:07.0 – 0:10.0  neutral? 40%  arousal +0.20, valence +0.00",
    ]
    assert "left:5.000%;width:15.000%;background:#d62839;" in str(blocks[0]["style"])
    assert "background:#8d99ae66;" in str(blocks[3]["style"])  # the uncertain one is pale
    assert "arousal +0.10, valence -0.25" in page.text
    assert "adapted to the recording" in page.text
    assert not any(
        "adapted" in text for text in Page(dataclasses.replace(dialogue, adapted_to=None)._repr_html_()).text
    )
    assert page.players == []
    assert not any("onclick" in block for block in blocks)


@given(text=st.text(min_size=1) | st.just("<script>alert(1)</script>") | st.just("\" onclick='x' &amp;"))
def test_names_cannot_add_tags(dialogue: Recognition, text: str) -> None:
    segments = tuple(dataclasses.replace(s, emotion=s.emotion and text) for s in dialogue.segments)
    odd = dataclasses.replace(dialogue, source=text, emotion=text, segments=segments, warnings=(text,))
    usual = dataclasses.replace(dialogue, warnings=("a warning",))
    names = [[(tag, list(attributes)) for tag, attributes in Page(r._repr_html_()).tags] for r in (odd, usual)]
    assert names[0] == names[1]


def test_a_name_cannot_change_the_direction_of_text(dialogue: Recognition) -> None:
    text = dataclasses.replace(dialogue, source="שלום \u202egpj.wav")._repr_html_()
    assert "<bdi>שלום �gpj.wav</bdi>" in text


def test_silence_and_names_that_are_no_unicode(silence: Recognition) -> None:
    page = Page(dataclasses.replace(silence, source="caf\udce9.wav")._repr_html_())
    assert "caf\\udce9.wav" in page.text
    assert any("no speech" in text for text in page.text)
    assert silence.reason in page.text
    for name in ("a\0b.wav", "a" * 5_000):
        Page(dataclasses.replace(silence, source=name)._repr_html_())


def test_no_sound_is_shown_too(nothing: Recognition) -> None:
    assert "0:00.0" in Page(nothing._repr_html_()).text


def test_without_the_same_recording_there_is_no_player(
    recognizer: Recognizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "call.flac"
    shutil.copy(EXAMPLE, path)
    result = recognizer.recognize(path)
    assert Page(result._repr_html_()).players
    monkeypatch.setattr(notebook, "MAX_PLAYER_S", 1.0)
    assert not Page(result._repr_html_()).players
    monkeypatch.undo()
    soundfile.write(path, np.zeros(16_000), 16_000)
    assert not Page(result._repr_html_()).players
    path.write_text("dear diary")
    assert not Page(result._repr_html_()).players
    path.unlink()
    assert not Page(result._repr_html_()).players


def test_the_player_plays_the_recognized_track(recognizer: Recognizer, tmp_path: Path, encode: Encoder) -> None:
    speech = encode.at(16_000)
    path = tmp_path / "two.mkv"
    path.write_bytes(encode.mux("matroska", ("pcm_s16le", speech, 16_000), ("pcm_s16le", speech[::-1], 16_000)))
    result = recognizer.recognize(path, track=2)
    page = Page(result._repr_html_())
    assert f"{path} [track 2]" in page.text
    (player,) = page.players
    samples, _ = soundfile.read(io.BytesIO(base64.b64decode(str(player["src"]).partition(",")[2])), dtype="float32")
    assert np.abs(samples - speech[::-1]).max() < 1e-3


def test_a_notebook_needs_neither_matplotlib_nor_rich_nor_pandas() -> None:
    code = (
        "import sys, affetto\n"
        "model = affetto.ModelName('a', '1')\n"
        "affetto.Recognition('a.wav', 1.0, 'no_speech', None, None, {}, None, None, (), model)._repr_html_()\n"
        "assert not {'matplotlib', 'rich', 'pandas', 'typer', 'onnxruntime'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_each_speaker_of_a_conversation_has_a_lane(conversation: Recognition) -> None:
    page = Page(conversation._repr_html_())
    assert page.text.index("Anna") < page.text.index("angry") < page.text.index("Ben")
    titles = [str(attributes["title"]) for tag, attributes in page.tags if "title" in attributes]
    assert len(titles) == len(conversation.segments)
    assert "Anna (angry 80%): I told you <twice>." in titles[0]
    assert "nobody speaks in it" in titles[1]
