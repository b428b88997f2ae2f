/** Saving a result as a file. */

import { exported } from "./api.js";
import { h } from "./dom.js";
import { stem } from "./format.js";
import { icon } from "./icons.js";
import { texts } from "./texts.js";

/** @import { Options, Recognition, Recording } from "./types.js" */

/**
 * The buttons that save a result. JSON is what the page has; the server writes the other formats.
 *
 * @param {Recording} recording
 * @param {Options} options
 * @param {Recognition[]} recognitions
 * @returns {HTMLElement}
 */
export function downloadButtons(recording, options, recognitions) {
  const problem = h("p", { class: "message error", role: "alert", hidden: true });
  const base = fileStem(recording);

  /**
   * @param {{name: string, for: string}} format
   * @param {string} label
   * @param {string} file
   * @param {() => Promise<Blob>} content
   */
  const button = (format, label, file, content) => {
    const element = h(
      "button",
      { type: "button", class: "quiet", "aria-label": texts.downloads.label(label, format.for), title: format.for },
      icon("download"),
      label,
    );
    element.addEventListener("click", async () => {
      element.disabled = true;
      problem.hidden = true;
      try {
        save(await content(), file);
      } catch (error) {
        problem.hidden = false;
        problem.textContent = texts.downloads.failed(/** @type {Error} */ (error).message);
      } finally {
        element.disabled = false;
      }
    });
    return element;
  };

  const { json, csv, srt } = texts.downloads;
  const subtitles = recognitions.map(({ channel }) => {
    // A subtitle file holds one channel.
    const several = recognitions.length > 1 && channel !== null;
    const label = several ? texts.downloads.channel(srt.name, channel) : srt.name;
    const file = several ? `${base}-${channel}.srt` : `${base}.srt`;
    return button(srt, label, file, () => exported(recording, options, "srt", several ? channel : null));
  });
  return h(
    "div",
    { class: "downloads" },
    h("h4", {}, texts.downloads.title),
    h(
      "div",
      { class: "actions" },
      button(json, json.name, `${base}.json`, async () => jsonOf(recognitions)),
      button(csv, csv.name, `${base}.csv`, () => exported(recording, options, "csv", null)),
      subtitles,
    ),
    problem,
  );
}

/**
 * The button that saves a recording of the microphone, which is a WAV file.
 *
 * @param {Recording} recording
 * @returns {HTMLElement}
 */
export function saveRecordingButton(recording) {
  const onclick = () => save(recording.blob, `${fileStem(recording)}.wav`);
  return h("button", { type: "button", onclick }, icon("download"), texts.downloads.recording);
}

/**
 * @param {Recording} recording
 * @returns {string}
 */
function fileStem({ name }) {
  return stem(name).replaceAll(":", ".");
}

/**
 * @param {Recognition[]} recognitions
 * @returns {Blob}
 */
function jsonOf(recognitions) {
  return new Blob([JSON.stringify(recognitions, null, 2), "\n"], { type: "application/json" });
}

/**
 * @param {Blob} content
 * @param {string} name
 */
function save(content, name) {
  const url = URL.createObjectURL(content);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser may still be reading it
}
