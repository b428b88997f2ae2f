/** The form that analyses a recording differently. */

import { h } from "./dom.js";
import { texts } from "./texts.js";

/** @import { Options } from "./types.js" */

let count = 0;

/**
 * @param {Options} options those of the result that is shown
 * @param {number | null} channels of the recording; null where the browser cannot tell
 * @param {(options: Options) => void} onSubmit
 * @returns {HTMLElement}
 */
export function optionsForm(options, channels, onSubmit) {
  const id = `options-${(count += 1)}`;
  const form = h(
    "form",
    {},
    channels !== 1 &&
      choice(`${id}-channels`, "channels", texts.options.channels, options.channels, [
        ["mix", texts.options.mix],
        ["each", texts.options.each],
        ...Array.from({ length: channels ?? 0 }, (_, i) => only(i + 1)),
      ]),
    choice(`${id}-prior`, "prior", texts.options.prior, options.prior, [
      ["", texts.options.priorDefault],
      ["balanced", texts.options.priorBalanced],
      ["everyday", texts.options.priorEveryday],
    ]),
    fileField(`${id}-transcript`, "transcript", texts.options.transcript, ".srt,.vtt,.json", options.transcript),
    fileField(`${id}-speakers`, "speakers", texts.options.speakers, ".rttm", options.speakers),
    h("button", { class: "primary" }, texts.options.again),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const data = new FormData(form);
    const given = (/** @type {"transcript" | "speakers"} */ name) => {
      const value = data.get(name);
      if (value instanceof File && value.name) return value;
      return data.has(`keep-${name}`) ? options[name] : null;
    };
    onSubmit({
      channels: String(data.get("channels") ?? "mix"),
      prior: String(data.get("prior") ?? ""),
      transcript: given("transcript"),
      speakers: given("speakers"),
    });
  });
  return h("details", { class: "options" }, h("summary", {}, texts.options.title), form);
}

/**
 * @param {number} channel
 * @returns {[string, string]}
 */
function only(channel) {
  return [String(channel), texts.options.only(channel)];
}

/**
 * @param {string} id
 * @param {string} name
 * @param {string} label
 * @param {string} chosen
 * @param {[string, string][]} values
 * @returns {HTMLElement}
 */
function choice(id, name, label, chosen, values) {
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, label),
    h(
      "select",
      { id, name },
      values.map(([value, text]) => h("option", { value, selected: value === chosen }, text)),
    ),
  );
}

/**
 * @param {string} id
 * @param {string} name
 * @param {string} label
 * @param {string} accept
 * @param {File | null} used the file of the result that is shown, which may be kept
 * @returns {HTMLElement}
 */
function fileField(id, name, label, accept, used) {
  const keep = { type: "checkbox", name: `keep-${name}`, checked: true };
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, label),
    used && h("label", { class: "keep" }, h("input", keep), texts.options.keep(used.name)),
    h("input", { id, name, type: "file", accept }),
  );
}
