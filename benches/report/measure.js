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

// Where results go, so that no call can be left out.
let sink;

// Where encoded text ends up, as bytes: until it is written V8 has only noted which strings to join.
const buffer = Buffer.alloc(1 << 22);

function time(run, rounds) {
  const start = process.hrtime.bigint();
  for (let round = 0; round < rounds; round++) sink = run();
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
  measure('encode_packet', input.name, () => buffer.write(parser.encodePacket(packet)));
}
for (const input of inputs.payloads) {
  const packets = Array(input.count).fill(flat(text(input.packet)));
  const wire = flat(parser.encodePayload(packets));
  measure('decode_payload', input.name, () => parser.decodePayload(wire));
  measure('encode_payload', input.name, () => buffer.write(parser.encodePayload(packets)));
}
// By size, as in benches/sizes.rs.
const { kinds, lengths, counts, message_len } = inputs.sweeps;
for (const [kind, unit] of Object.entries(kinds)) {
  const message = (length) => flat(`3:::${unit.repeat(Math.ceil(length / Buffer.byteLength(unit)))}`);
  for (const length of lengths) {
    const wire = message(length);
    const packet = parser.decodePacket(wire);
    measure('size_decode_message', `${kind}/${length}`, () => parser.decodePacket(wire));
    measure('size_encode_message', `${kind}/${length}`, () => buffer.write(parser.encodePacket(packet)));
  }
  for (const count of counts) {
    const packets = Array(count).fill(message(message_len));
    const wire = flat(parser.encodePayload(packets));
    measure('size_decode_payload', `${kind}/${count}`, () => parser.decodePayload(wire));
    measure('size_encode_payload', `${kind}/${count}`, () => buffer.write(parser.encodePayload(packets)));
  }
}
if (sink === undefined) throw new Error('nothing was measured');
