/** Sound from the microphone. */

import { texts } from "./texts.js";
import { wav } from "./wav.js";

const RATE_HZ = 16_000; // what the models hear; more would only make long recordings too large to send
const MOST_FLUSH_MS = 1000;

/** An open microphone: a stream of PCM with 16 bits and one channel, which is also kept. */
export class Microphone {
  /** @type {ArrayBuffer[]} */
  #pieces = [];
  #bytes = 0;
  /** @type {((pcm: ArrayBuffer) => void) | null} */
  #listener = null;
  #flushed = () => {};

  /**
   * Open the microphone, which may ask the reader. The message of an error is for the reader, too.
   *
   * @returns {Promise<Microphone>}
   */
  static async open() {
    if (!navigator.mediaDevices || !window.AudioWorkletNode) throw new Error(texts.errors.insecure);
    /** @type {MediaStream | null} */
    let stream = null;
    try {
      // As it was spoken: what browsers do to make calls pleasant changes how a voice sounds.
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false },
      });
      return await listenTo(stream);
    } catch (error) {
      if (stream) stopTracks(stream);
      throw new Error(reason(/** @type {Error} */ (error)));
    }
  }

  /**
   * @param {MediaStream} stream
   * @param {AudioContext} context
   */
  constructor(stream, context) {
    this.stream = stream;
    this.context = context;
    this.source = context.createMediaStreamSource(stream);
    this.node = new AudioWorkletNode(context, "pcm", { numberOfOutputs: 0 });
    this.node.port.onmessage = ({ data }) => (data === null ? this.#flushed() : this.#take(data));
    this.source.connect(this.node);
  }

  get sampleRateHz() {
    return this.context.sampleRate;
  }

  get duration_s() {
    return this.#bytes / 2 / this.sampleRateHz;
  }

  /**
   * Pass all sound on, from the first piece.
   *
   * @param {(pcm: ArrayBuffer) => void} listener
   */
  pipe(listener) {
    this.#pieces.forEach(listener);
    this.#listener = listener;
  }

  /**
   * Call a function when the microphone ends by itself, for example because it was unplugged.
   *
   * @param {() => void} listener
   */
  onEnd(listener) {
    this.stream.getTracks().forEach((track) => track.addEventListener("ended", listener));
  }

  /** Close the microphone, after its last piece has come. */
  async close() {
    await new Promise((/** @type {(value: void) => void} */ resolve) => {
      this.#flushed = resolve;
      this.node.port.postMessage("end");
      setTimeout(resolve, MOST_FLUSH_MS); // the audio thread may be gone, with the device
    });
    stopTracks(this.stream);
    await this.context.close();
  }

  /**
   * All that was heard, as a WAV file.
   *
   * @returns {Blob}
   */
  recording() {
    return wav(this.#pieces, this.sampleRateHz);
  }

  /** @param {ArrayBuffer} pcm */
  #take(pcm) {
    this.#pieces.push(pcm);
    this.#bytes += pcm.byteLength;
    this.#listener?.(pcm);
  }
}

/**
 * @param {MediaStream} stream
 * @returns {Promise<Microphone>}
 */
async function listenTo(stream) {
  try {
    return await connected(stream, new AudioContext({ sampleRate: RATE_HZ }));
  } catch {
    // Firefox takes a microphone at the rate of its device only.
    return connected(stream, new AudioContext());
  }
}

/**
 * @param {MediaStream} stream
 * @param {AudioContext} context
 * @returns {Promise<Microphone>}
 */
async function connected(stream, context) {
  try {
    await context.audioWorklet.addModule(new URL("pcm-worklet.js", import.meta.url));
    return new Microphone(stream, context);
  } catch (error) {
    await context.close();
    throw error;
  }
}

/** @param {MediaStream} stream */
function stopTracks(stream) {
  stream.getTracks().forEach((track) => track.stop());
}

/**
 * Why a browser did not open the microphone.
 *
 * @param {Error} error
 * @returns {string}
 */
function reason(error) {
  if (error.name === "NotAllowedError") return texts.errors.denied;
  if (error.name === "NotFoundError") return texts.errors.missing;
  return texts.errors.microphone(error.message);
}
