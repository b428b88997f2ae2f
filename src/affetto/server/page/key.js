/** The key that some servers want, kept for as long as the tab is open. */

import { h } from "./dom.js";
import { keep, load } from "./storage.js";
import { texts } from "./texts.js";

const NAME = "affetto-key";

let key = load("sessionStorage", NAME);
/** @type {Promise<boolean> | null} */
let asking = null;

/**
 * @returns {string | null}
 */
export function storedKey() {
  return key;
}

/**
 * Ask for the key in a dialog: one for all requests that the server refuses at the same time.
 *
 * @param {string | null} refused the key that the request had
 * @returns {Promise<boolean>} whether there is another now
 */
export async function askForKey(refused) {
  if (key !== refused) return true; // it was given while the request was on its way
  asking ??= ask(refused !== null).finally(() => (asking = null));
  return asking;
}

/**
 * @param {boolean} wasWrong whether the server refused the stored one
 * @returns {Promise<boolean>} whether one was given
 */
function ask(wasWrong) {
  const input = h("input", { type: "password", id: "key", autocomplete: "off", required: true, autofocus: true });
  const cancel = h("button", { type: "button", onclick: () => dialog.close() }, texts.key.cancel);
  const form = h(
    "form",
    { method: "dialog" },
    h("h2", { id: "key-title" }, texts.key.title),
    h("p", {}, texts.key.text),
    wasWrong && h("p", { class: "message error", role: "alert" }, texts.key.wrong),
    h("label", { for: "key" }, texts.key.label),
    input,
    h("div", { class: "actions" }, h("button", { class: "primary", value: "use" }, texts.key.use), cancel),
  );
  const dialog = h("dialog", { "aria-labelledby": "key-title" }, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const given = dialog.returnValue === "use" && input.value.trim() !== "";
      if (given) {
        key = input.value.trim();
        keep("sessionStorage", NAME, key);
      }
      dialog.remove();
      resolve(given);
    });
  });
}
