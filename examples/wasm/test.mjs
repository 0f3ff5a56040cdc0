// node --experimental-websocket --test test.mjs, with SIO08 (the sio08 program) and WASM (the built module) in the environment.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { Client, Module } from "./client.mjs";

const data = new URL("../../protocol/tests/data/", import.meta.url);
const { SIO08, WASM } = process.env;

let server, address;

before(async () => {
  server = spawn(SIO08, ["serve", "--listen", "127.0.0.1:0", "--app", "echo", "--quiet"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [greeting] = await once(server.stdout, "data");
  address = String(greeting).match(/http:\/\/[0-9.:]+/)[0];
});

after(() => server.kill());

/** The bodies with which a recorded server answered, in order. */
function bodies(transcript) {
  return Object.values(transcript.streams).flatMap(({ received_base64 }) => {
    const stream = Buffer.from(received_base64, "base64");
    const found = [];
    for (let at = 0; ; ) {
      const head = stream.indexOf("\r\n\r\n", at);
      if (head < 0) return found;
      const length = /content-length: *(\d+)/i.exec(stream.toString("latin1", at, head));
      at = head + 4 + Number(length?.[1] ?? 0);
      if (length) found.push(stream.toString("utf8", head + 4, at));
    }
  });
}

test("a recorded transcript is decoded", async () => {
  const transcript = JSON.parse(await readFile(new URL("http-transcripts/xhr-buffered-payload.json", data)));
  const module = await Module.load(WASM);
  const packets = bodies(transcript).filter((body) => body !== "1").flatMap((body) => module.decode(body));
  const root = (type, data) => ({ type, endpoint: "", ...(data === undefined ? {} : { data }) });
  assert.deepEqual(packets, [
    root("connect"),
    root("message", "one"),
    root("message", "two é😀"),
    root("json", '{"a":1}'),
    root("event", '{"name":"ev","args":[1]}'),
    root("message", "single"),
  ]);
});

test("what is no packet is an error with its place", async () => {
  const module = await Module.load(WASM);
  const [first, second] = module.decode("\ufffd3\ufffd2::\ufffd-4\ufffd3:::x");
  assert.equal(first.type, "heartbeat");
  assert.match(second.error, /length/);
  assert.deepEqual(module.decode(""), []);
});

for (const transport of ["websocket", "xhr-polling"]) {
  test(`a session is held over ${transport}: a hundred messages there and back, in order`, { timeout: 30_000 }, async () => {
    const module = await Module.load(WASM);
    const sent = Array.from({ length: 100 }, (_, number) => `${number}: grüße, 日本, 😀 "quoted"`);
    const received = [];
    let connected;
    await new Promise((resolve, reject) => {
      const client = new Client(module, address, {
        transports: [transport],
        onEvent(event) {
          switch (event.event) {
            case "connected":
              connected = event;
              for (const text of sent) assert.ok(client.send(text));
              break;
            case "received":
              received.push(event.packet.data);
              if (received.length === sent.length) client.disconnect();
              break;
            case "disconnected":
              return event.cause === "Booted" ? resolve() : reject(new Error(event.cause));
          }
        },
      });
      client.connect();
    });
    assert.equal(connected.transport, transport);
    assert.deepEqual(received, sent);
  });
}
