// Draws time against size, both logarithmic, as SVG: one picture for each way of each kind of input.
// usage: node plot.mjs CRITERION_FOLDER GENUINE_TSV OUT_FOLDER; finds vega and vega-lite in the folder that NODE_MODULES names.
import { createRequire } from 'node:module';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const here = createRequire(import.meta.url);
const { criterion, genuine } = here('./results.js');
const module = (file) => import(path.resolve(process.env.NODE_MODULES, file));
const [vega, lite] = await Promise.all([module('vega/build/vega.module.js'), module('vega-lite/build/index.js')]);

const [folder, tsv, out] = process.argv.slice(2);
const ours = criterion(folder);
const theirs = genuine(tsv);
const engineIo = { 'message of 16 bytes': 16, 'message of 1 KB': 1024, 'message of 64 KB': 65536, 'message of 1 MB': 1048576 };

function points(group, way) {
  const of = (results, who) =>
    [...results].filter(([id]) => id.startsWith(`${group}/`)).map(([id, ns]) => {
      const [, kind, size] = id.split('/');
      return { who, kind, size: +size, ns };
    });
  const peers = group.endsWith('message')
    ? Object.entries(engineIo).map(([name, size]) => ({ who: 'rust_engineio', kind: 'ascii', size, ns: ours.get(`peer_engineio_${way}/${name}`) }))
    : [];
  return [...of(ours, 'socketio08'), ...of(theirs, 'genuine 0.8.7'), ...peers.filter(({ ns }) => ns !== undefined)];
}

mkdirSync(out, { recursive: true });
for (const [what, unit] of [['message', 'bytes of the message'], ['payload', 'packets of 16 bytes']]) {
  for (const way of ['decode', 'encode']) {
    const spec = {
      $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
      title: `Time to ${way} a ${what}`,
      background: 'white',
      width: 560,
      height: 320,
      data: { values: points(`size_${way}_${what}`, way) },
      mark: { type: 'line', point: true },
      encoding: {
        x: { field: 'size', type: 'quantitative', scale: { type: 'log', base: 10 }, title: unit },
        y: { field: 'ns', type: 'quantitative', scale: { type: 'log', base: 10 }, title: 'nanoseconds' },
        color: { field: 'who', type: 'nominal', title: null },
        strokeDash: { field: 'kind', type: 'nominal', title: 'text' },
      },
    };
    const view = new vega.View(vega.parse(lite.compile(spec).spec), { renderer: 'none' });
    writeFileSync(path.join(out, `${way}-${what}.svg`), `${await view.toSVG()}\n`);
  }
}
