// A genuine server that says a tick each second, and prints what it is told: node server.js PACKAGES PORT TRANSPORT
var path = require('path');
var sio = require(path.join(process.argv[2], 'node_modules', 'socket.io'));
var io = sio.listen(Number(process.argv[3]), { 'log level': 0, transports: [process.argv[4]], 'flash policy server': false });
var ticks = 0;
io.sockets.on('connection', function (socket) {
  socket.on('message', function (text) { console.log(text); });
});
setInterval(function () { io.sockets.send('tick ' + ++ticks); }, 1000);
