/** Reads uncompressed WAV files: integers of 8, 16, 24 or 32 bits, and floats. */

const [PCM, FLOAT, EXTENSIBLE] = [1, 3, 0xfffe];

/**
 * @param {Uint8Array} bytes the whole file
 * @returns {{samples: Float32Array, sampleRateHz: number}} the mean of the channels
 */
export function readWav(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (offset) => String.fromCharCode(...bytes.subarray(offset, offset + 4));
  if (bytes.length < 12 || text(0) !== "RIFF" || text(8) !== "WAVE") throw new Error("it is not a WAV file");
  let format;
  for (let offset = 12; offset + 8 <= bytes.length;) {
    const [id, size, start] = [text(offset), view.getUint32(offset + 4, true), offset + 8];
    if (id === "fmt ") format = readFormat(view, start);
    if (id === "data" && format) return readData(view, format, start, Math.min(size, bytes.length - start));
    offset = start + size + (size % 2);
  }
  throw new Error("it holds no sound");
}

function readFormat(view, start) {
  const tag = view.getUint16(start, true);
  return {
    kind: tag === EXTENSIBLE ? view.getUint16(start + 24, true) : tag,
    channels: view.getUint16(start + 2, true),
    sampleRateHz: view.getUint32(start + 4, true),
    bytes: view.getUint16(start + 14, true) / 8,
  };
}

function readData(view, { kind, channels, sampleRateHz, bytes }, start, size) {
  const read = {
    [PCM]: {
      1: (at) => view.getUint8(at) / 2 ** 7 - 1,
      2: (at) => view.getInt16(at, true) / 2 ** 15,
      3: (at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 2 ** 23,
      4: (at) => view.getInt32(at, true) / 2 ** 31,
    },
    [FLOAT]: { 4: (at) => view.getFloat32(at, true), 8: (at) => view.getFloat64(at, true) },
  }[kind]?.[bytes];
  if (!read) throw new Error("it is compressed; convert it to 16 bits");
  const samples = Float32Array.from({ length: Math.floor(size / bytes / channels) }, (_, n) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += read(start + (n * channels + c) * bytes);
    return sum / channels;
  });
  return { samples, sampleRateHz };
}
