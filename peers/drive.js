// Drives a genuine client by commands, in Node and in a page alike: drive(io, say, url, transports) gives the function that takes
// a command. What happens is told to `say`.
//
// Commands: {do: join | send | json | emit | disconnect, endpoint, data, name, args, ack}.
// Reports: {on: connect | message | event | ack | disconnect | reconnecting | reconnect | .., endpoint, ..}.
(typeof exports === 'undefined' ? window : exports).drive = function (io, say, url, transports) {
  var sockets = {};

  // The `transports` option is merged into this array index by index, so only emptying it leaves the others out.
  io.transports.splice.apply(io.transports, [0, io.transports.length].concat(transports));

  function array(list) {
    return Array.prototype.slice.call(list);
  }

  function watch(endpoint, socket) {
    sockets[endpoint] = socket;
    ['connect', 'connecting', 'connect_failed', 'disconnect', 'reconnecting', 'reconnect', 'reconnect_failed', 'error'].forEach(function (name) {
      socket.on(name, function () {
        var report = { on: name, endpoint: endpoint, args: array(arguments) };
        if (name === 'connect') report.transport = socket.socket.transport.name;
        say(report);
      });
    });
    socket.on('message', function (data) {
      say({ on: 'message', endpoint: endpoint, data: data });
    });
    ['echo', 'answered', 'news'].forEach(function (name) {
      socket.on(name, function () {
        say({ on: 'event', endpoint: endpoint, name: name, args: array(arguments) });
      });
    });
    socket.on('question', function (text, answer) {
      say({ on: 'event', endpoint: endpoint, name: 'question', args: [text] });
      answer('the answer');
    });
  }

  function acknowledged(endpoint, token) {
    return token === undefined ? undefined : function () {
      say({ on: 'ack', endpoint: endpoint, ack: token, args: array(arguments) });
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
    }
  };

  watch('', io.connect(url));

  return function (command) {
    var endpoint = command.endpoint || '';
    commands[command.do](command, sockets[endpoint], acknowledged(endpoint, command.ack));
  };
};
