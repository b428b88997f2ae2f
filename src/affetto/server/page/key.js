/** The key that some servers want, kept for as long as the tab is open. */

import { h } from "./dom.js";
import { texts } from "./texts.js";

const NAME = "affetto-key";

/**
 * @returns {string | null}
 */
export function storedKey() {
  return sessionStorage.getItem(NAME);
}

/**
 * Ask for the key in a dialog.
 *
 * @param {boolean} wasWrong whether the server refused the stored one
 * @returns {Promise<boolean>} whether one was given
 */
export function askForKey(wasWrong) {
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
      if (given) sessionStorage.setItem(NAME, input.value.trim());
      dialog.remove();
      resolve(given);
    });
  });
}
