// With the genuine client script, which picks the transport unless the page's address does: ?transport=jsonp-polling.
var wanted = /[?&]transport=([a-z-]+)/.exec(location.search);
// The script's option of that name replaces only as many of its transports as are given.
if (wanted) io.transports.splice(0, io.transports.length, wanted[1]);
var socket = io.connect();
var waiting = [];
socket.on('connect', function () {
  // The server gives a newcomer everything said so far, so what is shown would be shown twice.
  forget();
  while (waiting.length) show(waiting.shift(), true);
  state('connected (' + socket.socket.transport.name + ')');
});
socket.on('message', function (text) {
  show(text);
});
socket.on('disconnect', disconnected);
function say(text) {
  // The script keeps it until it is connected.
  if (!socket.socket.connected) waiting.push(text);
  socket.send(text);
}
