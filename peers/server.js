// A genuine socket.io server that echoes: node server.js PACKAGE PORT TRANSPORT,TRANSPORT..
//
// On the root and on /chat: a message or JSON comes back as it came; the event `echo` comes back under its name, or its arguments
// as the acknowledgement if the client asked for one. `ask` sends a message and an event that each want an acknowledgement, and
// reports both in `answered`. `leave` ends the session from this side.
var wire = require('./wire');
var sio = wire.genuine(process.argv[2]);
var port = Number(process.argv[3]);
var transports = process.argv[4].split(',');

var io = sio.listen(port, { 'log level': 0, transports: transports, 'flash policy server': false }, function () {
  wire.say({ on: 'listening', port: port });
});

function echo(name) {
  return function (socket) {
    wire.say({ on: 'connection', endpoint: name });
    socket.on('message', function (data) {
      if (typeof data === 'string') socket.send(data);
      else socket.json.send(data);
    });
    socket.on('echo', function () {
      var args = Array.prototype.slice.call(arguments);
      var last = args[args.length - 1];
      if (typeof last === 'function') last.apply(null, args.slice(0, -1));
      else socket.emit.apply(socket, ['echo'].concat(args));
    });
    socket.on('ask', function () {
      socket.send('acknowledge this', function () {
        socket.emit('question', 'and this', function (answer) {
          socket.emit('answered', answer);
        });
      });
    });
    socket.on('leave', function () {
      socket.disconnect();
    });
    socket.on('disconnect', function (reason) {
      wire.say({ on: 'disconnect', endpoint: name, reason: reason });
    });
  };
}

io.sockets.on('connection', echo(''));
io.of('/chat').on('connection', echo('/chat'));

wire.listen(function () {});
