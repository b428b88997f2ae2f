/** Lanes: of each voice a row of buttons, one for each part. */

import { h } from "./dom.js";
import { answerName, emotionColour, face } from "./emotions.js";
import { percent, span } from "./format.js";
import { place } from "./scale.js";
import { texts } from "./texts.js";

/** @import { Segment } from "./types.js" */

/**
 * A lane: a toolbar, whose buttons the arrow keys reach.
 *
 * @param {object} given
 * @param {string} given.name
 * @param {Map<number, Segment>} given.segments by their numbers, counted from 1
 * @param {number} given.duration_s
 * @param {(segment: Segment) => void} given.onSegment
 * @returns {{element: HTMLElement, buttons: Map<Segment, HTMLButtonElement>}}
 */
export function lane({ name, segments, duration_s, onSegment }) {
  const buttons = new Map(
    [...segments].map(([number, segment]) => [segment, button(segment, number, duration_s, () => onSegment(segment))]),
  );
  const attributes = {
    class: "row-area lane",
    role: "toolbar",
    "aria-label": texts.timeline.parts(name),
    onkeydown: move,
  };
  const element = h("div", attributes, ...buttons.values());
  element.querySelector("button")?.setAttribute("tabindex", "0");
  return { element, buttons };
}

/**
 * Make a button the one of its toolbar that the Tab key reaches.
 *
 * @param {HTMLButtonElement} button
 */
export function makeReachable(button) {
  for (const other of button.parentElement?.querySelectorAll("button") ?? []) {
    other.tabIndex = other === button ? 0 : -1;
  }
}

/**
 * @param {Segment} segment
 * @param {number} number
 * @param {number} duration_s
 * @param {() => void} onclick
 * @returns {HTMLButtonElement}
 */
function button(segment, number, duration_s, onclick) {
  const answer = answerName(segment);
  const said = segment.confidence === null ? answer : `${answer} ${percent(segment.confidence)}`;
  return h(
    "button",
    {
      type: "button",
      class: `part ${segment.status}`,
      tabindex: -1,
      "aria-pressed": "false",
      "aria-label": texts.timeline.part(number, span(segment), said),
      title: `${span(segment)} · ${said}`,
      style: { ...place(segment, duration_s), "--emotion": emotionColour(segment.emotion) },
      onclick,
    },
    h("span", { class: "part-inside" }, face(segment.emotion), h("span", { class: "part-name" }, answer)),
  );
}

/**
 * Move among the buttons of a toolbar with the arrow keys.
 *
 * @param {KeyboardEvent} event
 */
function move(event) {
  const toolbar = /** @type {HTMLElement} */ (event.currentTarget);
  const buttons = [...toolbar.querySelectorAll("button")];
  const now = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
  const places = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: buttons.length - 1 };
  const next = buttons[/** @type {Record<string, number>} */ (places)[event.key]];
  if (!next) return;
  event.preventDefault();
  makeReachable(next);
  next.focus();
}
