/** A name, a colour and a face for each emotion. */

import { svg } from "./dom.js";
import { texts } from "./texts.js";

/** @import { Recognition, Segment } from "./types.js" */

const EYES = "M8.5 9.6v.8M15.5 9.6v.8";

/** Strokes on a circle of radius 10 around (12, 12). */
const FACES = /** @type {Record<string, string>} */ ({
  neutral: `${EYES}M8.5 15.5h7`,
  calm: "M7 10q1.5 1.3 3 0M14 10q1.5 1.3 3 0M8.5 15q3.5 2 7 0",
  happy: `${EYES}M7 13.5q5 6.5 10 0z`,
  sad: `M8.5 10.8v.6M15.5 10.8v.6M6.5 9l3.4-1.6M17.5 9l-3.4-1.6M8.3 17q3.7-4 7.4 0`,
  angry: `M8.6 10.8v.6M15.4 10.8v.6M6.4 7.2l3.8 2.2M17.6 7.2l-3.8 2.2M8.5 16.8q3.5-2.4 7 0`,
  fearful: "M8.4 8.2a1.4 1.6 0 1 0 .1 0M15.4 8.2a1.4 1.6 0 1 0 .1 0M7 16.5q1.3-2 2.5 0t2.5 0t2.5 0t2.5 0",
  disgust: "M7 8.6l3 1.6l-3 1.2M17 8.6l-3 1.6l3 1.2M8 15.4q4-2 8 0M12.6 14.6v2.2a1.3 1.3 0 0 0 2.6 0v-1.7",
  surprised: `${EYES}M6.8 6.8q1.6-1.4 3.2 0M14 6.8q1.6-1.4 3.2 0M12 13.6a2.1 2.6 0 1 0 .1 0`,
});
const UNKNOWN = `${EYES}M9 16.5l6-2`;

/**
 * @param {string | null} emotion
 * @returns {string}
 */
export function emotionName(emotion) {
  if (emotion === null) return texts.parts.noSpeech;
  return /** @type {Record<string, string>} */ (texts.emotions)[emotion] ?? emotion;
}

/**
 * The emotion of an answer, with a question mark where it is uncertain.
 *
 * @param {Segment | Recognition} answer
 * @returns {string}
 */
export function answerName(answer) {
  return emotionName(answer.emotion) + (answer.status === "uncertain" ? "?" : "");
}

/**
 * The colour of an emotion for CSS; style.css has one for each theme.
 *
 * @param {string | null} emotion
 * @returns {string}
 */
export function emotionColour(emotion) {
  if (emotion === null) return "var(--no-speech)";
  return emotion in FACES ? `var(--${emotion})` : "var(--other-emotion)";
}

/**
 * The face of an emotion, which tells it apart without its colour.
 *
 * @param {string | null} emotion
 * @returns {SVGElement}
 */
export function face(emotion) {
  const strokes = emotion === null ? "" : (FACES[emotion] ?? UNKNOWN);
  return svg(
    "svg",
    { class: "face", viewBox: "0 0 24 24", "aria-hidden": "true", style: { "--emotion": emotionColour(emotion) } },
    svg("circle", { cx: 12, cy: 12, r: 10 }),
    svg("path", { d: strokes }),
  );
}

/**
 * The emotions of an answer, the most probable first.
 *
 * @param {Segment | Recognition} answer
 * @returns {[string, number][]}
 */
export function ranked(answer) {
  return Object.entries(answer.probabilities).sort((a, b) => b[1] - a[1]);
}
