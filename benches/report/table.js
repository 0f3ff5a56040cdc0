// Prints the table of docs/PERFORMANCE.md.
// usage: node table.js CRITERION_FOLDER GENUINE_TSV
'use strict';

const fs = require('fs');
const path = require('path');
const inputs = require('../inputs.json');

const [criterion, tsv] = process.argv.slice(2);
const genuine = new Map(
  fs.readFileSync(tsv, 'utf8').trim().split('\n').map((line) => line.split('\t')).map(([group, name, ns]) => [`${group}/${name}`, +ns]),
);

// The fastest sample, as on the other side.
function ours(group, name) {
  const file = path.join(criterion, group, name, 'new', 'sample.json');
  if (!fs.existsSync(file)) return undefined;
  const { iters, times } = JSON.parse(fs.readFileSync(file, 'utf8'));
  return Math.min(...times.map((time, sample) => time / iters[sample]));
}

function show(ns) {
  if (ns === undefined) return '';
  if (ns < 1e3) return `${ns.toPrecision(3)} ns`;
  return ns < 1e6 ? `${(ns / 1e3).toPrecision(3)} µs` : `${(ns / 1e6).toPrecision(3)} ms`;
}

for (const [title, group, list, floor, what] of [
  ['Decoding packets', 'decode_packet', inputs.packets, 'split_at_colons', 'splitting at three colons'],
  ['Encoding packets', 'encode_packet', inputs.packets, 'copy', 'copying the bytes'],
  ['Decoding payloads', 'decode_payload', inputs.payloads],
  ['Encoding payloads', 'encode_payload', inputs.payloads],
]) {
  console.log(`\n### ${title}\n`);
  console.log(`| input | ${what ? `${what} | ` : ''}socketio08 | with its JSON as values | genuine 0.8.7 | times as fast |`);
  console.log(`|---|---:|---:|---:|---:|${what ? '---:|' : ''}`);
  for (const { name } of list) {
    const bare = ours(group, name);
    const whole = ours(`${group}_and_json`, name);
    const theirs = genuine.get(`${group}/${name}`);
    const factor = theirs / (whole ?? bare);
    const least = floor ? `${show(ours(floor, name))} | ` : '';
    console.log(`| ${name} | ${least}${show(bare)} | ${show(whole)} | ${show(theirs)} | ${factor < 10 ? factor.toFixed(1) : factor.toFixed(0)} |`);
  }
}
