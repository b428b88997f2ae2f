/** The cards of all recordings, one below the other or side by side. */

import { Card } from "./card.js";
import { byId } from "./dom.js";

/** @import { Options, Recognition, Recording } from "./types.js" */

/** @type {Options} */
const DEFAULTS = { channels: "mix", prior: "", transcript: null, speakers: null };

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
      this.#count();
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
    this.#problem.scrollIntoView({ block: "nearest" });
  }

  /**
   * @param {Recording} recording
   * @returns {Card}
   */
  #add(recording) {
    const card = new Card(recording, (text) => this.announce(text));
    card.addEventListener("close", () => this.#remove(card.element));
    this.#problem.hidden = true;
    this.#cards.prepend(card.element);
    this.#count();
    card.element.focus({ preventScroll: true });
    this.#section.scrollIntoView({ block: "start" });
    return card;
  }

  /**
   * Remove a card. The next one takes the focus, or the one before, or the start.
   *
   * @param {HTMLElement} card
   */
  #remove(card) {
    const next = /** @type {HTMLElement | null} */ (card.nextElementSibling ?? card.previousElementSibling);
    card.remove();
    this.#count();
    (next ?? byId("choose")).focus();
  }

  #count() {
    const { length } = this.#cards.children;
    this.#section.hidden = length === 0;
    this.#compare.hidden = length < 2;
    const isOn = this.#compare.getAttribute("aria-pressed") === "true";
    this.#cards.classList.toggle("side-by-side", isOn && length > 1);
  }
}
