/** Recordings to try; examples/README.md has their sources and licences. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { texts } from "./texts.js";

/** @import { Results } from "./results.js" */

const NAMES = /** @type {const} */ (["sequence", "sad", "happy", "reading"]);

/**
 * @param {HTMLElement} list
 * @param {Results} results
 */
export function startExamples(list, results) {
  list.append(
    ...NAMES.map((name) =>
      h(
        "li",
        {},
        h(
          "button",
          { type: "button", class: "example", onclick: () => load(name, results) },
          icon("play"),
          texts.examples.items[name],
        ),
      ),
    ),
  );
}

/**
 * @param {typeof NAMES[number]} name
 * @param {Results} results
 */
async function load(name, results) {
  try {
    const response = await fetch(new URL(`examples/${name}.mp3`, import.meta.url));
    if (!response.ok) throw new Error(texts.errors.status(response.status));
    results.analyse({ name: texts.examples.items[name], blob: await response.blob() });
  } catch (error) {
    // A TypeError says that no answer came.
    results.complain(error instanceof TypeError ? texts.errors.server : /** @type {Error} */ (error).message);
  }
}
