/** The cards of all recordings, one below the other or side by side. */

import { Card } from "./card.js";
import { byId } from "./dom.js";

/** @import { Options, Recognition, Recording } from "./types.js" */

/** @type {Options} */
export const DEFAULTS = { channels: "mix", prior: "", transcript: null, speakers: null };

/** The section of the results. */
export class Results {
  #section = byId("results");
  #cards = byId("cards");
  #compare = /** @type {HTMLButtonElement} */ (byId("compare"));
  #status = byId("status");
  #problem = byId("problem");

  constructor() {
    this.#compare.addEventListener("click", () => {
      const isOn = this.#compare.getAttribute("aria-pressed") !== "true";
      this.#compare.setAttribute("aria-pressed", String(isOn));
      this.#cards.classList.toggle("side-by-side", isOn);
    });
  }

  /**
   * Analyse a recording, and show it first.
   *
   * @param {Recording} recording
   * @param {Partial<Options>} [options]
   */
  analyse(recording, options = {}) {
    this.#add(recording).analyse({ ...DEFAULTS, ...options });
  }

  /**
   * Show what was recognized live.
   *
   * @param {Recording} recording
   * @param {Recognition} recognition
   */
  showLive(recording, recognition) {
    this.#add(recording).showLive(recognition, DEFAULTS);
  }

  /**
   * Tell a screen reader.
   *
   * @param {string} text
   */
  announce(text) {
    this.#status.textContent = text;
  }

  /**
   * Say what is wrong, until the next recording is added.
   *
   * @param {string} text
   */
  complain(text) {
    this.#problem.hidden = false;
    this.#problem.textContent = text;
  }

  /**
   * @param {Recording} recording
   * @returns {Card}
   */
  #add(recording) {
    const card = new Card(recording, (text) => this.announce(text));
    card.addEventListener("close", () => this.#removed());
    this.#problem.hidden = true;
    this.#cards.prepend(card.element);
    this.#count();
    card.element.focus({ preventScroll: true });
    this.#section.scrollIntoView({ block: "start" });
    return card;
  }

  /** What had the focus is gone: the next card takes it, or the start. */
  #removed() {
    this.#count();
    const next = /** @type {HTMLElement | null} */ (this.#cards.firstElementChild);
    (next ?? byId("choose")).focus();
  }

  #count() {
    const { length } = this.#cards.children;
    this.#section.hidden = length === 0;
    this.#compare.hidden = length < 2;
  }
}
