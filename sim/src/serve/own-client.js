// A small client of our own: a handshake, then a websocket; packets are TYPE:ID:ENDPOINT:DATA.
var socket = null;
var waiting = [];
var delay = 500;

function connect() {
  fetch('/socket.io/1/?t=' + Date.now()).then(function (response) {
    if (!response.ok) throw new Error('handshake answered ' + response.status);
    return response.text();
  }).then(open).catch(again);
}

function open(handshake) {
  var id = handshake.split(':')[0];
  var url = location.origin.replace(/^http/, 'ws') + '/socket.io/1/websocket/' + id;
  socket = new WebSocket(url);
  socket.onmessage = function (event) { receive(event.data); };
  socket.onclose = again;
}

function receive(packet) {
  var parts = /^([0-8]):[^:]*:([^:]*):?([\s\S]*)$/.exec(packet);
  if (!parts || parts[2] !== '') return;
  var data = parts[3];
  if (parts[1] === '1') {
    delay = 500;
    // The server gives a newcomer everything said so far, so what is shown would be shown twice.
    forget();
    state('connected (websocket)');
    while (waiting.length) {
      var text = waiting.shift();
      show(text, true);
      socket.send('3:::' + text);
    }
  } else if (parts[1] === '2') {
    socket.send('2::');
  } else if (parts[1] === '3') {
    show(data);
  } else if (parts[1] === '4') {
    show(JSON.parse(data));
  } else if (parts[1] === '5') {
    var event = JSON.parse(data);
    if (event.name === 'message') show(event.args[0]);
  } else if (parts[1] === '0' || parts[1] === '7') {
    socket.close();
  }
}

function again() {
  socket = null;
  disconnected();
  setTimeout(connect, delay);
  delay = Math.min(delay * 2, 8000);
}

function say(text) {
  if (socket && socket.readyState === 1) socket.send('3:::' + text);
  else waiting.push(text);
}

connect();
