// Measures the parser of the genuine server on the inputs of ../inputs.json.
// usage: node measure.js PATH_OF_PARSER; writes lines of GROUP, NAME and nanoseconds (of the fastest sample: what
// else the machine does only slows it down), separated by tabs.
'use strict';

const path = require('path');
const inputs = require('../inputs.json');
const parser = require(path.resolve(process.argv[2]));

const SAMPLES = 30;
const SAMPLE_NS = 20e6;

const text = ({ head = '', unit = '', times = 0, tail = '' }) => head + unit.repeat(times) + tail;

// What results are added to, so that no call can be left out.
let sink = 0;
const weigh = (result) => (typeof result === 'string' ? result.length : Object.keys(result).length);

function time(run, rounds) {
  const start = process.hrtime.bigint();
  for (let round = 0; round < rounds; round++) sink += weigh(run());
  return Number(process.hrtime.bigint() - start);
}

function measure(group, name, run) {
  let rounds = 1;
  while (time(run, rounds) < SAMPLE_NS) rounds *= 2;
  let fastest = Infinity;
  for (let sample = 0; sample < SAMPLES; sample++) fastest = Math.min(fastest, time(run, rounds) / rounds);
  console.log([group, name, fastest.toFixed(1)].join('\t'));
}

// Strings that V8 joins lazily are made flat, as those that come from a socket are.
const flat = (string) => Buffer.from(string).toString();

for (const input of inputs.packets) {
  const wire = flat(text(input));
  const packet = parser.decodePacket(wire);
  measure('decode_packet', input.name, () => parser.decodePacket(wire));
  measure('encode_packet', input.name, () => parser.encodePacket(packet));
}
for (const input of inputs.payloads) {
  const packets = Array(input.count).fill(flat(text(input.packet)));
  const wire = flat(parser.encodePayload(packets));
  measure('decode_payload', input.name, () => parser.decodePayload(wire));
  measure('encode_payload', input.name, () => parser.encodePayload(packets));
}
if (sink === 0) throw new Error('nothing was measured');
