/** Live recognition over the WebSocket of the server. */

import { problemText, streamAddress } from "./api.js";
import { askForKey, storedKey } from "./key.js";
import { texts } from "./texts.js";

const MOST_WAITING_S = 10;

/**
 * A connection that sends PCM and receives answers. It tells "ready", "segment", "state", "result" and "failure", each
 * with what the server sent as its detail; the detail of a failure is a text.
 */
export class Stream extends EventTarget {
  #isOver = false;
  #isReady = false;
  #key = storedKey();
  /** @type {(string | ArrayBuffer)[]} */
  #waiting = [];

  /** @param {number} sampleRateHz */
  constructor(sampleRateHz) {
    super();
    this.sampleRateHz = sampleRateHz;
    this.socket = new WebSocket(streamAddress());
    this.socket.binaryType = "arraybuffer";
    this.socket.addEventListener("open", () => this.#start());
    this.socket.addEventListener("message", ({ data }) => this.#receive(JSON.parse(data)));
    this.socket.addEventListener("close", () => this.#fail(this.#isReady ? texts.errors.lost : texts.errors.server));
  }

  /**
   * Send sound.
   *
   * @param {ArrayBuffer} pcm 16 bits, one channel
   */
  send(pcm) {
    if (this.socket.bufferedAmount > MOST_WAITING_S * 2 * this.sampleRateHz) {
      this.#fail(texts.errors.slow);
      this.socket.close();
    } else {
      this.#whenReady(pcm);
    }
  }

  /** Say that no more sound comes; the result follows. */
  end() {
    this.#whenReady(JSON.stringify({ type: "end" }));
  }

  /** Close the connection without waiting for a result. */
  close() {
    this.#isOver = true;
    this.socket.close();
  }

  #start() {
    const start = { type: "start", format: "pcm_s16le", sample_rate_hz: this.sampleRateHz, channels: 1, interim: true };
    this.socket.send(JSON.stringify(this.#key ? { ...start, api_key: this.#key } : start));
  }

  /** @param {string | ArrayBuffer} frame */
  #whenReady(frame) {
    if (this.#isOver) return;
    if (this.#isReady) this.socket.send(frame);
    else this.#waiting.push(frame);
  }

  #ready() {
    this.#isReady = true;
    this.#waiting.forEach((frame) => this.socket.send(frame));
    this.#waiting = [];
  }

  /** @param {any} message */
  #receive(message) {
    if (message.type === "error") {
      this.#refuse(message.error);
      return;
    }
    if (message.type === "ready") this.#ready();
    if (message.type === "result") this.#isOver = true;
    this.#tell(message.type, message);
  }

  /** @param {{status?: number, detail?: string, title?: string}} problem */
  #refuse(problem) {
    this.#fail(problemText(problem));
    if (problem.status === 401) askForKey(this.#key); // for the next try
  }

  /** @param {string} text */
  #fail(text) {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#tell("failure", text);
  }

  /**
   * @param {string} name
   * @param {any} detail
   */
  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
