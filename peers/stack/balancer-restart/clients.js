// Forty genuine clients for 28 s, each sending every second for 22 s: node clients.js PACKAGES TRANSPORT
// Prints what became of them. Polls are made as a browser makes them (../cookie-race/browser.js).
var path = require('path');
var Browser = require('../cookie-race/browser').Browser;
var io = require(path.join(process.argv[2], 'node_modules', 'socket.io-client'));
var transport = process.argv[3];
var clients = [];
var began = Date.now();
// Whose request is being made: the genuine client asks a global for it.
var current;

// The websocket of the client for Node, of draft 76, does not come through HAProxy 2.6; browsers speak version 13, as this one does.
require(path.join(process.argv[2], 'node_modules', 'websocket-client')).WebSocket =
  require(path.join(process.argv[2], 'node_modules', 'ws'));

io.transports.splice(0, io.transports.length, transport);
if (transport === 'xhr-polling') {
  io.util.request = function () { return current.browser.request(); };
  within(io.Transport['xhr-polling'].prototype, 'request', function () { return this.socket.simulated; });
}
within(io.Socket.prototype, 'handshake', function () { this.simulated.handshakes++; return this.simulated; });

function within(prototype, name, client) {
  var original = prototype[name];
  prototype[name] = function () {
    current = client.call(this) || current;
    return original.apply(this, arguments);
  };
}

function start(number) {
  var client = { handshakes: 0, sent: 0, rejected: 0, lost: [], outages: [] };
  client.browser = new Browser('127.0.1.' + number, 18800, 6, function (request, body) {
    if (/^7:::1/.test(body)) client.rejected++;
  });
  current = client;
  // The constructor connects at once.
  io.Socket.prototype.simulated = client;
  var socket = io.connect('http://127.0.0.1:18800?cid=' + number, { 'force new connection': true });
  client.socket = socket.socket;
  client.socket.simulated = client;
  socket.on('disconnect', function () { client.lost.push(Date.now()); });
  socket.on('connect', function () {
    if (client.lost.length > client.outages.length) client.outages.push(Date.now() - client.lost[client.lost.length - 1]);
  });
  setInterval(function () {
    if (Date.now() - began < 22000) socket.send(number + ' ' + ++client.sent);
  }, 1000);
  clients.push(client);
}

for (var number = 1; number <= 40; number++) setTimeout(start.bind(null, number), 50 * number);
setTimeout(function () {
  function sum(of) { return clients.reduce(function (all, client) { return all + Number(of(client)); }, 0); }
  var outages = [].concat.apply([], clients.map(function (client) { return client.outages; })).sort(function (a, b) { return a - b; });
  console.log(transport + ': ' + sum(function (client) { return client.lost.length > 0; }) + ' of 40 cut off, outages '
    + outages[0] + '/' + outages[outages.length >> 1] + '/' + outages[outages.length - 1] + ' ms (least, median, most), '
    + sum(function (client) { return client.handshakes; }) + ' handshakes, ' + sum(function (client) { return client.rejected; })
    + ' polls rejected, ' + sum(function (client) { return client.socket.connected; }) + ' of 40 connected at the end, '
    + sum(function (client) { return client.sent; }) + ' messages up sent');
  process.exit();
}, 28000);
