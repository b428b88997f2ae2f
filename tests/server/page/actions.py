"""What the tests of the page do with it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import soundfile
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page


def upload(site: Page, name: str, content: bytes, **others: bytes) -> None:
    """Choose a file; the others are those of the same name with the ending that is given."""
    upload_all(site, {name: content} | {f"{name.partition('.')[0]}.{ending}": data for ending, data in others.items()})


def upload_all(site: Page, files: dict[str, bytes]) -> None:
    """Choose files, at once."""
    payloads: list[Any] = [{"name": name, "mimeType": "", "buffer": data} for name, data in files.items()]
    site.locator("#file").set_input_files(payloads)


def upload_example(site: Page, root: Path, name: str) -> None:
    upload(site, name, (root / "examples" / name).read_bytes())
    expect(site.locator(".answer-line")).to_be_visible()


def rttm(turns: list[tuple[str, float, float]]) -> bytes:
    """Who speaks, from when to when."""
    lines = (f"SPEAKER call 1 {start} {end - start} <NA> <NA> {name} <NA> <NA>\n" for name, start, end in turns)
    return "".join(lines).encode()


def wav(samples: Any, rate: int) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV")
    return file.getvalue()


def violations(site: Page) -> list[str]:
    return [f"{found['id']}: {found['nodes'][0]['html']}" for found in Axe().run(site).response["violations"]]
