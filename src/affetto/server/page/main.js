/** Starts the page. */

import { byId, h } from "./dom.js";
import { startExamples } from "./examples.js";
import { startFiles } from "./files.js";
import { icon } from "./icons.js";
import { startLive } from "./live.js";
import { startRecorder } from "./recorder.js";
import { Results } from "./results.js";
import { texts } from "./texts.js";
import { startTheme } from "./theme.js";

/** @import { IconName } from "./icons.js" */

/**
 * The text with a name such as "start.title".
 *
 * @param {string} name
 * @returns {string}
 */
function text(name) {
  return name.split(".").reduce((/** @type {any} */ found, key) => found[key], texts);
}

function fillTexts() {
  document.documentElement.lang = texts.language;
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-text]"))) {
    element.append(text(element.dataset.text ?? ""));
  }
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-label]"))) {
    element.setAttribute("aria-label", text(element.dataset.label ?? ""));
  }
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-icon]"))) {
    element.prepend(icon(/** @type {IconName} */ (element.dataset.icon)));
  }
  byId("notice-points").append(
    ...texts.notice.points.map((point) => h("div", {}, h("h3", {}, point.title), h("p", {}, point.text))),
  );
}

fillTexts();
startTheme(byId("theme"));
const results = new Results();
startFiles(results);
startExamples(byId("examples"), results);
startRecorder(byId("record"), byId("microphone"), results);
startLive(byId("live"), byId("microphone"), results);
