// Lists what the public API of a package lacks an example for, from rustdoc's JSON: types, functions, methods. A setter that has the
// name of a field is shown by the example of its type. Fails if something is missing.
//   node .ci/examples.mjs target/doc/socketio08.json
import { readFileSync } from 'node:fs';

const { index, root } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const seen = new Set();
const lacking = [];
let count = 0;

function check(item, path) {
  count += 1;
  if (!(item.docs ?? '').includes('```')) lacking.push(`${item.span?.filename}:${item.span?.begin[0]} ${path}`);
}

function checkMethods(type, path) {
  const fields = new Set((type.kind?.plain?.fields ?? []).map((id) => index[id]?.name));
  for (const { inner } of type.impls.map((id) => index[id]).filter((block) => block && !block.inner.impl.trait)) {
    for (const method of inner.impl.items.map((id) => index[id])) {
      const shown = method.visibility === 'public' && method.inner.function && !fields.has(method.name);
      if (shown) check(method, `${path}::${method.name}`);
    }
  }
}

function walk(id, path) {
  const item = index[id];
  if (!item || seen.has(id)) return;
  seen.add(id);
  const [[kind, inner]] = Object.entries(item.inner);
  const name = path ? `${path}::${item.name}` : item.name;
  if (kind === 'module') inner.items.forEach((child) => walk(child, name));
  if (kind === 'use' && inner.id !== null) walk(inner.id, path);
  if (['enum', 'function', 'struct', 'trait'].includes(kind)) check(item, name);
  if (kind === 'enum' || kind === 'struct') checkMethods(inner, name);
  if (kind === 'trait') {
    const methods = inner.items.map((child) => index[child]).filter((child) => child.inner.function);
    methods.forEach((method) => check(method, `${name}::${method.name}`));
  }
}

walk(root, '');
lacking.forEach((line) => console.log(`no example: ${line}`));
console.log(`${count - lacking.length} of ${count} have an example`);
process.exit(lacking.length === 0 ? 0 : 1);
