/**
 * All words of the page. To translate it, translate this file.
 *
 * Plain language: whoever reads it knows nothing of machine learning. Words of Affetto that such a reader would
 * misunderstand have plain ones here: confidence is "how sure", arousal is "calm … excited", valence is
 * "unpleasant … pleasant", and a segment is a "part".
 */

export const texts = {
  language: "en",

  skip: "Skip to the content",
  header: { navigation: "Page", notice: "Read this first", developers: "For developers" },
  theme: { toDark: "Dark colours", toLight: "Light colours" },

  start: {
    label: "Your recording",
    title: "What does a voice express?",
    lead: "Give a recording of somebody speaking. You see a guess at which emotion the voice expresses, from moment to moment, and how sure the guess is.",
    drop: "Drop a recording here, or",
    choose: "Choose a file",
    record: "Record",
    live: "Listen live",
    formats: "Most sound and video files work: MP3, WAV, M4A, voice messages …",
  },
  privacy: "Your sound goes only to this server, and Affetto stores nothing.",

  warning: {
    text: "A guess about the voice, not about the person. Inferring the emotions of people at work or in education is forbidden in the European Union, except for medical or safety reasons.",
    link: "Read this first",
  },

  examples: {
    title: "Or try an example",
    items: {
      sequence: "Six sentences, several emotions",
      sad: "A sad sentence",
      happy: "A happy sentence",
      reading: "Someone reading aloud",
    },
  },

  emotions: {
    neutral: "neutral",
    calm: "calm",
    happy: "happy",
    sad: "sad",
    angry: "angry",
    fearful: "fearful",
    disgust: "disgusted",
    surprised: "surprised",
  },

  results: {
    title: "Results",
    compare: "Side by side",
    working: (/** @type {string} */ name) => `Analysing ${name} …`,
    patience: "A long recording may take about a minute.",
    cancel: "Cancel",
    done: (/** @type {string} */ name, /** @type {string} */ answer) => `${name}: ${answer}`,
    remove: (/** @type {string} */ name) => `Remove ${name}`,
    parts: (/** @type {number} */ n) => (n === 1 ? "1 part with speech" : `${n || "no"} parts with speech`),
    live: "Live recording",
    recorded: "Recording",
  },

  answer: {
    ok: (/** @type {string} */ emotion) => ["Sounds ", emotion, ""],
    uncertain: (/** @type {string} */ emotion) => ["Perhaps ", emotion, ", but it is not clear"],
    noSpeech: "No speech was found",
    reason: (/** @type {string} */ reason) => `${reason[0].toUpperCase()}${reason.slice(1)}.`,
    noSpeechHelp: "Check that the right microphone or file was used, and that the voice is loud enough.",
    okMeaning: "One emotion stands out. Even so the answer can be wrong.",
    closeMeaning: (/** @type {string} */ others) => `No emotion stands out. Nearly as likely: ${others}.`,
    unsureMeaning: "This emotion fits best, but not well enough to rely on it.",
    channel: (/** @type {number} */ n) => `Channel ${n}`,
    whole: "The whole recording",
  },

  sure: {
    name: "How sure",
    value: (/** @type {string} */ percent) => `${percent} sure`,
  },

  help: {
    title: "How to read this",
    points: [
      "How sure: 100 % means that only this emotion fits. A blind guess among eight emotions would be 13 % sure.",
      "A question mark, and a dashed line, mean that the answer is not sure enough to rely on.",
      "Parts: wherever somebody speaks without a long pause, that part has an answer of its own. The answer at the top is for all parts together.",
      "The rows with faces show how well each emotion fits over time. The emotion that fits best has the strong colour.",
      "Energy goes from calm to excited, tone from unpleasant to pleasant. Anger and joy both have much energy; their tone differs.",
    ],
  },

  mood: {
    arousal: { name: "Energy", low: "calm", high: "excited" },
    valence: { name: "Tone", low: "unpleasant", high: "pleasant" },
    between: "in between",
    rather: (/** @type {string} */ word) => `rather ${word}`,
    very: (/** @type {string} */ word) => `very ${word}`,
  },

  timeline: {
    label: (/** @type {string} */ name) => `Timeline of ${name}`,
    play: "Play",
    pause: "Pause",
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    hint: "Click a part to hear it.",
    sound: "Sound",
    voice: "Emotion",
    parts: (/** @type {string} */ name) => `${name}: parts with speech. Move with the arrow keys.`,
    part: (/** @type {number} */ n, /** @type {string} */ time, /** @type {string} */ answer) =>
      `Part ${n}, ${time}: ${answer}`,
    every: "How well each emotion fits: the higher the bar, the better.",
    everyLabel: "How well each emotion fits over time. The list of parts below has the same numbers.",
    cannotPlay: "Your browser cannot play this kind of file. The results are shown all the same.",
    unknownSpeaker: "Unknown speaker",
  },

  parts: {
    title: "Part by part",
    playPart: (/** @type {string} */ time) => `Play ${time}`,
    noSpeech: "no speech",
    fits: "How well each emotion fits",
    why: "How the voice sounds",
  },

  why: {
    help: "What can be measured in the voice, beside the range that is usual in neutral speech. It helps you to judge the answer. The computer did not decide by these numbers.",
    than: (/** @type {string} */ word) => `${word} than in neutral speech`,
    within: "as in neutral speech",
    notMeasured: "This was not measured while listening. Choose “Analyse it differently” below, then “Analyse again”.",
    notMeasurable: "This was not measured, because it would not be about one voice alone.",
    none: "This part is too short or too quiet to measure.",
    unit: {
      f0_hz: "Hz",
      f0_range_semitones: "semitones",
      loudness_range_db: "dB",
      articulation_rate_syllables_per_s: "syllables per second",
      spectral_centroid_hz: "Hz",
    },
    measures: {
      f0_hz: { name: "Pitch", low: "lower", high: "higher" },
      f0_range_semitones: { name: "Melody", low: "flatter", high: "livelier" },
      loudness_range_db: { name: "Loud and soft", low: "more even", high: "more varied" },
      articulation_rate_syllables_per_s: { name: "Pace", low: "slower", high: "faster" },
      spectral_centroid_hz: { name: "Timbre", low: "darker", high: "brighter" },
    },
    lowVoice: "for a low voice",
    highVoice: "for a high voice",
    betweenVoices: "between a low and a high voice",
    usual: (/** @type {string} */ low, /** @type {string} */ high) => `usual: ${low} to ${high}`,
    loudness: "Loudness",
    louder: (/** @type {string} */ db) => `${db} dB louder than the recording on average`,
    quieter: (/** @type {string} */ db) => `${db} dB quieter than the recording on average`,
    asLoud: "as loud as the recording on average",
    pauses: "Pauses",
    noPauses: "none within this part",
    pausesValue: (/** @type {number} */ n, /** @type {string} */ share) =>
      `${n === 1 ? "one pause" : `${n} pauses`}, ${share} of the time`,
  },

  notes: {
    title: "Please note",
    estimate: "An estimate of how the voice sounds, not of what the person feels.",
    adapted: "After the first part, the answers allow for how this speaker usually sounds.",
    adaptedProfile: "The answers allow for how this speaker usually sounds.",
    model: (/** @type {string} */ name, /** @type {string} */ version) => `Model: ${name} ${version}`,
  },

  downloads: {
    title: "Save the result",
    json: { name: "JSON", for: "everything, for programs" },
    csv: { name: "CSV", for: "a table, for spreadsheets" },
    srt: { name: "SRT", for: "subtitles, for video players" },
    recording: "Save the recording",
    channel: (/** @type {string} */ name, /** @type {number} */ n) => `${name}, channel ${n}`,
    label: (/** @type {string} */ name, /** @type {string} */ purpose) => `Save as ${name}: ${purpose}`,
    failed: (/** @type {string} */ detail) => `It could not be saved. ${detail}`,
  },

  options: {
    title: "Analyse it differently",
    channels: "Several microphones or channels",
    mix: "All together",
    each: "Each channel on a lane of its own",
    only: (/** @type {number} */ n) => `Only channel ${n}`,
    prior: "What kind of speech is it?",
    priorDefault: "As this server is set",
    priorBalanced: "Any kind: every emotion is equally likely",
    priorEveryday: "Everyday talk: mostly neutral",
    transcript: "What was said and when (a subtitle file: SRT, VTT, or JSON of Whisper)",
    speakers: "Who speaks when (RTTM)",
    keep: (/** @type {string} */ name) => `Use ${name}`,
    again: "Analyse again",
  },

  microphone: {
    recordTitle: "Recording",
    liveTitle: "Listening live",
    starting: "Your browser may ask whether this page may use the microphone. Please allow it.",
    speak: "Speak now. A few sentences work best.",
    stop: "Stop",
    rescue: "Analyse what was recorded",
    stopRecord: "Stop and analyse",
    cancel: "Discard",
    waveform: "What the microphone hears",
    hearing: "Somebody speaks …",
    silent: "Waiting for a voice …",
    last: "Last heard",
    now: "Right now",
    finishing: "Finishing …",
    heard: (/** @type {string} */ answer) => `Heard: ${answer}`,
    none: "No part has ended yet. Pause for a moment after a sentence.",
  },

  errors: {
    title: "That did not work",
    again: "Try again",
    close: "Close",
    server: "The server does not answer. Is it still running?",
    busy: (/** @type {number} */ seconds) =>
      `The server is busy. Please try again in ${seconds === 1 ? "a second" : `${seconds} seconds`}.`,
    strange: "The server gave an answer that this page does not understand. Is it really Affetto?",
    status: (/** @type {number} */ status) => `The server answered with the error ${status}.`,
    denied: "The page may not use the microphone. Allow it in the settings of your browser, then try again.",
    missing: "No microphone was found. Connect one, then try again.",
    insecure:
      "Browsers allow the microphone only on this computer or over https. Record with another program and choose the file.",
    microphone: (/** @type {string} */ detail) => `The microphone cannot be used: ${detail}`,
    lost: "The connection to the server was lost.",
    slow: "The connection is too slow for live sound. Record first, then analyse.",
    whose: (/** @type {string} */ name) =>
      `${name} belongs to none of the recordings. Give it the name of its recording, as call.srt beside call.wav, or add it with that recording alone.`,
    noSound: "Please add the recording too: a text or a list of speakers alone has no voice.",
  },

  key: {
    title: "A key is needed",
    text: "This server answers only those who have a key. Its owner gives you one. It is kept until you close this tab.",
    wrong: "The server does not know this key.",
    label: "Key",
    use: "Use this key",
    cancel: "Cancel",
  },

  notice: {
    title: "What this is, and what it is not",
    points: [
      {
        title: "A guess about the voice, not about the person",
        text: "The result estimates what a voice expresses. It does not know what a person feels. People hide feelings, act them, and speak in ways that differ between cultures. The words themselves are not understood.",
      },
      {
        title: "Often wrong",
        text: "The model that ships with Affetto learned from actors who speak American English, Polish and German. Actors express more than people do in everyday life. Children, accents, other languages, noise and bad lines were hardly part of that. It knows eight emotions, and takes irony or boredom for one of them.",
      },
      {
        title: "The law",
        text: "Inferring the emotions of people at work or in education is forbidden in the European Union, except for medical or safety reasons (AI Act, Regulation (EU) 2024/1689, Article 5(1)(f)). Other emotion recognition is as a rule high-risk (Annex III, point 1(c)), and the people concerned must as a rule be told (Article 50(3)). This is not legal advice.",
      },
      {
        title: "Please use it kindly",
        text: "Use it for learning, research, art and play, with recordings whose speakers know of it and agree. Do not use it to detect lies, to hire or rate people, for diagnoses, or for any decision about a person.",
      },
    ],
  },
  footer: "Affetto is free software. The model that ships with it may not be used commercially.",
};
