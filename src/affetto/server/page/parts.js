/** The list of parts: of each its time, emotion and how sure; opened, all about it. */

import { acousticsTable } from "./acoustics.js";
import { h } from "./dom.js";
import { answerName, emotionColour, face } from "./emotions.js";
import { span } from "./format.js";
import { icon } from "./icons.js";
import { emotionBars, howSure, moodMeters } from "./meters.js";
import { texts } from "./texts.js";

/** @import { Player } from "./player.js" */
/** @import { Segment } from "./types.js" */

/** From how many parts on the list scrolls by itself. */
const MANY = 12;

let count = 0;

/** A list of parts, of which one may be open. It tells "select", with the segment as its detail. */
export class PartList extends EventTarget {
  /** @type {Map<Segment, HTMLLIElement>} */
  #items = new Map();

  /**
   * @param {{segment: Segment, voice: string | null}[]} parts in the order of time
   * @param {Player | null} player
   */
  constructor(parts, player) {
    super();
    this.player = player;
    const many = parts.length > MANY ? "parts many" : "parts";
    this.element = h(
      "ol",
      { class: many },
      parts.map(({ segment, voice }) => this.#item(segment, voice)),
    );
  }

  /**
   * Open a part and close the others.
   *
   * @param {Segment} segment
   */
  open(segment) {
    for (const [other, item] of this.#items) setOpen(item, other, other === segment);
    const item = this.#items.get(segment);
    // Only the list scrolls, not the page: the reader may be looking at the timeline.
    if (item) this.element.scrollTop = item.offsetTop;
  }

  /**
   * @param {Segment} segment
   * @param {string | null} voice
   * @returns {HTMLLIElement}
   */
  #item(segment, voice) {
    const id = `part-${(count += 1)}`;
    const { player } = this;
    const play = h(
      "button",
      {
        type: "button",
        class: "round small",
        "aria-label": texts.parts.playPart(span(segment)),
        onclick: () => {
          this.dispatchEvent(new CustomEvent("select", { detail: segment }));
          player?.play(segment.start_s, segment.end_s);
        },
      },
      icon("play"),
    );
    const toggle = h(
      "button",
      { type: "button", class: "part-line", "aria-expanded": "false", "aria-controls": id },
      face(segment.emotion),
      h("span", { class: "part-answer" }, answerName(segment)),
      segment.confidence !== null && howSure(segment),
      h("span", { class: "part-time" }, voice && h("span", { class: "voice" }, voice), span(segment)),
      icon("chevron"),
    );
    const item = h(
      "li",
      { style: { "--emotion": emotionColour(segment.emotion) } },
      h("div", { class: "part-head" }, player && play, toggle),
      segment.text && h("p", { class: "said" }, segment.text),
      h("div", { class: "part-details", id, hidden: true }),
    );
    toggle.addEventListener("click", () => {
      if (toggle.getAttribute("aria-expanded") === "true") setOpen(item, segment, false);
      else this.dispatchEvent(new CustomEvent("select", { detail: segment }));
    });
    this.#items.set(segment, item);
    return item;
  }
}

/**
 * @param {HTMLLIElement} item
 * @param {Segment} segment
 * @param {boolean} isOpen
 */
function setOpen(item, segment, isOpen) {
  const details = /** @type {HTMLElement} */ (item.querySelector(".part-details"));
  item.querySelector(".part-line")?.setAttribute("aria-expanded", String(isOpen));
  details.hidden = !isOpen;
  // Filled when first opened: an hour of speech has hundreds of parts.
  if (isOpen && !details.hasChildNodes()) details.append(...sections(segment));
}

/**
 * @param {Segment} segment
 * @returns {HTMLElement[]}
 */
function sections(segment) {
  const reason = segment.reason ? [h("p", { class: "reason" }, texts.answer.reason(segment.reason))] : [];
  if (segment.emotion === null) return reason.length ? reason : [h("p", { class: "faint" }, texts.parts.noSpeech)];
  return [
    ...reason,
    h("section", {}, h("h5", {}, texts.parts.fits), emotionBars(segment), moodMeters(segment)),
    h(
      "section",
      {},
      h("h5", {}, texts.parts.why),
      h("p", { class: "faint" }, texts.why.help),
      acousticsTable(segment),
    ),
  ];
}
