// Raw HTTP and websocket exchanges with a node, each reported as it happens.
const http = require('http');
const crypto = require('crypto');

// One request on its own connection. `tell` gets {ev: 'response', status, body} or {ev: 'closed'}.
exports.request = function (port, method, target, body, tell) {
  const options = { host: '127.0.0.1', port, method, path: target, agent: false };
  options.headers = method === 'POST' ? { 'content-type': 'text/plain;charset=UTF-8', 'content-length': Buffer.byteLength(body) } : {};
  let done = false;
  const end = (event) => { if (!done) { done = true; tell(event); } };
  const request = http.request(options, (response) => {
    const chunks = [];
    response.on('data', (chunk) => chunks.push(chunk));
    response.on('end', () => end({ ev: 'response', status: response.statusCode, body: Buffer.concat(chunks).toString() }));
    response.on('error', () => end({ ev: 'closed' }));
  });
  request.on('error', () => end({ ev: 'closed' }));
  request.end(body);
  return { abort: () => { done = true; request.destroy(); } };
};

function frame(text) {
  const data = Buffer.from(text);
  const mask = crypto.randomBytes(4);
  const head = data.length < 126 ? Buffer.from([0x81, 0x80 | data.length]) : Buffer.from([0x81, 0xfe, data.length >> 8, data.length & 255]);
  for (let i = 0; i < data.length; i++) data[i] ^= mask[i % 4];
  return Buffer.concat([head, mask, data]);
}

// Takes whole unmasked frames out of `buffer`; returns [texts, rest].
function unframe(buffer) {
  const texts = [];
  while (buffer.length >= 2) {
    let length = buffer[1] & 127;
    let at = 2;
    if (length === 126) {
      if (buffer.length < 4) break;
      length = buffer.readUInt16BE(2);
      at = 4;
    }
    if (buffer.length < at + length) break;
    texts.push(buffer.subarray(at, at + length).toString());
    buffer = buffer.subarray(at + length);
  }
  return [texts, buffer];
}

// `tell` gets {ev: 'upgraded'}, {ev: 'sent', text} for each message of the server, {ev: 'closed'}.
exports.websocket = function (port, target, tell) {
  const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' };
  const request = http.request({ host: '127.0.0.1', port, path: target, agent: false, headers });
  let socket = null;
  let closed = false;
  const end = () => { if (!closed) { closed = true; tell({ ev: 'closed' }); } };
  request.on('error', end);
  request.on('response', end);
  request.on('upgrade', (response, upgraded, head) => {
    socket = upgraded;
    tell({ ev: 'upgraded' });
    let rest = Buffer.alloc(0);
    const take = (chunk) => {
      let texts;
      [texts, rest] = unframe(Buffer.concat([rest, chunk]));
      texts.forEach((text) => tell({ ev: 'sent', text }));
    };
    take(head);
    socket.on('data', take);
    socket.on('end', () => { end(); socket.end(); });
    socket.on('error', end);
    socket.on('close', end);
  });
  request.end();
  return {
    send: (text) => socket.write(frame(text)),
    close: () => { closed = true; socket.end(); }
  };
};
