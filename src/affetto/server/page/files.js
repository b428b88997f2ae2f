/** Choosing files, and dropping them. */

import { byId } from "./dom.js";
import { texts } from "./texts.js";

/** @import { Options } from "./types.js" */
/** @import { Results } from "./results.js" */

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
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    depth = 0;
    take([...(event.dataTransfer?.files ?? [])], results);
  });
}

/**
 * Analyse the recordings among files; a transcript or list of speakers beside a single one goes with it.
 *
 * @param {File[]} files
 * @param {Results} results
 */
function take(files, results) {
  const transcript = files.find(({ name }) => /\.(srt|vtt|json)$/i.test(name)) ?? null;
  const speakers = files.find(({ name }) => /\.rttm$/i.test(name)) ?? null;
  const recordings = files.filter((file) => file !== transcript && file !== speakers);
  if (files.length && !recordings.length) results.complain(texts.errors.noSound);
  /** @type {Partial<Options>} */
  const options = recordings.length === 1 ? { transcript, speakers } : {};
  for (const file of recordings) results.analyse({ name: file.name, blob: file }, options);
}
