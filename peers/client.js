// A genuine socket.io client over xhr-polling, driven by a test: node client.js URL
//
// Reads commands, one JSON object a line: {do: join | send | json | emit | disconnect | exit, endpoint, data, name, args, ack}.
// Writes what happens: {on: connect | message | event | ack | disconnect | reconnecting | reconnect | .., endpoint, ..}.
var wire = require('./wire');
var io = wire.genuine('socket.io-client');
var url = process.argv[2];

// The `transports` option is merged into this array index by index, so only emptying it leaves websocket out; the websocket of this
// build never opens.
io.transports.splice(0, io.transports.length, 'xhr-polling');

var sockets = {};

function watch(endpoint, socket) {
  sockets[endpoint] = socket;
  ['connect', 'connecting', 'connect_failed', 'disconnect', 'reconnecting', 'reconnect', 'reconnect_failed', 'error'].forEach(function (name) {
    socket.on(name, function () {
      wire.say({ on: name, endpoint: endpoint, args: Array.prototype.slice.call(arguments) });
    });
  });
  socket.on('message', function (data) {
    wire.say({ on: 'message', endpoint: endpoint, data: data });
  });
  ['echo', 'answered', 'news'].forEach(function (name) {
    socket.on(name, function () {
      wire.say({ on: 'event', endpoint: endpoint, name: name, args: Array.prototype.slice.call(arguments) });
    });
  });
  socket.on('question', function (text, answer) {
    wire.say({ on: 'event', endpoint: endpoint, name: 'question', args: [text] });
    answer('the answer');
  });
}

function acknowledged(endpoint, token) {
  return token === undefined ? undefined : function () {
    wire.say({ on: 'ack', endpoint: endpoint, ack: token, args: Array.prototype.slice.call(arguments) });
  };
}

var commands = {
  join: function (command) {
    watch(command.endpoint, sockets[''].of(command.endpoint));
  },
  send: function (command, socket, ack) {
    socket.send(command.data, ack);
  },
  json: function (command, socket, ack) {
    socket.json.send(command.data, ack);
  },
  emit: function (command, socket, ack) {
    socket.emit.apply(socket, [command.name].concat(command.args, ack ? [ack] : []));
  },
  disconnect: function (command, socket) {
    socket.disconnect();
  },
  exit: function () {
    process.exit(0);
  }
};

watch('', io.connect(url));

wire.listen(function (command) {
  var endpoint = command.endpoint || '';
  commands[command.do](command, sockets[endpoint], acknowledged(endpoint, command.ack));
});
