/** A recording over time: the waveform, a lane for each voice, and a row for each emotion. */

import { answerName, emotionColour, emotionName, face } from "./emotions.js";
import { clock, percent, span, ticks } from "./format.js";
import { h, svg } from "./dom.js";
import { icon } from "./icons.js";
import { texts } from "./texts.js";
import { onThemeChange } from "./theme.js";
import { colours, drawWaveform } from "./waveform.js";

/** @import { Player } from "./player.js" */
/** @import { Segment } from "./types.js" */

const ZOOM_STEP = 2;
const LEAST_SPAN_S = 5; // what is at least in sight

/**
 * What one recognition shows.
 *
 * @typedef {object} Track
 * @property {string} name
 * @property {Segment[]} segments
 * @property {string[]} emotions
 * @property {Float32Array | null} peaks
 */

/** The picture of a recording over time. It tells "select", with the segment as its detail. */
export class Timeline extends EventTarget {
  /** @type {Map<Segment, HTMLButtonElement>} */
  #buttons = new Map();
  /** @type {{destroy: () => void, setOptions: (options: object) => void}[]} */
  #waveforms = [];
  #zoom = 1;

  /**
   * @param {object} given
   * @param {string} given.name
   * @param {Track[]} given.tracks
   * @param {number} given.duration_s
   * @param {Player | null} given.player null where the browser cannot play the recording
   */
  constructor({ name, tracks, duration_s, player }) {
    super();
    this.duration_s = duration_s || 1;
    this.player = player;
    this.playhead = h("div", { class: "playhead", hidden: true });
    this.selection = h("div", { class: "selection", hidden: true });
    this.body = h(
      "div",
      { class: "timeline-body" },
      h("div", { class: "timeline-overlay", "aria-hidden": "true" }, this.selection, this.playhead),
      tracks.map((track) => this.#track(track, tracks.length > 1)),
      this.#axis(),
    );
    this.element = h(
      "div",
      { class: "timeline" },
      this.#controls(),
      h("div", { class: "timeline-scroll", role: "group", "aria-label": texts.timeline.label(name), tabindex: 0 }, this.body),
    );
    this.stopThemes = onThemeChange(() => this.#waveforms.forEach((waveform) => waveform.setOptions(colours())));
    player?.addEventListener("time", () => this.#follow());
  }

  /**
   * Mark a segment.
   *
   * @param {Segment} segment
   */
  select(segment) {
    for (const [other, button] of this.#buttons) {
      const chosen = other === segment;
      button.setAttribute("aria-pressed", String(chosen));
      if (chosen) roveTo(button);
    }
    this.selection.hidden = false;
    for (const [name, value] of Object.entries(this.#place(segment))) {
      this.selection.style.setProperty(name, String(value));
    }
  }

  /** Remove it. */
  close() {
    this.stopThemes();
    this.#waveforms.forEach((waveform) => waveform.destroy());
    this.element.remove();
  }

  /** @returns {HTMLElement} */
  #controls() {
    const time = h("span", { class: "time" }, `${clock(0)} / ${clock(this.duration_s)}`);
    const play = h("button", { type: "button", class: "round", "aria-label": texts.timeline.play }, icon("play"));
    const zoomIn = h("button", { type: "button", class: "quiet", "aria-label": texts.timeline.zoomIn }, icon("plus"));
    const zoomOut = h("button", { type: "button", class: "quiet", "aria-label": texts.timeline.zoomOut }, icon("minus"));
    const most = Math.max(1, this.duration_s / LEAST_SPAN_S);
    const zoom = (/** @type {number} */ factor) => {
      this.#zoom = Math.min(most, Math.max(1, this.#zoom * factor));
      this.body.style.setProperty("--zoom", String(this.#zoom));
      zoomIn.disabled = this.#zoom === most;
      zoomOut.disabled = this.#zoom === 1;
    };
    zoomIn.addEventListener("click", () => zoom(ZOOM_STEP));
    zoomOut.addEventListener("click", () => zoom(1 / ZOOM_STEP));
    zoom(1);
    const { player } = this;
    if (player) {
      play.addEventListener("click", () => player.toggle());
      player.addEventListener("state", () => {
        play.replaceChildren(icon(player.isPlaying ? "pause" : "play"));
        play.setAttribute("aria-label", player.isPlaying ? texts.timeline.pause : texts.timeline.play);
      });
      player.addEventListener("time", () => {
        time.textContent = `${clock(player.time_s)} / ${clock(this.duration_s)}`;
      });
    }
    return h(
      "div",
      { class: "timeline-controls" },
      player && play,
      time,
      h("span", { class: "faint hint" }, player ? texts.timeline.hint : texts.timeline.cannotPlay),
      most > ZOOM_STEP && h("span", { class: "zoom" }, zoomOut, zoomIn),
    );
  }

  /**
   * @param {Track} track
   * @param {boolean} isOneOfSeveral
   * @returns {HTMLElement}
   */
  #track(track, isOneOfSeveral) {
    const area = h("div", { class: "row-area waveform", "aria-hidden": "true" });
    const name = isOneOfSeveral ? track.name : texts.timeline.sound;
    // Wavesurfer measures its container, which must be in the page by then.
    requestAnimationFrame(() => {
      if (area.isConnected) this.#waveforms.push(this.#waveform(area, track));
    });
    return h(
      "div",
      { class: "track", role: "group", "aria-label": track.name },
      row(name, area),
      this.#lanes(track, isOneOfSeveral),
      this.#everyEmotion(track),
    );
  }

  /**
   * @param {HTMLElement} container
   * @param {Track} track
   */
  #waveform(container, track) {
    return drawWaveform(container, {
      peaks: track.peaks,
      duration_s: this.duration_s,
      segments: track.segments,
      onSegment: (segment) => this.#choose(segment),
      onTime: (time_s) => this.#seek(time_s),
    });
  }

  /**
   * A lane of buttons for each speaker.
   *
   * @param {Track} track
   * @param {boolean} isOneOfSeveral
   * @returns {HTMLElement[]}
   */
  #lanes(track, isOneOfSeveral) {
    const speakers = [...new Set(track.segments.map((segment) => segment.speaker ?? null))];
    return speakers.map((speaker) => {
      const segments = track.segments.filter((segment) => (segment.speaker ?? null) === speaker);
      const known = speaker ?? (speakers.length > 1 ? texts.timeline.unknownSpeaker : texts.timeline.voice);
      const label = isOneOfSeveral ? `${track.name}, ${known}` : known;
      const lane = h("div", { class: "row-area lane", role: "toolbar", "aria-label": texts.timeline.parts(label) });
      lane.append(...segments.map((segment) => this.#button(segment, track)));
      lane.addEventListener("keydown", rove);
      lane.querySelector("button")?.setAttribute("tabindex", "0");
      return row(known, lane);
    });
  }

  /**
   * @param {Segment} segment
   * @param {Track} track
   * @returns {HTMLButtonElement}
   */
  #button(segment, track) {
    const answer = answerName(segment);
    const said = segment.confidence === null ? answer : `${answer} ${percent(segment.confidence)}`;
    const button = h(
      "button",
      {
        type: "button",
        class: `part ${segment.status}`,
        tabindex: -1,
        "aria-pressed": "false",
        "aria-label": texts.timeline.part(track.segments.indexOf(segment) + 1, span(segment), said),
        title: `${span(segment)} · ${said}`,
        style: { ...this.#place(segment), "--emotion": emotionColour(segment.emotion) },
        onclick: () => this.#choose(segment),
      },
      h("span", { class: "part-inside" }, face(segment.emotion), h("span", { class: "part-name" }, answer)),
    );
    this.#buttons.set(segment, button);
    return button;
  }

  /**
   * A row for each emotion, with a bar for each part as high as the emotion fits.
   *
   * @param {Track} track
   * @returns {HTMLElement}
   */
  #everyEmotion(track) {
    const rows = track.emotions.map((emotion) =>
      row([face(emotion), h("span", {}, emotionName(emotion))], this.#emotionRow(emotion, track.segments)),
    );
    const chart = h("div", { class: "every-emotion", role: "img", "aria-label": texts.timeline.everyLabel }, rows);
    chart.addEventListener("click", (event) => {
      const area = /** @type {HTMLElement} */ (event.target).closest(".row-area");
      if (!area) return;
      const { left, width } = area.getBoundingClientRect();
      const time_s = ((event.clientX - left) / width) * this.duration_s;
      const segment = track.segments.find(({ start_s, end_s }) => start_s <= time_s && time_s <= end_s);
      if (segment) this.#choose(segment);
      else this.#seek(time_s);
    });
    return chart;
  }

  /**
   * The bars of an emotion, full where it fits best, with its figure there.
   *
   * @param {string} emotion
   * @param {Segment[]} segments
   * @returns {HTMLElement}
   */
  #emotionRow(emotion, segments) {
    const bars = (/** @type {Segment[]} */ those) =>
      those
        .filter(({ probabilities }) => emotion in probabilities)
        .map(({ start_s, end_s, probabilities }) => `M${start_s} ${1 - probabilities[emotion]}H${end_s}V1H${start_s}z`)
        .join("");
    const best = segments.filter((segment) => segment.emotion === emotion);
    const others = segments.filter((segment) => segment.emotion !== emotion);
    return h(
      "div",
      { class: "row-area emotion-row", style: { "--emotion": emotionColour(emotion) } },
      svg(
        "svg",
        { viewBox: `0 0 ${this.duration_s} 1`, preserveAspectRatio: "none" },
        svg("path", { d: bars(others), class: "other" }),
        svg("path", { d: bars(best) }),
      ),
      best.map((segment) =>
        h(
          "span",
          { class: "figure", style: this.#place(segment) },
          h("span", {}, percent(segment.probabilities[emotion] ?? 0)),
        ),
      ),
    );
  }

  /**
   * Where a segment lies, for CSS.
   *
   * @param {Segment} segment
   * @returns {{"--from": number, "--to": number}}
   */
  #place({ start_s, end_s }) {
    return { "--from": start_s / this.duration_s, "--to": end_s / this.duration_s };
  }

  /** @returns {HTMLElement} */
  #axis() {
    const marks = ticks(this.duration_s, 8).map((time_s) =>
      h("span", { style: { "--from": time_s / this.duration_s } }, clock(time_s, time_s % 1 ? 1 : 0)),
    );
    return row("", h("div", { class: "row-area axis", "aria-hidden": "true" }, marks));
  }

  /** @param {Segment} segment */
  #choose(segment) {
    this.dispatchEvent(new CustomEvent("select", { detail: segment }));
    this.player?.play(segment.start_s, segment.end_s);
  }

  /** @param {number} time_s */
  #seek(time_s) {
    if (this.player) this.player.audio.currentTime = time_s;
  }

  #follow() {
    if (!this.player) return;
    this.playhead.hidden = false;
    this.playhead.style.setProperty("--from", String(Math.min(1, this.player.time_s / this.duration_s)));
  }
}

/**
 * @param {import("./dom.js").Child | import("./dom.js").Child[]} name
 * @param {HTMLElement} area
 * @returns {HTMLElement}
 */
function row(name, area) {
  return h("div", { class: "row" }, h("div", { class: "row-name" }, name), area);
}

/**
 * Move among the buttons of a toolbar with the arrow keys.
 *
 * @param {KeyboardEvent} event
 */
function rove(event) {
  const toolbar = /** @type {HTMLElement} */ (event.currentTarget);
  const buttons = [...toolbar.querySelectorAll("button")];
  const now = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
  const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (next === undefined || !buttons[next]) return;
  event.preventDefault();
  roveTo(buttons[next]);
  buttons[next].focus();
}

/**
 * Make a button the one of its toolbar that the Tab key reaches.
 *
 * @param {HTMLButtonElement} button
 */
function roveTo(button) {
  for (const other of button.parentElement?.querySelectorAll("button") ?? []) {
    other.tabIndex = other === button ? 0 : -1;
  }
}
