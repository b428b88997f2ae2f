/** The card of one recording: while it is analysed, its result, or what went wrong. */

import { answer, channelName, spoken } from "./answer.js";
import { recognize } from "./api.js";
import { h } from "./dom.js";
import { downloadButtons, saveRecordingButton } from "./downloads.js";
import { clock } from "./format.js";
import { icon } from "./icons.js";
import { optionsForm } from "./options.js";
import { PartList } from "./parts.js";
import { Player } from "./player.js";
import { decode, together } from "./sound.js";
import { texts } from "./texts.js";
import { Timeline } from "./timeline.js";

/** @import { Options, Recognition, Recording, Segment } from "./types.js" */
/** @import { Sound } from "./sound.js" */

let count = 0;

/** A recording and what was recognized in it. It tells "close". */
export class Card extends EventTarget {
  #abort = new AbortController();
  /** @type {Sound | null} */
  #sound = null;
  /** @type {Player | null} */
  #player = null;
  /** @type {Timeline | null} */
  #timeline = null;
  /** @type {{recognitions: Recognition[], options: Options} | null} the last result */
  #last = null;

  /**
   * @param {Recording} recording
   * @param {(text: string) => void} announce tells a screen reader
   */
  constructor(recording, announce) {
    super();
    this.recording = recording;
    this.announce = announce;
    const id = `card-${(count += 1)}`;
    this.meta = h("span", { class: "faint" });
    this.content = h("div", { class: "card-content" });
    this.element = h(
      "article",
      { class: "card panel", "aria-labelledby": id, tabindex: -1 },
      h(
        "header",
        {},
        h("div", {}, h("h3", { id }, h("bdi", {}, recording.name)), this.meta),
        h(
          "button",
          {
            type: "button",
            class: "quiet",
            "aria-label": texts.results.remove(recording.name),
            onclick: () => this.close(),
          },
          icon("close"),
        ),
      ),
      this.content,
    );
  }

  /**
   * Recognize the recording and show the result.
   *
   * @param {Options} options
   */
  async analyse(options) {
    this.#abort.abort();
    const abort = (this.#abort = new AbortController());
    this.#showWork();
    this.announce(texts.results.working(this.recording.name));
    try {
      const [recognitions] = await Promise.all([recognize(this.recording, options, abort.signal), this.#decode()]);
      if (!abort.signal.aborted) this.#show(recognitions, options);
    } catch (error) {
      if (!abort.signal.aborted) this.#showError(/** @type {Error} */ (error).message, options);
    }
  }

  /**
   * Show a result of live recognition.
   *
   * @param {Recognition} recognition
   * @param {Options} options
   */
  async showLive(recognition, options) {
    await this.#decode();
    if (this.element.isConnected) this.#show([recognition], options);
  }

  /**
   * @param {Recognition[]} recognitions
   * @param {Options} options
   */
  #show(recognitions, options) {
    this.#last = { recognitions, options };
    this.#clear();
    const [first] = recognitions;
    const spokenParts = recognitions.flatMap(({ segments }) => segments.filter(({ emotion }) => emotion !== null));
    this.meta.textContent = `${clock(first.duration_s)} · ${texts.results.parts(spokenParts.length)}`;
    this.#fill(
      h(
        "div",
        { class: "answers" },
        recognitions.map((recognition) => answer(recognition)),
      ),
      warnings(recognitions),
      ...this.#details(recognitions),
      h(
        "div",
        { class: "card-foot" },
        downloadButtons(this.recording, options, recognitions),
        this.#options(options),
        h(
          "details",
          {},
          h("summary", {}, texts.help.title),
          h(
            "ul",
            { class: "help" },
            texts.help.points.map((point) => h("li", {}, point)),
          ),
        ),
      ),
      h("p", { class: "faint" }, footnotes(first)),
    );
    this.announce(texts.results.done(this.recording.name, recognitions.map(spoken).join("; ")));
  }

  /** End what the card does; who listens removes it. */
  close() {
    this.#abort.abort();
    this.#timeline?.close();
    this.#player?.close();
    this.dispatchEvent(new Event("close"));
  }

  async #decode() {
    if (this.#player) return;
    const sound = await decode(this.recording.blob);
    if (!this.element.isConnected || this.#player) return; // closed, or decoded a second time, meanwhile
    this.#sound = sound;
    if (sound) this.#player = new Player(this.recording.blob);
  }

  /**
   * The timeline and the list of parts, which follow one another.
   *
   * @param {Recognition[]} recognitions
   * @returns {HTMLElement[]}
   */
  #details(recognitions) {
    const parts = recognitions
      .flatMap((recognition) =>
        recognition.segments.map((segment) => ({ segment, voice: voice(segment, recognition) })),
      )
      .sort((a, b) => a.segment.start_s - b.segment.start_s);
    const duration_s = recognitions[0].duration_s || this.#sound?.duration_s || 0;
    if (!duration_s) return [];
    const tracks = recognitions.map((recognition) => ({
      name: channelName(recognition),
      // Turns may lie after the end of the sound: there is no place for them, but in the list.
      segments: recognition.segments.filter(({ start_s }) => start_s < duration_s),
      emotions: Object.keys(recognition.probabilities),
      peaks: this.#peaks(recognition),
    }));
    const timeline = new Timeline({ name: this.recording.name, tracks, duration_s, player: this.#player });
    this.#timeline = timeline;
    if (!parts.length) return [timeline.element];
    const list = new PartList(parts, this.#player);
    const select = (/** @type {Event} */ event) => {
      const segment = /** @type {CustomEvent<Segment>} */ (event).detail;
      timeline.select(segment);
      list.open(segment);
    };
    timeline.addEventListener("select", select);
    list.addEventListener("select", select);
    return [timeline.element, h("h4", {}, texts.parts.title), list.element];
  }

  /**
   * @param {Recognition} recognition
   * @returns {Float32Array | null}
   */
  #peaks(recognition) {
    if (!this.#sound) return null;
    const { peaks } = this.#sound;
    return recognition.channel === null ? together(peaks) : (peaks[recognition.channel - 1] ?? null);
  }

  /**
   * @param {Options} options
   * @returns {HTMLElement}
   */
  #options(options) {
    return optionsForm(options, this.#sound?.peaks.length ?? null, (chosen) => this.analyse(chosen));
  }

  #showWork() {
    this.#clear();
    const onclick = () => this.#cancel();
    const cancel = h("button", { type: "button", class: "quiet", onclick }, texts.results.cancel);
    this.#fill(
      h(
        "p",
        { class: "working" },
        h("span", { class: "spinner", "aria-hidden": "true" }),
        texts.results.working(this.recording.name),
      ),
      h("p", { class: "faint" }, texts.results.patience),
      cancel,
    );
  }

  /** Analyse no more: the last result is shown again, if there is one. */
  #cancel() {
    this.#abort.abort();
    if (this.#last) this.#show(this.#last.recognitions, this.#last.options);
    else this.close();
  }

  /**
   * @param {string} message
   * @param {Options} options
   */
  #showError(message, options) {
    this.#clear();
    const again = h("button", { type: "button", onclick: () => this.analyse(options) }, texts.errors.again);
    this.#fill(
      h("div", { class: "message error", role: "alert" }, h("b", {}, texts.errors.title), h("p", {}, message)),
      h("div", { class: "actions" }, again, this.recording.isUnsaved && saveRecordingButton(this.recording)),
      this.#options(options),
    );
  }

  #clear() {
    // What has the focus goes: the card takes it, so that the keyboard goes on from here.
    if (this.content.contains(document.activeElement)) this.element.focus({ preventScroll: true });
    this.#timeline?.close();
    this.#timeline = null;
    this.meta.textContent = "";
    this.content.replaceChildren();
  }

  /** @param {...(Node | null)} children */
  #fill(...children) {
    this.content.append(...children.filter((child) => child !== null));
  }
}

/**
 * @param {Recognition[]} recognitions
 * @returns {HTMLElement | null}
 */
function warnings(recognitions) {
  const all = [...new Set(recognitions.flatMap((recognition) => recognition.warnings))];
  if (!all.length) return null;
  return h(
    "div",
    { class: "message" },
    h("b", {}, texts.notes.title),
    h(
      "ul",
      {},
      all.map((text) => h("li", {}, text)),
    ),
  );
}

/**
 * @param {Recognition} recognition
 * @returns {string}
 */
function footnotes(recognition) {
  const { model, adapted_to: adaptedTo } = recognition;
  const adapted = { recording: texts.notes.adapted, profile: texts.notes.adaptedProfile }[adaptedTo ?? ""];
  return [texts.notes.estimate, adapted, texts.notes.model(model.name, model.version)].filter(Boolean).join(" ");
}

/**
 * Whose part it is, where there is more than one voice.
 *
 * @param {Segment} segment
 * @param {Recognition} recognition
 * @returns {string | null}
 */
function voice(segment, recognition) {
  const names = [recognition.channel === null ? null : channelName(recognition), segment.speaker].filter(Boolean);
  return names.length ? names.join(", ") : null;
}
