/** Light and dark: as the system has it, until the reader chooses. */

import { icon } from "./icons.js";
import { keep, load } from "./storage.js";
import { texts } from "./texts.js";

const NAME = "affetto-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
/** @type {Set<() => void>} */
const listeners = new Set();

/** @returns {boolean} */
function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : system.matches;
}

/**
 * Let a button switch between light and dark.
 *
 * @param {HTMLElement} button
 */
export function startTheme(button) {
  const show = () => {
    button.replaceChildren(icon(isDark() ? "sun" : "moon"));
    const name = isDark() ? texts.theme.toLight : texts.theme.toDark;
    button.setAttribute("aria-label", name);
    button.title = name;
    listeners.forEach((listener) => listener());
  };
  const chosen = load("localStorage", NAME);
  if (chosen) document.documentElement.dataset.theme = chosen;
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    keep("localStorage", NAME, theme);
    show();
  });
  system.addEventListener("change", show);
  show();
}

/**
 * Call a function whenever the colours change.
 *
 * @param {() => void} listener
 * @param {AbortSignal} signal ends it
 */
export function onThemeChange(listener, signal) {
  listeners.add(listener);
  signal.addEventListener("abort", () => listeners.delete(listener));
}
