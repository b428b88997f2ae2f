"""The example in JavaScript that the service has for coding agents."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_listening_to_the_microphone(page: Page, service: str) -> None:
    page.goto(f"{service}agents.md")
    text = page.locator("body").inner_text()
    (code,) = re.findall(r"^```javascript\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    frames = page.evaluate(
        f"""async () => {{
            {code}
            const frames = [];
            await new Promise(async (done) => {{
                const onFrame = (frame) => {{
                    frames.push(frame);
                    if (frame.type === "state" && frame.position_s > 2) stop();
                    if (["result", "error"].includes(frame.type)) done();
                }};
                const stop = await listen({{ address: location.origin.replace("http", "ws"), onFrame }});
            }});
            return frames;
        }}"""
    )
    assert [frames[0]["type"], frames[-1]["type"]] == ["ready", "result"]
    assert frames[-1]["result"]["duration_s"] > 2
    assert frames[-1]["result"]["segments"] == [f["segment"] for f in frames if f["type"] == "segment"]
