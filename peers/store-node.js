// A genuine socket.io server of a cluster, with the Redis store: node store-node.js PORT NODE_ID REDIS_PORT [SETTINGS_JSON]
//
// It says nothing to its clients by itself, but that the event `ask` is answered by an acknowledgement with its arguments. Commands, one
// JSON object a line: {do: broadcast | emit | volatile | send | question | join | leave | disconnect | state, session, endpoint, room,
// except, name, args}. What happens is reported, one JSON object a line.
var wire = require('./wire');
var sio = wire.genuine('socket.io');
var port = Number(process.argv[2]);
var nodeId = Number(process.argv[3]);
var redis = { host: '127.0.0.1', port: Number(process.argv[4]) };
var settings = JSON.parse(process.argv[5] || '{}');

// Without it a node ends when Redis does.
process.on('uncaughtException', function (error) {
  wire.say({ on: 'uncaught', error: String(error && error.message || error) });
});

settings['log level'] = 0;
settings.transports = settings.transports || ['websocket', 'xhr-polling'];
settings['flash policy server'] = false;
settings.store = new sio.RedisStore({
  nodeId: function () { return nodeId; },
  redisPub: redis,
  redisSub: redis,
  redisClient: redis
});

var io = sio.listen(port, settings, function () {
  wire.say({ on: 'listening', port: port });
});

function list(args) {
  return Array.prototype.slice.call(args);
}

function watch(endpoint) {
  return function (socket) {
    wire.say({ on: 'connection', endpoint: endpoint, session: socket.id });
    socket.on('message', function (data) {
      wire.say({ on: 'message', endpoint: endpoint, session: socket.id, data: data });
    });
    socket.on('note', function () {
      wire.say({ on: 'event', endpoint: endpoint, session: socket.id, name: 'note', args: list(arguments) });
    });
    socket.on('ask', function () {
      var answer = arguments[arguments.length - 1];
      if (typeof answer === 'function') answer.apply(null, list(arguments).slice(0, -1));
    });
    socket.on('disconnect', function (reason) {
      wire.say({ on: 'disconnect', endpoint: endpoint, session: socket.id, reason: reason });
    });
  };
}

io.sockets.on('connection', watch(''));
io.of('/chat').on('connection', watch('/chat'));

var commands = {
  broadcast: function (command, namespace) {
    if (command.room !== undefined) namespace = namespace.in(command.room);
    (command.except || []).forEach(function (session) { namespace = namespace.except(session); });
    namespace.emit.apply(namespace, [command.name].concat(command.args));
  },
  emit: function (command, namespace, socket) {
    socket.emit.apply(socket, [command.name].concat(command.args));
  },
  volatile: function (command, namespace, socket) {
    // The flag is not reset after a send to one session: it would mark everything sent later.
    socket.volatile.emit.apply(socket, [command.name].concat(command.args));
  },
  send: function (command, namespace, socket) {
    socket.send(command.data);
  },
  question: function (command, namespace, socket) {
    socket.emit(command.name, command.args[0], function (answer) {
      wire.say({ on: 'answer', endpoint: command.endpoint || '', session: command.session, args: list(arguments) });
    });
  },
  join: function (command, namespace, socket) {
    socket.join(command.room);
  },
  leave: function (command, namespace, socket) {
    socket.leave(command.room);
  },
  disconnect: function (command, namespace, socket) {
    socket.disconnect();
  },
  state: function () {
    var keys = function (object) { return Object.keys(object).sort(); };
    wire.say({ on: 'state', handshaken: keys(io.handshaken), connected: keys(io.connected), open: keys(io.open),
      closed: keys(io.closed), rooms: io.rooms });
  }
};

wire.listen(function (command) {
  var namespace = io.of(command.endpoint || '');
  commands[command.do](command, namespace, command.session && namespace.socket(command.session));
});
