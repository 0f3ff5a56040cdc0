// The carrier: HTTP, websockets, the clock and random numbers of JavaScript for the client machine in WebAssembly.

import { readFile } from "node:fs/promises";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The module's functions, with texts instead of places in its memory. One module is one client. */
export class Module {
  static async load(path) {
    const { instance } = await WebAssembly.instantiate(await readFile(path));
    return new Module(instance.exports);
  }

  constructor(exports) {
    this.exports = exports;
  }

  /** Puts a text where the next call reads it. */
  write(text) {
    const bytes = encoder.encode(text);
    const place = this.exports.room(bytes.length);
    // Taken anew each time: memory that grows gets a new buffer.
    new Uint8Array(this.exports.memory.buffer, place, bytes.length).set(bytes);
  }

  /** What a call said that returned this length. */
  read(length) {
    const bytes = new Uint8Array(this.exports.memory.buffer, this.exports.answer(), length);
    return JSON.parse(decoder.decode(bytes));
  }

  /** The packets of a payload. */
  decode(payload) {
    this.write(payload);
    return this.read(this.exports.decode());
  }
}

const now = () => process.hrtime.bigint() / 1000n;

/** One client of one server: `new Client(module, "http://127.0.0.1:8000", { transports, onEvent })`. */
export class Client {
  #machine;
  #module;
  #server;
  #onEvent;
  #timer;
  /** Open exchanges: what ends each. */
  #exchanges = new Map();

  constructor(module, server, { transports, onEvent }) {
    this.#module = module;
    this.#machine = module.exports;
    this.#server = server;
    this.#onEvent = onEvent;
    module.write(JSON.stringify({ transports }));
    this.#machine.client_new();
  }

  connect() {
    this.#machine.client_connect(now());
    this.#drain();
  }

  send(text) {
    this.#module.write(text);
    const sent = this.#machine.client_send(now()) === 1;
    this.#drain();
    return sent;
  }

  disconnect() {
    this.#machine.client_disconnect(now());
    this.#drain();
  }

  // The driving loop: after each call all transmits, then one event, until there is neither; then wait for the deadline.
  #drain() {
    for (;;) {
      let length;
      while ((length = this.#machine.client_poll_transmit())) this.#carry(this.#module.read(length));
      if (!(length = this.#machine.client_poll_event())) break;
      const event = this.#module.read(length);
      if (event.event === "reconnect-scheduled") this.#machine.client_set_jitter(Math.floor(Math.random() * 1000));
      this.#onEvent(event);
    }
    clearTimeout(this.#timer);
    const at = this.#machine.client_poll_timeout();
    if (at >= 0n) this.#timer = setTimeout(() => this.#timeout(), Math.max(0, Number((at - now()) / 1000n) + 1));
  }

  #timeout() {
    this.#machine.client_handle_timeout(now());
    this.#drain();
  }

  #carry(transmit) {
    switch (transmit.do) {
      case "get":
        return this.#request(transmit, {});
      case "post":
        return this.#request(transmit, {
          method: "POST",
          body: transmit.body,
          headers: { "Content-Type": "text/plain;charset=UTF-8" },
        });
      case "open":
        return this.#open(transmit);
      case "message":
        return this.#exchanges.get(transmit.exchange)?.send(transmit.text);
      case "close": {
        const exchange = this.#exchanges.get(transmit.exchange);
        this.#exchanges.delete(transmit.exchange);
        return exchange?.close();
      }
    }
  }

  async #request({ exchange, target }, options) {
    const aborter = new AbortController();
    this.#exchanges.set(exchange, { close: () => aborter.abort() });
    let response, body;
    try {
      response = await fetch(this.#server + target, { ...options, signal: aborter.signal });
      body = await response.text();
    } catch {
      return this.#input(exchange, true, () => this.#machine.client_closed(now(), BigInt(exchange), 0));
    }
    this.#input(exchange, true, () => {
      this.#module.write(body);
      this.#machine.client_response(now(), BigInt(exchange), response.status);
    });
  }

  #open({ exchange, target }) {
    const socket = new WebSocket(this.#server.replace(/^http/, "ws") + target);
    this.#exchanges.set(exchange, socket);
    socket.onopen = () => this.#input(exchange, false, () => this.#machine.client_opened(now(), BigInt(exchange)));
    socket.onmessage = ({ data }) =>
      this.#input(exchange, false, () => {
        this.#module.write(data);
        this.#machine.client_message(now(), BigInt(exchange));
      });
    socket.onclose = ({ wasClean }) =>
      this.#input(exchange, true, () => this.#machine.client_closed(now(), BigInt(exchange), wasClean ? 1 : 0));
    // A close event follows and says it.
    socket.onerror = () => {};
  }

  /** Hands input in, unless the machine closed the exchange. */
  #input(exchange, over, hand) {
    if (!this.#exchanges.has(exchange)) return;
    if (over) this.#exchanges.delete(exchange);
    hand();
    this.#drain();
  }
}
