/** Playing a recording, whole or a part of it. */

/** The one that plays; a second one silences it. */
let /** @type {Player | null} */ playing = null;

/** Plays one recording. It tells "time" while it plays, and "state" when it starts and stops. */
export class Player extends EventTarget {
  /** @type {number | null} */
  #end_s = null;
  #url;

  /** @param {Blob} blob */
  constructor(blob) {
    super();
    this.#url = URL.createObjectURL(blob);
    this.audio = new Audio(this.#url);
    this.audio.preload = "auto";
    this.audio.addEventListener("play", () => this.#started());
    this.audio.addEventListener("pause", () => this.#tell("state"));
    this.audio.addEventListener("seeked", () => this.#tell("time"));
  }

  get time_s() {
    return this.audio.currentTime;
  }

  get isPlaying() {
    return !this.audio.paused;
  }

  /**
   * Play from a time on, to the end or to another time.
   *
   * @param {number} start_s
   * @param {number | null} [end_s]
   */
  play(start_s, end_s = null) {
    if (start_s >= this.audio.duration) return; // it would begin again
    this.audio.currentTime = start_s;
    this.#end_s = end_s;
    // A browser may refuse to play; then the button keeps saying "Play".
    this.audio.play().catch(() => this.#tell("state"));
  }

  /** Pause, or play on. */
  toggle() {
    if (this.isPlaying) this.audio.pause();
    else this.play(this.audio.ended ? 0 : this.time_s);
  }

  /** @param {number} time_s */
  seek(time_s) {
    this.#end_s = null;
    this.audio.currentTime = time_s;
  }

  /** Stop, and forget the recording. */
  close() {
    this.audio.pause();
    this.audio.removeAttribute("src");
    URL.revokeObjectURL(this.#url);
  }

  #started() {
    if (playing && playing !== this) playing.audio.pause();
    playing = this;
    this.#tell("state");
    requestAnimationFrame(() => this.#frame());
  }

  #frame() {
    if (!this.isPlaying) return;
    if (this.#end_s !== null && this.time_s >= this.#end_s) {
      this.audio.pause();
      this.#end_s = null;
    }
    this.#tell("time");
    requestAnimationFrame(() => this.#frame());
  }

  /** @param {string} name */
  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}
