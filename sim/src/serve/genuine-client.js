// With the genuine client script, which picks the transport.
var socket = io.connect();
socket.on('connect', function () {
  // The server gives a newcomer everything said so far, so what is shown would be shown twice.
  forget();
  state('connected (' + socket.socket.transport.name + ')');
});
socket.on('message', function (text) {
  show(text);
});
socket.on('disconnect', function () {
  state('disconnected');
});
function say(text) {
  socket.send(text);
}
