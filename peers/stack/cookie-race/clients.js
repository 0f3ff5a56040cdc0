// Forty genuine clients, each in a browser of its own, for 42 s: node clients.js PACKAGES CONNECTIONS
// Prints what they did in the end: handshakes, polls rejected, ticks got twice, how many are connected.
var path = require('path');
var Browser = require('./browser').Browser;
var io = require(path.join(process.argv[2], 'node_modules', 'socket.io-client'));
var connections = Number(process.argv[3]);
var clients = [];
// Whose request is being made: the genuine client asks a global for it.
var current;

io.transports.splice(0, io.transports.length, 'xhr-polling');
io.util.request = function () { return current.browser.request(); };

function within(prototype, name, client) {
  var original = prototype[name];
  prototype[name] = function () {
    current = client.call(this) || current;
    return original.apply(this, arguments);
  };
}
within(io.Socket.prototype, 'handshake', function () { return this.simulated; });
within(io.Transport['xhr-polling'].prototype, 'request', function () { return this.socket.simulated; });

function start(number) {
  var client = { handshakes: 0, rejected: 0, twice: 0, seen: {} };
  client.browser = new Browser('127.0.1.' + number, 18600, connections, function (request, body) {
    if (/\/1\/$/.test(request.url.pathname)) client.handshakes++;
    if (/^7:::1/.test(body)) client.rejected++;
  });
  current = client;
  var socket = io.connect('http://127.0.0.1:18600', { 'force new connection': true });
  client.socket = socket.socket;
  client.socket.simulated = client;
  socket.on('message', function (tick) {
    client.twice += client.seen[tick] ? 1 : 0;
    client.seen[tick] = true;
  });
  setInterval(function () { socket.send('up'); }, 1000);
  clients.push(client);
}

for (var number = 1; number <= 40; number++) setTimeout(start.bind(null, number), 50 * number);
setTimeout(function () {
  function sum(of) { return clients.reduce(function (all, client) { return all + Number(of(client)); }, 0); }
  console.log(connections + ' connections: ' + sum(function (client) { return client.handshakes; }) + ' handshakes, '
    + sum(function (client) { return client.rejected; }) + ' polls rejected, '
    + sum(function (client) { return client.twice; }) + ' ticks twice, '
    + sum(function (client) { return client.socket.connected; }) + ' of 40 connected at the end');
  process.exit();
}, 42000);
