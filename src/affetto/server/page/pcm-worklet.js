/** Passes sound from the microphone to the page, as PCM with 16 bits, in pieces of a tenth of a second. */

const PIECE_S = 0.1;

// @ts-ignore: the names of the audio thread are unknown to the page's types.
registerProcessor(
  "pcm",
  class extends AudioWorkletProcessor {
    // @ts-ignore
    piece = new Int16Array(Math.round(PIECE_S * sampleRate));
    filled = 0;

    constructor() {
      super();
      // Any message asks for what is left.
      this.port.onmessage = () => {
        this.send();
        this.port.postMessage(null);
      };
    }

    /** @param {Float32Array[][]} inputs */
    process([channels]) {
      const length = channels[0]?.length ?? 0;
      for (let i = 0; i < length; i++) {
        let sum = 0;
        for (const channel of channels) sum += channel[i];
        const sample = Math.max(-1, Math.min(1, sum / channels.length));
        this.piece[this.filled++] = Math.round(sample * 32767);
        if (this.filled === this.piece.length) this.send();
      }
      return true;
    }

    send() {
      const { buffer } = this.piece.slice(0, this.filled);
      this.filled = 0;
      if (buffer.byteLength) this.port.postMessage(buffer, [buffer]);
    }
  },
);
