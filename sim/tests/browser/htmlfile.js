// Reads an htmlfile stream in a frame, which is what the genuine script has Internet Explorer's ActiveXObject for. `open` connects;
// what comes is told by `report`, and `say` sends a message.
var target;
var posting = Promise.resolve();

// What the stream's scripts call, one packet or one framed payload a call.
var s = {
  _: function (text) {
    var frame = /\ufffd(\d+)\ufffd/y;
    if (text[0] !== '\ufffd') return receive(text);
    for (var found; (found = frame.exec(text)); frame.lastIndex += Number(found[1])) {
      receive(text.substr(frame.lastIndex, Number(found[1])));
    }
  }
};

function receive(packet) {
  if (packet === '2::') post(packet);
  report(JSON.stringify({ on: 'packet', packet: packet }));
}

// One after the other, as they must arrive in order.
function post(packet) {
  posting = posting.then(function () {
    return fetch(target, { method: 'POST', body: packet });
  });
}

function say(text) {
  post('3:::' + text);
}

function open() {
  fetch('/socket.io/1/').then(function (answer) {
    return answer.text();
  }).then(function (handshake) {
    target = '/socket.io/1/htmlfile/' + handshake.split(':')[0];
    var frame = document.createElement('iframe');
    frame.onload = function () {
      report(JSON.stringify({ on: 'end' }));
    };
    frame.src = target;
    document.body.appendChild(frame);
  });
}
