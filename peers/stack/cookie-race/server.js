// A genuine server that says a tick each second: node server.js PACKAGES PORT
var path = require('path');
var sio = require(path.join(process.argv[2], 'node_modules', 'socket.io'));
var io = sio.listen(Number(process.argv[3]), { 'log level': 0, transports: ['xhr-polling'], 'flash policy server': false });
var ticks = 0;
setInterval(function () { io.sockets.send('tick ' + ++ticks); }, 1000);
