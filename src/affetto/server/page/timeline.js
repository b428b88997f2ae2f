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

const TICK_PX = 95; // from one tick to the next, at least
const LABEL_PX = 55; // where there is less space, a tick has its text before it
const MARGIN = 0.1; // of what is in sight, before what is scrolled to

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
  #body = h("div", { class: "timeline-body" });
  #scroll;
  #now = 0; // where the playhead is, as a share of the whole

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
    this.#body.append(
      overlay(this.#playhead),
      ...tracks.map((track) => this.#track(track, tracks.length > 1)),
      row("", this.#axis),
    );
    this.#watchWidth();
    const controls = timelineControls({
      duration_s,
      player,
      hasParts: this.#buttons.size > 0,
      onZoom: (zoom) => this.#zoom(zoom),
      closing: this.#closing.signal,
    });
    const scroll = { class: "timeline-scroll", role: "group", "aria-label": texts.timeline.label(name), tabindex: 0 };
    this.#scroll = h("div", scroll, this.#body);
    this.element = h("div", { class: "timeline" }, controls, this.#scroll);
    onThemeChange(() => this.#waveforms.forEach((waveform) => waveform.setOptions(colours())), this.#closing.signal);
    const { signal } = this.#closing;
    player?.addEventListener("time", () => this.#follow(player), { signal });
    player?.addEventListener("state", () => player.isPlaying && this.#bringIntoSight(this.#share(player)), { signal });
  }

  /**
   * Mark a segment, and bring it into sight.
   *
   * @param {Segment} segment
   */
  select(segment) {
    for (const [other, button] of this.#buttons) button.setAttribute("aria-pressed", String(other === segment));
    const chosen = this.#buttons.get(segment);
    if (chosen) makeReachable(chosen);
    const marked = place(segment, this.duration_s);
    if (chosen) this.#bringIntoSight(marked["--from"], marked["--to"]);
    for (const [track, selection] of this.#selections) {
      selection.hidden = !track.segments.includes(segment);
      for (const [name, value] of Object.entries(marked)) {
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

  #watchWidth() {
    const observer = new ResizeObserver(() => this.#fillAxis());
    observer.observe(this.#axis);
    this.#closing.signal.addEventListener("abort", () => observer.disconnect());
  }

  #fillAxis() {
    const width = this.#axis.offsetWidth;
    const marks = ticks(this.duration_s, Math.max(1, width / TICK_PX)).map((time_s) => {
      const from = time_s / this.duration_s;
      const isLast = (1 - from) * width < LABEL_PX;
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
    const before = this.#now;
    this.#now = this.#share(player);
    // The reader may have scrolled away from it, to look at something else.
    if (this.#isInSight(before)) this.#bringIntoSight(this.#now);
    this.#playhead.hidden = false;
    this.#playhead.style.setProperty("--from", String(this.#now));
  }

  /**
   * How much of the recording is played.
   *
   * @param {Player} player
   * @returns {number}
   */
  #share(player) {
    return Math.min(1, player.time_s / this.duration_s);
  }

  /**
   * Enlarge; what is in the middle stays there.
   *
   * @param {number} zoom
   */
  #zoom(zoom) {
    const { left, visible, whole } = this.#measure();
    const middle = (left + visible / 2) / whole;
    this.#body.style.setProperty("--zoom", String(zoom));
    this.#scroll.scrollLeft = middle * this.#measure().whole - visible / 2;
  }

  /**
   * Scroll to a stretch of time, given as shares of the whole, if nothing of it is in sight.
   *
   * @param {number} from
   * @param {number} [to]
   */
  #bringIntoSight(from, to = from) {
    if (this.#isInSight(from, to)) return;
    const { visible, whole } = this.#measure();
    this.#scroll.scrollLeft = from * whole - MARGIN * visible;
  }

  /**
   * @param {number} from
   * @param {number} [to]
   * @returns {boolean}
   */
  #isInSight(from, to = from) {
    const { left, visible, whole } = this.#measure();
    return to * whole >= left && from * whole <= left + visible;
  }

  /** How far the rows are scrolled, how much of them is in sight, and how wide they are, in pixels. */
  #measure() {
    const whole = this.#axis.offsetWidth;
    const names = this.#body.offsetWidth - whole; // they stay where they are
    return { left: this.#scroll.scrollLeft, visible: this.#scroll.clientWidth - names, whole };
  }
}

/**
 * @param {Child | Child[]} name
 * @param {HTMLElement} area
 * @returns {HTMLElement}
 */
function row(name, area) {
  const title = typeof name === "string" && name;
  return h("div", { class: "row" }, h("div", { class: "row-name" }, title ? h("span", { title }, title) : name), area);
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
