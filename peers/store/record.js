// Records two genuine nodes that share a real redis-server: node peers/store/record.js [DIRECTORY] [SCENARIO..]
// Writes one JSON file a scenario. Needs redis-server, redis's MONITOR, and what peers/install installs.
const { spawn } = require('child_process');
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const client = require('./client');
const scenarios = require('./scenarios');

const peers = process.env.SOCKETIO08_PEERS_DIR || path.join(__dirname, '../../target/peers');
const oldNode = path.join(peers, 'node-v0.8.28-linux-x64/bin/node');
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
// Long enough for everything that one step gives rise to: a few round trips on one machine.
const SETTLE_MS = 250;

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// The text that MONITOR shows between quotes.
function unescape(shown) {
  const bytes = [];
  const plain = { n: 10, r: 13, t: 9, a: 7, b: 8 };
  for (let i = 0; i < shown.length; i++) {
    if (shown[i] !== '\\') bytes.push(shown.charCodeAt(i));
    else if (shown[++i] === 'x') { bytes.push(parseInt(shown.substr(i + 1, 2), 16)); i += 2; }
    else bytes.push(plain[shown[i]] === undefined ? shown.charCodeAt(i) : plain[shown[i]]);
  }
  return Buffer.from(bytes).toString();
}

class Recording {
  constructor(name, scenario) {
    Object.assign(this, { name, settings: scenario.settings || {}, about: scenario.about, events: [], ports: {}, processes: {}, owners: {}, conns: 0, open: {} });
  }

  add(event) {
    this.events.push(Object.assign({ t_ms: Date.now() - this.started }, event));
  }

  async begin() {
    this.started = Date.now();
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sio08-store-'));
    this.redisPort = await freePort();
    this.redis = spawn('redis-server', ['--port', this.redisPort, '--save', '', '--dir', this.dir, '--bind', '127.0.0.1'], { stdio: 'ignore' });
    await this.connectMonitor();
  }

  async connectMonitor() {
    for (;;) {
      const connected = await new Promise((resolve) => {
        this.monitor = net.connect(this.redisPort, '127.0.0.1', () => resolve(true));
        this.monitor.on('error', () => resolve(false));
      });
      if (connected) break;
      await sleep(20);
    }
    let rest = '';
    this.monitor.setEncoding('latin1');
    this.monitor.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop();
      lines.forEach((line) => this.monitored(line));
    });
    this.monitor.write('MONITOR\r\n');
    await sleep(50);
  }

  monitored(line) {
    const parts = /^\+[0-9.]+ \[\d+ ([^\]]+)\] (.*)$/.exec(line.trimEnd());
    if (!parts) return;
    const words = [...parts[2].matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((word) => unescape(word[1]));
    const command = words[0].toLowerCase();
    if (command === 'info' || command === 'select') return;
    const node = this.owners[parts[1]] = this.owners[parts[1]] || this.starting || (command === 'publish' ? this.byId[JSON.parse(words[2]).nodeId] : undefined);
    if (command === 'publish') this.add({ ev: 'publish', node: this.byId[JSON.parse(words[2]).nodeId], channel: words[1], message: words[2] });
    else if (command === 'subscribe' || command === 'unsubscribe') this.add({ ev: command, node, channel: words[1] });
    else this.add({ ev: 'redis', node, words });
  }

  // Starts a node; `a` has the id 1001, `b` 1002.
  async node(name) {
    this.byId = { 1001: 'a', 1002: 'b' };
    const id = name === 'a' ? '1001' : '1002';
    this.starting = name;
    this.ports[name] = await freePort();
    const env = Object.assign({}, process.env, { SOCKETIO08_PEERS_DIR: peers });
    const child = spawn(oldNode, [path.join(__dirname, '../store-node.js'), this.ports[name], id, this.redisPort, JSON.stringify(this.settings)], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.processes[name] = child;
    let rest = '';
    child.stdout.setEncoding('utf8');
    await new Promise((resolve) => {
      child.stdout.on('data', (chunk) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop();
        for (const line of lines) {
          const report = JSON.parse(line);
          if (report.on === 'listening') resolve();
          else this.add({ ev: 'app', node: name, report });
        }
      });
    });
    await sleep(SETTLE_MS);
    this.starting = undefined;
  }

  // Marks the start of a step, does `action`, and waits for what follows from it.
  async step(about, action, wait) {
    this.add({ ev: 'step', about });
    const result = action();
    await sleep(wait || SETTLE_MS);
    return result;
  }

  command(node, command) {
    return this.step(`${node} ${command.do}`, () => {
      this.add({ ev: 'command', node, command });
      this.processes[node].stdin.write(JSON.stringify(command) + '\n');
    });
  }

  http(node, method, target, body, wait) {
    return this.step(`${method} ${target.replace(/\d{9,}/, 'SID')} at ${node}`, () => {
      const conn = ++this.conns;
      this.add({ ev: 'request', node, conn, method, target, body: body || '' });
      this.open[conn] = client.request(this.ports[node], method, target, body || '', (event) => {
        this.add({ ev: event.ev, node, conn, ...event });
        if (event.ev === 'response') this.last = event.body;
      });
      return conn;
    }, wait);
  }

  async handshake(node) {
    await this.http(node, 'GET', '/socket.io/1/?t=1');
    return this.last.split(':')[0];
  }

  poll(node, session, wait) { return this.http(node, 'GET', `/socket.io/1/xhr-polling/${session}?t=2`, '', wait); }

  post(node, session, body) { return this.http(node, 'POST', `/socket.io/1/xhr-polling/${session}?t=3`, body); }

  websocket(node, session) {
    return this.step(`websocket of SID at ${node}`, () => {
      const conn = ++this.conns;
      const target = `/socket.io/1/websocket/${session}`;
      this.add({ ev: 'upgrade', node, conn, target });
      this.open[conn] = client.websocket(this.ports[node], target, (event) => this.add({ ev: event.ev, node, conn, ...event }));
      this.open[conn].node = node;
      return conn;
    });
  }

  message(conn, text) {
    return this.step(`message ${text.slice(0, 40)}`, () => {
      this.add({ ev: 'message', node: this.open[conn].node, conn, text });
      this.open[conn].send(text);
    });
  }

  leave(conn, node) {
    return this.step('the client closes', () => {
      this.add({ ev: 'left', node: node || this.open[conn].node, conn });
      (this.open[conn].abort || this.open[conn].close)();
    });
  }

  wait(ms) { return this.step(`${ms} ms pass`, () => this.add({ ev: 'wait', ms }), ms); }

  end(directory) {
    Object.values(this.processes).forEach((child) => child.kill('SIGKILL'));
    this.monitor.destroy();
    this.redis.kill('SIGKILL');
    fs.rmSync(this.dir, { recursive: true });
    const lines = this.events.map((event) => JSON.stringify(event).replace(/[^\x20-\x7e]/g, (unit) => '\\u' + unit.charCodeAt(0).toString(16).padStart(4, '0')));
    const head = JSON.stringify({ scenario: this.name, about: this.about, settings: this.settings }).slice(0, -1);
    fs.writeFileSync(path.join(directory, `${this.name}.json`), `${head},"events":[\n${lines.join(',\n')}\n]}\n`);
  }
}

async function main() {
  const directory = process.argv[2] || path.join(__dirname, '../../protocol/tests/data/redis');
  fs.mkdirSync(directory, { recursive: true });
  const names = process.argv.length > 3 ? process.argv.slice(3) : Object.keys(scenarios);
  await Promise.all(names.map(async (name, index) => {
    await sleep(index * 400);
    const recording = new Recording(name, scenarios[name]);
    await recording.begin();
    await recording.node('a');
    if (!scenarios[name].late) await recording.node('b');
    await scenarios[name].run(recording);
    await sleep(SETTLE_MS);
    recording.end(directory);
    console.log(`${name}: ${recording.events.length} events`);
  }));
}

main();
