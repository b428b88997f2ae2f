/** A recording over time: the waveform, a lane for each voice, and a row for each emotion. */

import { h } from "./dom.js";
import { emotionRow } from "./emotion-rows.js";
import { emotionName, face } from "./emotions.js";
import { clock, ticks } from "./format.js";
import { lane, makeReachable } from "./lanes.js";
import { place } from "./scale.js";
import { texts } from "./texts.js";
import { onThemeChange } from "./theme.js";
import { timelineControls } from "./timeline-controls.js";
import { colours, drawWaveform } from "./waveform.js";

/** @import { Child } from "./dom.js" */
/** @import { Player } from "./player.js" */
/** @import { Segment } from "./types.js" */

const MOST_TICKS = 8;
const NEAR_END = 0.85; // from where on a tick has its text before it

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
  /** @type {Map<Track, HTMLElement>} */
  #selections = new Map();
  /** @type {{destroy: () => void, setOptions: (options: object) => void}[]} */
  #waveforms = [];
  #closing = new AbortController();
  #playhead = h("div", { class: "playhead", hidden: true });
  #axis = h("div", { class: "row-area axis", "aria-hidden": "true" });

  /**
   * @param {object} given
   * @param {string} given.name
   * @param {Track[]} given.tracks
   * @param {number} given.duration_s
   * @param {Player | null} given.player null where the browser cannot play the recording
   */
  constructor({ name, tracks, duration_s, player }) {
    super();
    this.duration_s = duration_s;
    this.player = player;
    const body = h(
      "div",
      { class: "timeline-body" },
      overlay(this.#playhead),
      tracks.map((track) => this.#track(track, tracks.length > 1)),
      row("", this.#axis),
    );
    this.#fillAxis(1);
    const controls = timelineControls({
      duration_s,
      player,
      hasParts: this.#buttons.size > 0,
      onZoom: (zoom) => {
        body.style.setProperty("--zoom", String(zoom));
        this.#fillAxis(zoom);
      },
      closing: this.#closing.signal,
    });
    const scroll = { class: "timeline-scroll", role: "group", "aria-label": texts.timeline.label(name), tabindex: 0 };
    this.element = h("div", { class: "timeline" }, controls, h("div", scroll, body));
    onThemeChange(() => this.#waveforms.forEach((waveform) => waveform.setOptions(colours())), this.#closing.signal);
    player?.addEventListener("time", () => this.#follow(player), { signal: this.#closing.signal });
  }

  /**
   * Mark a segment.
   *
   * @param {Segment} segment
   */
  select(segment) {
    for (const [other, button] of this.#buttons) button.setAttribute("aria-pressed", String(other === segment));
    const chosen = this.#buttons.get(segment);
    if (chosen) makeReachable(chosen);
    for (const [track, selection] of this.#selections) {
      selection.hidden = !track.segments.includes(segment);
      for (const [name, value] of Object.entries(place(segment, this.duration_s))) {
        selection.style.setProperty(name, String(value));
      }
    }
  }

  /** Remove it. */
  close() {
    this.#closing.abort();
    this.#waveforms.forEach((waveform) => waveform.destroy());
    this.element.remove();
  }

  /**
   * @param {Track} track
   * @param {boolean} isOneOfSeveral
   * @returns {HTMLElement}
   */
  #track(track, isOneOfSeveral) {
    const selection = h("div", { class: "selection", hidden: true });
    this.#selections.set(track, selection);
    return h(
      "div",
      { class: "track", role: "group", "aria-label": track.name },
      overlay(selection),
      row(isOneOfSeveral ? track.name : texts.timeline.sound, this.#waveform(track)),
      this.#lanes(track, isOneOfSeveral),
      this.#everyEmotion(track),
    );
  }

  /**
   * @param {Track} track
   * @returns {HTMLElement}
   */
  #waveform({ peaks, segments }) {
    const area = h("div", { class: "row-area waveform", "aria-hidden": "true" });
    // Wavesurfer measures its container, which must be in the page by then.
    requestAnimationFrame(() => {
      if (this.#closing.signal.aborted) return;
      const waveform = drawWaveform(area, {
        peaks,
        duration_s: this.duration_s,
        segments,
        onSegment: (segment) => this.#choose(segment),
        onTime: (time_s) => this.player?.seek(time_s),
      });
      this.#waveforms.push(waveform);
    });
    return area;
  }

  /**
   * A lane for each speaker.
   *
   * @param {Track} track
   * @param {boolean} isOneOfSeveral
   * @returns {HTMLElement[]}
   */
  #lanes(track, isOneOfSeveral) {
    const numbered = track.segments.map((segment, i) => /** @type {[number, Segment]} */ ([i + 1, segment]));
    const bySpeaker = Map.groupBy(numbered, ([, segment]) => segment.speaker ?? null);
    return [...bySpeaker].map(([speaker, segments]) => {
      const name = speaker ?? (bySpeaker.size > 1 ? texts.timeline.unknownSpeaker : texts.timeline.voice);
      const { element, buttons } = lane({
        name: isOneOfSeveral ? `${track.name}, ${name}` : name,
        segments: new Map(segments),
        duration_s: this.duration_s,
        onSegment: (segment) => this.#choose(segment),
      });
      buttons.forEach((button, segment) => this.#buttons.set(segment, button));
      return row(name, element);
    });
  }

  /**
   * @param {Track} track
   * @returns {HTMLElement[]}
   */
  #everyEmotion({ emotions, segments }) {
    if (!segments.length) return [];
    const rows = emotions.map((emotion) =>
      row([face(emotion), h("span", {}, emotionName(emotion))], emotionRow(emotion, segments, this.duration_s)),
    );
    const onclick = (/** @type {MouseEvent} */ event) => {
      const area = /** @type {HTMLElement} */ (event.target).closest(".row-area");
      if (!area) return;
      const { left, width } = area.getBoundingClientRect();
      const time_s = ((event.clientX - left) / width) * this.duration_s;
      const segment = segments.find(({ start_s, end_s }) => start_s <= time_s && time_s <= end_s);
      if (segment) this.#choose(segment);
      else this.player?.seek(time_s);
    };
    return [
      h("p", { class: "faint caption" }, texts.timeline.every),
      h("div", { class: "every-emotion", role: "img", "aria-label": texts.timeline.everyLabel, onclick }, rows),
    ];
  }

  /** @param {number} zoom */
  #fillAxis(zoom) {
    const marks = ticks(this.duration_s, MOST_TICKS * zoom).map((time_s) => {
      const from = time_s / this.duration_s;
      const isLast = from > 1 - (1 - NEAR_END) / zoom;
      return h("span", { class: isLast && "end", style: { "--from": from } }, clock(time_s, time_s % 1 ? 1 : 0));
    });
    this.#axis.replaceChildren(...marks);
  }

  /** @param {Segment} segment */
  #choose(segment) {
    this.dispatchEvent(new CustomEvent("select", { detail: segment }));
    this.player?.play(segment.start_s, segment.end_s);
  }

  /** @param {Player} player */
  #follow(player) {
    this.#playhead.hidden = false;
    this.#playhead.style.setProperty("--from", String(Math.min(1, player.time_s / this.duration_s)));
  }
}

/**
 * @param {Child | Child[]} name
 * @param {HTMLElement} area
 * @returns {HTMLElement}
 */
function row(name, area) {
  return h("div", { class: "row" }, h("div", { class: "row-name" }, name), area);
}

/**
 * What lies over all rows.
 *
 * @param {HTMLElement} mark
 * @returns {HTMLElement}
 */
function overlay(mark) {
  return h("div", { class: "timeline-overlay", "aria-hidden": "true" }, mark);
}
