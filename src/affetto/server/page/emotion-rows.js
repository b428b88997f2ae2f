/** A row for each emotion, with a bar for each part as high as the emotion fits. */

import { h, svg } from "./dom.js";
import { emotionColour } from "./emotions.js";
import { percent } from "./format.js";
import { place } from "./scale.js";

/** @import { Segment } from "./types.js" */

/**
 * The bars of one emotion: in its full colour, with the figure, where it fits best.
 *
 * One path for all bars keeps an hour of speech light.
 *
 * @param {string} emotion
 * @param {Segment[]} segments
 * @param {number} duration_s
 * @returns {HTMLElement}
 */
export function emotionRow(emotion, segments, duration_s) {
  const best = segments.filter((segment) => segment.emotion === emotion);
  const others = segments.filter((segment) => segment.emotion !== emotion);
  return h(
    "div",
    { class: "row-area emotion-row", style: { "--emotion": emotionColour(emotion) } },
    svg(
      "svg",
      { viewBox: `0 0 ${duration_s} 1`, preserveAspectRatio: "none" },
      svg("path", { d: bars(emotion, others), class: "other" }),
      svg("path", { d: bars(emotion, best) }),
    ),
    best.map((segment) =>
      h(
        "span",
        { class: "figure", style: place(segment, duration_s) },
        h("span", {}, percent(segment.probabilities[emotion] ?? 0)),
      ),
    ),
  );
}

/**
 * The bars as the commands of an SVG path.
 *
 * @param {string} emotion
 * @param {Segment[]} segments
 * @returns {string}
 */
function bars(emotion, segments) {
  return segments
    .filter(({ probabilities }) => emotion in probabilities)
    .map(({ start_s, end_s, probabilities }) => `M${start_s} ${1 - probabilities[emotion]}H${end_s}V1H${start_s}z`)
    .join("");
}
