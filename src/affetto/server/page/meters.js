/** How sure an answer is, how well each emotion fits, and the mood, as bars with words. */

import { h } from "./dom.js";
import { emotionColour, emotionName, face, ranked } from "./emotions.js";
import { percent } from "./format.js";
import { texts } from "./texts.js";

/** @import { Recognition, Segment } from "./types.js" */

/**
 * How sure an answer is.
 *
 * @param {Segment | Recognition} answer
 * @returns {HTMLElement}
 */
export function howSure(answer) {
  const value = answer.confidence ?? 0;
  return h(
    "span", // it may be in a button
    { class: "sure", style: { "--emotion": emotionColour(answer.emotion), "--value": value } },
    h("span", { class: "sure-name" }, texts.sure.name),
    h("span", { class: "sure-bar", "aria-hidden": "true" }, h("span")),
    h("span", { class: "sure-value" }, percent(value)),
  );
}

/**
 * A bar for each emotion, the best first.
 *
 * @param {Segment | Recognition} answer
 * @returns {HTMLElement}
 */
export function emotionBars(answer) {
  return h(
    "ul",
    { class: "emotion-bars" },
    ranked(answer).map(([emotion, share]) =>
      h(
        "li",
        { style: { "--emotion": emotionColour(emotion), "--value": share } },
        face(emotion),
        h("span", {}, emotionName(emotion)),
        h("span", { class: "emotion-bar", "aria-hidden": "true" }, h("span")),
        h("span", { class: "emotion-value" }, percent(share)),
      ),
    ),
  );
}

/**
 * From calm to excited, and from unpleasant to pleasant.
 *
 * @param {Segment | Recognition} answer
 * @returns {HTMLElement}
 */
export function moodMeters(answer) {
  return h("div", { class: "moods" }, mood("arousal", answer.arousal ?? 0), mood("valence", answer.valence ?? 0));
}

/**
 * @param {"arousal" | "valence"} kind
 * @param {number} value from -1 to 1
 * @returns {HTMLElement}
 */
function mood(kind, value) {
  const { name, low, high } = texts.mood[kind];
  return h(
    "div",
    {
      class: "mood",
      role: "meter",
      "aria-label": name,
      "aria-valuemin": -1,
      "aria-valuemax": 1,
      "aria-valuenow": value,
      "aria-valuetext": moodWord(kind, value),
      style: { "--value": (value + 1) / 2 },
    },
    h("span", { class: "mood-name" }, `${name}: `, h("b", {}, moodWord(kind, value))),
    h("span", { class: "mood-low" }, low),
    h("span", { class: "mood-bar" }, h("span")),
    h("span", { class: "mood-high" }, high),
  );
}

/**
 * @param {"arousal" | "valence"} kind
 * @param {number} value
 * @returns {string}
 */
function moodWord(kind, value) {
  if (Math.abs(value) < 0.2) return texts.mood.between;
  const word = value < 0 ? texts.mood[kind].low : texts.mood[kind].high;
  return Math.abs(value) < 0.6 ? texts.mood.rather(word) : texts.mood.very(word);
}
