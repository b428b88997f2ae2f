/** Choosing files, and dropping them. */

import { byId } from "./dom.js";
import { stem } from "./format.js";
import { texts } from "./texts.js";

/** @import { Results } from "./results.js" */

const TRANSCRIPT = /\.(srt|vtt|json)$/i;
const SPEAKERS = /\.rttm$/i;

/**
 * Take what is chosen or dropped anywhere on the page.
 *
 * @param {Results} results
 */
export function startFiles(results) {
  const input = /** @type {HTMLInputElement} */ (byId("file"));
  const drop = byId("drop");
  byId("choose").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    take([...(input.files ?? [])], results);
    input.value = "";
  });
  let depth = 0; // each element on the way tells "enter" and "leave"
  document.addEventListener("dragenter", () => drop.classList.toggle("over", (depth += 1) > 0));
  document.addEventListener("dragleave", () => drop.classList.toggle("over", (depth -= 1) > 0));
  document.addEventListener("dragover", (event) => {
    if (!isFileField(event.target)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    drop.classList.remove("over");
    depth = 0;
    if (isFileField(event.target)) return;
    event.preventDefault();
    take([...(event.dataTransfer?.files ?? [])], results);
  });
}

/**
 * Whether something is a field of a form that takes files by itself.
 *
 * @param {EventTarget | null} target
 * @returns {boolean}
 */
function isFileField(target) {
  return target instanceof HTMLInputElement && target.type === "file";
}

/**
 * Analyse the recordings among files, each with its transcript and its list of speakers.
 *
 * @param {File[]} files
 * @param {Results} results
 */
function take(files, results) {
  const transcripts = files.filter(({ name }) => TRANSCRIPT.test(name));
  const speakers = files.filter(({ name }) => SPEAKERS.test(name));
  const recordings = files.filter(({ name }) => !TRANSCRIPT.test(name) && !SPEAKERS.test(name));
  if (files.length && !recordings.length) {
    results.complain(texts.errors.noSound);
    return;
  }
  const isOnly = recordings.length === 1;
  const inputs = recordings.map((file) => ({
    file,
    transcript: companion(file, transcripts, isOnly),
    speakers: companion(file, speakers, isOnly),
  }));
  const used = new Set(inputs.flatMap((input) => Object.values(input)));
  const left = files.find((file) => !used.has(file));
  if (left) {
    results.complain(texts.errors.whose(left.name));
    return;
  }
  // Each becomes the first of the cards: the last comes first, so that they keep their order.
  for (const { file, ...companions } of inputs.reverse()) {
    results.analyse({ name: file.name, blob: file }, companions);
  }
}

/**
 * The file that belongs to a recording: call.srt or call.wav.srt to call.wav, or any name where there is one of each.
 *
 * @param {File} recording
 * @param {File[]} candidates
 * @param {boolean} isOnly whether it is the only recording
 * @returns {File | null}
 */
function companion(recording, candidates, isOnly) {
  if (isOnly && candidates.length === 1) return candidates[0];
  const names = [recording.name, stem(recording.name)];
  return candidates.find(({ name }) => names.includes(stem(name))) ?? null;
}
