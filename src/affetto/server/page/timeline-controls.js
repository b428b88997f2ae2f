/** What is above a timeline: play, the time, and the zoom. */

import { h } from "./dom.js";
import { clock } from "./format.js";
import { icon } from "./icons.js";
import { texts } from "./texts.js";

/** @import { Player } from "./player.js" */

const ZOOM_STEP = 2;
const LEAST_SPAN_S = 5; // what is at least in sight
const MOST_ZOOM = 32; // a wide waveform takes much memory

/**
 * @param {object} given
 * @param {number} given.duration_s
 * @param {Player | null} given.player null where the browser cannot play the recording
 * @param {boolean} given.hasParts
 * @param {(zoom: number) => void} given.onZoom
 * @param {AbortSignal} given.closing ends the listening to the player
 * @returns {HTMLElement}
 */
export function timelineControls({ duration_s, player, hasParts, onZoom, closing }) {
  const hint = player ? hasParts && texts.timeline.hint : texts.timeline.cannotPlay;
  return h(
    "div",
    { class: "timeline-controls" },
    player && playButton(player, closing),
    time(duration_s, player, closing),
    h("span", { class: "faint" }, hint),
    duration_s > ZOOM_STEP * LEAST_SPAN_S && zoomButtons(Math.min(MOST_ZOOM, duration_s / LEAST_SPAN_S), onZoom),
  );
}

/**
 * @param {Player} player
 * @param {AbortSignal} closing
 * @returns {HTMLElement}
 */
function playButton(player, closing) {
  const button = h("button", { type: "button", class: "round", onclick: () => player.toggle() });
  const show = () => {
    button.replaceChildren(icon(player.isPlaying ? "pause" : "play"));
    button.setAttribute("aria-label", player.isPlaying ? texts.timeline.pause : texts.timeline.play);
  };
  player.addEventListener("state", show, { signal: closing });
  show();
  return button;
}

/**
 * @param {number} duration_s
 * @param {Player | null} player
 * @param {AbortSignal} closing
 * @returns {HTMLElement}
 */
function time(duration_s, player, closing) {
  const element = h("span", { class: "time" });
  const show = () => {
    element.textContent = `${clock(player?.time_s ?? 0)} / ${clock(duration_s)}`;
  };
  player?.addEventListener("time", show, { signal: closing });
  show();
  return element;
}

/**
 * @param {number} most
 * @param {(zoom: number) => void} onZoom
 * @returns {HTMLElement}
 */
function zoomButtons(most, onZoom) {
  let zoom = 1;
  const button = (/** @type {string} */ label, /** @type {"plus" | "minus"} */ name, /** @type {number} */ factor) =>
    h("button", { type: "button", class: "quiet", "aria-label": label, onclick: () => set(zoom * factor) }, icon(name));
  const smaller = button(texts.timeline.zoomOut, "minus", 1 / ZOOM_STEP);
  const larger = button(texts.timeline.zoomIn, "plus", ZOOM_STEP);
  smaller.disabled = true;
  const set = (/** @type {number} */ wanted) => {
    zoom = Math.min(most, Math.max(1, wanted));
    smaller.disabled = zoom === 1;
    larger.disabled = zoom === most;
    onZoom(zoom);
  };
  return h("span", { class: "zoom" }, smaller, larger);
}
