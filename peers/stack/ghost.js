// What a genuine server makes of a websocket whose `Upgrade` a proxy has dropped: the session that it leaves.
//
//   peers/install && NODE=target/peers/node-v0.8.28-linux-x64/bin/node; $NODE peers/stack/ghost.js [PACKAGE [SECONDS]]
//
// PACKAGE is `socket.io` (0.8.7) or `socket.io-0.9.17`. A handshake, a plain GET on the websocket's URL, a broadcast each second, a poll after
// SECONDS (10). Prints what the server's application, its maps and the client see; nothing is judged.
// SOCKETIO08_PEERS_DIR says where peers/install put the packages.
'use strict';
var net = require('net');
var path = require('path');
var packages = process.env.SOCKETIO08_PEERS_DIR || path.join(__dirname, '../../target/peers');
var name = process.argv[2] || 'socket.io';
var after = Number(process.argv[3] || 10) * 1000;
var port = 18640;
var manager = require(path.resolve(packages, 'node_modules', name)).listen(port, { 'log level': 0 });
var began = Date.now();

function log(words) {
  console.log(((Date.now() - began) / 1000).toFixed(2) + ' s  ' + words);
}

manager.sockets.on('connection', function (socket) {
  log('server: connection');
  socket.on('disconnect', function (reason) { log('server: disconnect ' + reason); });
});
setInterval(function () { manager.sockets.send('tick'); }, 1000);

function request(target, version, done) {
  var heard = '';
  var socket = net.connect(port, '127.0.0.1');
  socket.write('GET ' + target + ' HTTP/' + version + '\r\nHost: a\r\nConnection: close\r\n\r\n');
  // A poll is answered, and the connection kept.
  socket.on('data', function (data) { heard += data; setTimeout(end, 200); });
  socket.on('end', end);
  function end() {
    socket.destroy();
    if (done) done(heard);
    done = null;
  }
}

function state(session) {
  var waiting = manager.closed[session];
  log('server: connected ' + Boolean(manager.connected[session]) + ', packets waiting ' + (waiting ? waiting.length : 0));
}

request('/socket.io/1/', '1.1', function (answer) {
  var session = /(\w{8,}):\d*:\d*:/.exec(answer)[1];
  request('/socket.io/1/websocket/' + session, '1.0', function (answer) {
    log('client: a plain GET is answered ' + (answer ? JSON.stringify(answer) : 'by a FIN'));
    state(session);
  });
  setTimeout(function () {
    state(session);
    request('/socket.io/1/xhr-polling/' + session, '1.0', function (answer) {
      log('client: a poll is answered ' + JSON.stringify(answer.split('\r\n\r\n')[1]));
    });
  }, after);
  setTimeout(function () { state(session); process.exit(0); }, after + 40000);
});
