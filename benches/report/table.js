// Prints the tables of docs/PERFORMANCE.md.
// usage: node table.js CRITERION_FOLDER GENUINE_TSV
'use strict';

const inputs = require('../inputs.json');
const { criterion, genuine } = require('./results.js');

const [folder, tsv] = process.argv.slice(2);
const ours = criterion(folder);
const theirs = genuine(tsv);

const number = (value, digits = 3) => (value >= 100 ? value.toFixed(0) : value.toPrecision(digits));

function time(ns) {
  if (ns === undefined) return '';
  if (ns < 1e3) return `${number(ns)} ns`;
  if (ns < 1e6) return `${number(ns / 1e3)} µs`;
  return ns < 1e9 ? `${number(ns / 1e6)} ms` : `${number(ns / 1e9)} s`;
}

const factor = (ratio) => (ratio === undefined || Number.isNaN(ratio) ? '' : number(ratio, 2));

function table(title, columns, rows) {
  console.log(`\n### ${title}\n`);
  console.log(`| ${columns.join(' | ')} |`);
  console.log(`|---|${'---:|'.repeat(columns.length - 1)}`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}

// Packets and payloads beside the genuine parser; `floor` is the least that the work can cost.
function beside(title, group, list, floor, floorName) {
  const typed = group === 'decode_packet';
  const columns = ['input', floorName, 'socketio08', typed && 'with its JSON in a type', 'with its JSON as values', 'genuine 0.8.7', 'times as fast'];
  const rows = list.map(({ name }) => {
    const bare = ours.get(`${group}/${name}`);
    const values = ours.get(`${group}_and_json/${name}`);
    const other = theirs.get(`${group}/${name}`);
    const cells = [name, floor && time(ours.get(`${floor}/${name}`)), time(bare), typed && time(ours.get(`decode_packet_typed/${name}`))];
    return [...cells, time(values), time(other), factor(other / (values ?? bare))];
  });
  const kept = columns.map(Boolean);
  table(title, columns.filter(Boolean), rows.map((row) => row.filter((_, column) => kept[column])));
}

beside('Decoding packets', 'decode_packet', inputs.packets, 'split_at_colons', 'splitting at three colons');
beside('Encoding packets', 'encode_packet', inputs.packets, 'copy', 'copying the bytes');
beside('Decoding payloads', 'decode_payload', inputs.payloads);
beside('Encoding payloads', 'encode_payload', inputs.payloads);

// By size: what the plots show, at a few of their points.
for (const [title, group, sizes, unit] of [
  ['Messages by length', 'message', [16, 1024, 65536, 1048576], 'bytes'],
  ['Payloads by the number of their packets, 16 bytes each', 'payload', [1, 64, 4096], 'packets'],
]) {
  const rows = [];
  for (const way of ['decode', 'encode']) {
    for (const kind of Object.keys(inputs.sweeps.kinds)) {
      for (const size of sizes) {
        const key = `size_${way}_${group}/${kind}/${size}`;
        const [mine, other] = [ours.get(key), theirs.get(key)];
        rows.push([`${way} ${kind}, ${size} ${unit}`, time(mine), way === 'decode' && group === 'message' ? '' : `${number(ours.bytes(key) / mine)} GB/s`, time(other), factor(other / mine)]);
      }
    }
  }
  table(title, ['input', 'socketio08', '', 'genuine 0.8.7', 'times as fast'], rows);
}

table(
  'Splitting payloads of 16 packets, by the length of each',
  ['length', ...Object.keys(inputs.sweeps.kinds)],
  [16, 64, 256, 1024, 4096].map((length) => [
    `${length} bytes`,
    ...Object.keys(inputs.sweeps.kinds).map((kind) => {
      const key = `split_payload/${kind}/${length}`;
      return `${time(ours.get(key) / 16)} a packet, ${number(ours.bytes(key) / ours.get(key))} GB/s`;
    }),
  ]),
);

const peers = [];
for (const [who, name] of [['socketioxide', 'socketioxide-parser-common 0.17.3'], ['engineio', 'rust_engineio 0.6.0']]) {
  for (const what of ['decode', 'values', 'encode']) {
    for (const input of ours.names(`peer_${who}_${what}`)) {
      const [mine, other] = [ours.get(`peer_ours_${what}/${input}`), ours.get(`peer_${who}_${what}/${input}`)];
      const work = what === 'values' ? 'decode, with its arguments as values' : what;
      peers.push([`${input}: ${work}`, name, time(other), time(mine), factor(other / mine)]);
    }
  }
}
for (const input of ours.names('peer_httparse_decode')) {
  peers.push([`HTTP ${input}: parse`, 'httparse 1.10', time(ours.get(`peer_httparse_decode/${input}`)), '', '']);
}
if (peers.length > 0) table('Other Rust parsers', ['', 'peer', 'its time', 'socketio08', 'times as fast'], peers);

table(
  'Machines',
  ['call', 'time'],
  [...ours.entries()].filter(([id]) => /^(server|client|around_a_session)\//.test(id)).map(([id, ns]) => [id.replace('/', ': '), time(ns)]),
);
table(
  'A step of each engine',
  ['engine', 'a step', 'the whole run'],
  ours.names('engine_step').map((name) => {
    const [whole, steps] = [ours.get(`engine_step/${name}`), ours.elements(`engine_step/${name}`)];
    return [name, time(whole / steps), `${time(whole)}, ${steps} steps`];
  }),
);
