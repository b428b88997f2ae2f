/** The answer for a whole recording, in words. */

import { h } from "./dom.js";
import { answerName, emotionName, face, ranked } from "./emotions.js";
import { percent } from "./format.js";
import { howSure, moodMeters } from "./meters.js";
import { texts } from "./texts.js";

/** @import { Recognition } from "./types.js" */

/** What an emotion may be less likely than the best to count as nearly as likely. */
const CLOSE = 0.1;

/**
 * The headline: the emotion of the whole recording, how sure, and what that means.
 *
 * @param {Recognition} recognition
 * @returns {HTMLElement}
 */
export function answer(recognition) {
  const channel = recognition.channel !== null && h("p", { class: "voice" }, channelName(recognition));
  if (recognition.emotion === null) {
    return h(
      "div",
      { class: "answer" },
      face(null),
      h(
        "div",
        {},
        channel,
        h("p", { class: "answer-line" }, texts.answer.noSpeech),
        recognition.reason && h("p", {}, texts.answer.reason(recognition.reason)),
        // Where turns were given, and each has an answer, the sound was found well enough.
        !recognition.segments.length && h("p", { class: "faint" }, texts.answer.noSpeechHelp),
      ),
    );
  }
  const line = recognition.status === "ok" ? texts.answer.ok : texts.answer.uncertain;
  const [before, emotion, after] = line(emotionName(recognition.emotion));
  return h(
    "div",
    { class: "answer" },
    face(recognition.emotion),
    h(
      "div",
      {},
      channel,
      h("p", { class: "answer-line" }, before, h("strong", {}, emotion), after),
      h("p", {}, meaning(recognition)),
    ),
    h("div", { class: "answer-meters" }, howSure(recognition)),
    moodMeters(recognition),
  );
}

/**
 * What the status means.
 *
 * @param {Recognition} recognition
 * @returns {string}
 */
function meaning(recognition) {
  if (recognition.status === "ok") return texts.answer.okMeaning;
  const [[, best], ...others] = ranked(recognition);
  const close = others.filter(([, share]) => best - share < CLOSE).slice(0, 3);
  if (!close.length) return texts.answer.unsureMeaning;
  return texts.answer.closeMeaning(
    close.map(([emotion, share]) => `${emotionName(emotion)} ${percent(share)}`).join(", "),
  );
}

/**
 * The name of a channel, or of the whole recording.
 *
 * @param {Recognition} recognition
 * @returns {string}
 */
export function channelName({ channel }) {
  return channel === null ? texts.answer.whole : texts.answer.channel(channel);
}

/**
 * What a screen reader says of an answer.
 *
 * @param {Recognition} recognition
 * @returns {string}
 */
export function spoken(recognition) {
  if (recognition.emotion === null) return texts.answer.noSpeech;
  return `${answerName(recognition)}, ${texts.sure.value(percent(recognition.confidence ?? 0))}`;
}
