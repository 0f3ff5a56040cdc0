// Reads what was measured: criterion's folder, and the lines of measure.js.
'use strict';

const fs = require('fs');
const path = require('path');

// The fastest sample of each benchmark, nanoseconds: what else the machine does only slows it down.
class Results extends Map {
  constructor() {
    super();
    this.throughput = new Map();
  }
  bytes(id) {
    return this.throughput.get(id)?.Bytes;
  }
  elements(id) {
    return this.throughput.get(id)?.Elements;
  }
  // What a group was measured on, in the order of the folder.
  names(group) {
    return [...this.keys()].filter((id) => id.startsWith(`${group}/`)).map((id) => id.slice(group.length + 1));
  }
}

function criterion(folder) {
  const results = new Results();
  for (const file of fs.readdirSync(folder, { recursive: true }).sort()) {
    if (path.basename(file) !== 'sample.json' || path.basename(path.dirname(file)) !== 'new') continue;
    const read = (name) => JSON.parse(fs.readFileSync(path.join(folder, path.dirname(file), name), 'utf8'));
    const { iters, times } = read('sample.json');
    const { full_id: id, throughput } = read('benchmark.json');
    results.set(id, Math.min(...times.map((time, sample) => time / iters[sample])));
    results.throughput.set(id, throughput);
  }
  return results;
}

function genuine(tsv) {
  const lines = fs.readFileSync(tsv, 'utf8').trim().split('\n').map((line) => line.split('\t'));
  return new Map(lines.map(([group, name, ns]) => [`${group}/${name}`, +ns]));
}

module.exports = { criterion, genuine };
