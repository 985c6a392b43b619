// The data of the page. The index of all sentences is unpacked at once, their details when they are shown.

const KEPT_CHUNKS = 60;

const data = {
  summary: null,
  size: 0,
  numbers: [],
  targets: [],
  sources: [],
  words: [],
  confidences: [],
  lowest: null,
  bits: [], // for each facet, one bit per sentence
  rowOf: new Map(),
};

async function unpack(script) {
  const packed = atob(script.textContent);
  const bytes = new Uint8Array(packed.length);
  for (let k = 0; k < packed.length; k++) bytes[k] = packed.charCodeAt(k);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).json();
}

function chunks(name) {
  return [...document.querySelectorAll(`script[data-chunk="${name}"]`)];
}

async function loadSummary() {
  [data.summary] = await unpack(chunks("summary")[0]);
}

async function loadIndex() {
  const scripts = chunks("index");
  data.size = data.summary.shown;
  data.lowest = new Float32Array(data.size).fill(2); // no entity with a confidence
  data.bits = data.summary.facets.map(() => new Uint32Array(Math.ceil(data.size / 32)));
  let row = 0;
  for (const found of await Promise.all(scripts.map(unpack))) {
    for (const [number, target, source, facets, confidences, words] of found) {
      data.numbers.push(number);
      data.targets.push(target);
      data.sources.push(source);
      data.words.push(words);
      data.confidences.push(confidences);
      for (const confidence of confidences) if (confidence < data.lowest[row]) data.lowest[row] = confidence;
      for (const facet of facets) data.bits[facet][row >> 5] |= 1 << (row & 31);
      data.rowOf.set(number, row);
      row++;
    }
  }
  for (const script of scripts) script.remove();
}

const unpacked = new Map();

async function detail(row) {
  const number = Math.floor(row / data.summary.chunk);
  if (!unpacked.has(number)) {
    unpacked.set(number, unpack(chunks("details")[number]));
    if (unpacked.size > KEPT_CHUNKS) unpacked.delete(unpacked.keys().next().value);
  }
  return (await unpacked.get(number))[row % data.summary.chunk];
}
