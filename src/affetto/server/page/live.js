/** Listening live: what is heard now, the parts so far, and the result in the end. */

import { h } from "./dom.js";
import { answerName, emotionColour, emotionName, face } from "./emotions.js";
import { percent, span } from "./format.js";
import { howSure, moodMeters } from "./meters.js";
import { MicrophonePanel } from "./microphone-panel.js";
import { recordingOf } from "./recorder.js";
import { Stream } from "./stream.js";
import { texts } from "./texts.js";

/** @import { Microphone } from "./microphone.js" */
/** @import { Results } from "./results.js" */
/** @import { Segment } from "./types.js" */

/**
 * Let a button listen live.
 *
 * @param {HTMLElement} button
 * @param {HTMLElement} section where the panel opens
 * @param {Results} results
 */
export function startLive(button, section, results) {
  button.addEventListener("click", async () => {
    const words = { title: texts.microphone.liveTitle, stop: texts.microphone.stop };
    const panel = new MicrophonePanel(section, button, words);
    panel.discard.addEventListener("click", () => panel.close());
    try {
      const microphone = await panel.open();
      if (microphone) listen(panel, microphone, results);
    } catch (error) {
      panel.fail(/** @type {Error} */ (error).message);
    }
  });
}

/**
 * Send what the microphone hears, and show what comes back.
 *
 * @param {MicrophonePanel} panel
 * @param {Microphone} microphone
 * @param {Results} results
 */
function listen(panel, microphone, results) {
  const stream = new Stream(microphone.sampleRateHz);
  const view = new LiveView(results);
  panel.body.append(view.element);
  microphone.pipe((pcm) => stream.send(pcm));
  const recording = () => recordingOf(microphone, texts.results.live);

  panel.stop.addEventListener("click", async () => {
    panel.hint.textContent = texts.microphone.finishing;
    await panel.mute();
    stream.end();
  });
  panel.discard.addEventListener("click", () => stream.close());
  on(stream, "state", (state) => view.showState(state));
  on(stream, "segment", ({ segment }) => view.showSegment(segment));
  on(stream, "failure", (message) => {
    panel.fail(message, { text: texts.microphone.rescue, run: () => results.analyse(recording()) });
  });
  on(stream, "result", async ({ result }) => {
    await panel.close();
    results.showLive(recording(), result);
  });
}

/** What is heard. */
class LiveView {
  /** @param {Results} results announces the parts to screen readers */
  constructor(results) {
    this.results = results;
    this.voice = h("p", { class: "faint" }, texts.microphone.silent);
    this.now = h("div", { class: "answer", hidden: true });
    this.title = h("h3", {}, texts.microphone.now);
    this.none = h("p", { class: "faint" }, texts.microphone.none);
    this.list = h("ol", { class: "heard" });
    this.element = h(
      "div",
      { class: "live-view" },
      h("div", {}, this.title, this.voice, this.now),
      h("div", {}, h("h3", {}, texts.parts.title), this.none, this.list),
    );
  }

  /** @param {{speaking: boolean, interim: Segment | null}} state */
  showState({ speaking, interim }) {
    this.voice.textContent = speaking ? texts.microphone.hearing : texts.microphone.silent;
    if (interim) this.#showNow(interim, texts.microphone.now);
  }

  /** @param {Segment} segment */
  showSegment(segment) {
    this.#showNow(segment, texts.microphone.last);
    this.none.hidden = true;
    const said = `${answerName(segment)} ${percent(segment.confidence ?? 0)}`;
    this.list.prepend(
      h(
        "li",
        { style: { "--emotion": emotionColour(segment.emotion) } },
        face(segment.emotion),
        h("b", {}, answerName(segment)),
        howSure(segment),
        h("span", { class: "faint" }, span(segment)),
      ),
    );
    this.results.announce(texts.microphone.heard(said));
  }

  /**
   * @param {Segment} segment
   * @param {string} title
   */
  #showNow(segment, title) {
    this.title.textContent = title;
    this.now.hidden = false;
    this.now.replaceChildren(
      face(segment.emotion),
      h("p", { class: "answer-line" }, emotionName(segment.emotion), segment.status === "uncertain" && "?"),
      h("div", { class: "answer-meters" }, howSure(segment)),
      moodMeters(segment),
    );
  }
}

/**
 * @param {EventTarget} target
 * @param {string} name
 * @param {(detail: any) => void} listener
 */
function on(target, name, listener) {
  target.addEventListener(name, (event) => listener(/** @type {CustomEvent} */ (event).detail));
}
