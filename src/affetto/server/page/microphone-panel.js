/** What is shown while the microphone is open. */

import { byId, h } from "./dom.js";
import { clock } from "./format.js";
import { icon } from "./icons.js";
import { Microphone } from "./microphone.js";
import { texts } from "./texts.js";
import RecordPlugin from "./vendor/wavesurfer/record.esm.js";
import WaveSurfer from "./vendor/wavesurfer/wavesurfer.esm.js";
import { HEIGHT, colours } from "./waveform.js";

const WINDOW_S = 8;

/**
 * A panel with a title, what the microphone hears, the time, and buttons to stop and to discard. It takes the place of the
 * section from which one starts, so that nothing else is started meanwhile.
 */
export class MicrophonePanel {
  /** @type {Microphone | null} */
  #microphone = null;
  #isClosed = false;
  #timer = 0;
  #start = byId("start");
  /** @type {{destroy: () => void} | null} */
  #waveform = null;

  /**
   * @param {HTMLElement} section
   * @param {HTMLElement} opener the button that opened it, which has the focus again when it closes
   * @param {{title: string, stop: string}} words
   */
  constructor(section, opener, words) {
    this.section = section;
    this.opener = opener;
    this.hint = h("p", { role: "status" }, texts.microphone.starting);
    this.preview = h("div", { class: "waveform", role: "img", "aria-label": texts.microphone.waveform });
    this.time = h("span", { class: "time", role: "timer" }, clock(0));
    this.stop = h("button", { type: "button", class: "primary", disabled: true }, icon("stop"), words.stop);
    this.discard = h("button", { type: "button", class: "quiet" }, texts.microphone.cancel);
    this.body = h("div", { class: "live" });
    section.replaceChildren(
      h("h2", {}, h("span", { class: "recording-dot", "aria-hidden": "true" }), words.title),
      this.hint,
      this.preview,
      h("div", { class: "actions" }, this.stop, this.time, this.discard),
      this.body,
    );
    section.hidden = false;
    this.discard.focus();
    this.#start.hidden = true;
  }

  /**
   * Open the microphone and show what it hears.
   *
   * @returns {Promise<Microphone | null>} null where the reader has closed the panel meanwhile
   */
  async open() {
    const microphone = await Microphone.open();
    if (this.#isClosed) {
      await microphone.close();
      return null;
    }
    this.#microphone = microphone;
    microphone.onEnd(() => this.stop.click());
    const record = RecordPlugin.create({ scrollingWaveform: true, scrollingWaveformWindow: WINDOW_S });
    this.#waveform = WaveSurfer.create({
      container: this.preview,
      height: HEIGHT,
      cursorWidth: 0,
      barWidth: 2,
      barGap: 1,
      interact: false,
      plugins: [record],
      ...colours(),
    });
    record.renderMicStream(microphone.stream);
    this.#timer = window.setInterval(() => (this.time.textContent = clock(microphone.duration_s)), 200);
    this.hint.textContent = texts.microphone.speak;
    this.stop.disabled = false;
    this.stop.focus();
    return microphone;
  }

  /** Close the microphone; the panel stays. */
  async mute() {
    const microphone = this.#microphone;
    this.#microphone = null; // before waiting: a second click must not close it again
    clearInterval(this.#timer);
    this.stop.disabled = true;
    this.#waveform?.destroy();
    this.#waveform = null;
    await microphone?.close();
  }

  /** Close the microphone and the panel. */
  async close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.mute();
    this.#hide();
  }

  /**
   * Close the microphone and say what went wrong.
   *
   * @param {string} message
   * @param {{text: string, run: () => void} | null} [remedy] what a button offers to save what can be saved
   */
  async fail(message, remedy = null) {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.mute();
    this.#start.hidden = false;
    const close = h("button", { type: "button", onclick: () => this.#hide() }, texts.errors.close);
    const onclick = () => {
      this.#hide();
      remedy?.run();
    };
    const save = remedy && h("button", { type: "button", class: "primary", onclick }, remedy.text);
    this.section.replaceChildren(
      h("div", { class: "message error", role: "alert" }, h("b", {}, texts.errors.title), h("p", {}, message)),
      h("div", { class: "actions" }, save, close),
    );
    (save ?? close).focus();
  }

  #hide() {
    this.section.hidden = true;
    this.section.replaceChildren();
    this.#start.hidden = false;
    this.opener.focus();
  }
}
