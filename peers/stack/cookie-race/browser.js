// What a browser is to the genuine client: connections that are kept, so many at most, a jar of cookies, polls that are really aborted;
// each browser has an address of its own. For Node 0.8.
var net = require('net');
var url = require('url');

function Browser(address, port, max, heard) {
  this.address = address;
  this.port = port;
  this.max = max;
  this.heard = heard;
  this.waiting = [];
  this.idle = [];
  this.open = 0;
  this.jar = {};
}

Browser.prototype.request = function () {
  return new Request(this);
};

Browser.prototype.send = function () {
  while (this.waiting.length && (this.idle.length || this.open < this.max)) {
    this.write(this.idle.pop() || this.connect(), this.waiting.shift());
  }
};

Browser.prototype.connect = function () {
  var self = this;
  var socket = net.connect({ host: '127.0.0.1', port: this.port, localAddress: this.address });
  this.open++;
  socket.setNoDelay(true);
  socket.text = '';
  socket.on('error', function () {});
  socket.on('data', function (data) {
    socket.text += data.toString('binary');
    self.read(socket);
  });
  socket.on('close', function () {
    var request = socket.request;
    socket.request = null;
    self.open--;
    if (self.idle.indexOf(socket) >= 0) self.idle.splice(self.idle.indexOf(socket), 1);
    if (request) request.end(0, '');
    self.send();
  });
  return socket;
};

Browser.prototype.write = function (socket, request) {
  var jar = this.jar;
  var cookies = Object.keys(jar).map(function (name) { return name + '=' + jar[name]; }).join('; ');
  var body = request.body || '';
  socket.request = request;
  request.socket = socket;
  socket.write(request.method + ' ' + request.url.path + ' HTTP/1.1\r\nHost: localhost\r\n'
    + (cookies ? 'Cookie: ' + cookies + '\r\n' : '')
    + (request.method === 'POST' ? 'Content-Length: ' + Buffer.byteLength(body) + '\r\n' : '') + '\r\n' + body);
};

// The body of a response, or nothing if it is not here yet: of a length that is told, or in chunks, as a handshake's is.
function bodyOf(head, rest) {
  var length = /content-length: *(\d+)/i.exec(head);
  if (length) return rest.length < Number(length[1]) ? null : rest.slice(0, Number(length[1]));
  for (var body = ''; ;) {
    var end = rest.indexOf('\r\n');
    var size = parseInt(rest, 16);
    if (end < 0 || rest.length < end + 2 + size + 2) return null;
    if (size === 0) return body;
    body += rest.slice(end + 2, end + 2 + size);
    rest = rest.slice(end + 2 + size + 2);
  }
}

Browser.prototype.read = function (socket) {
  var end = socket.text.indexOf('\r\n\r\n');
  if (!socket.request || end < 0) return;
  var head = socket.text.slice(0, end);
  var body = bodyOf(head, socket.text.slice(end + 4));
  if (body === null) return;
  body = new Buffer(body, 'binary').toString('utf8');
  var cookie = /set-cookie: *([^=]+)=([^;\r]+)/i.exec(head);
  if (cookie) this.jar[cookie[1]] = cookie[2];
  var request = socket.request;
  socket.request = null;
  socket.text = '';
  this.heard(request, body);
  // Its connection is free only when its handler has run.
  request.end(Number(head.slice(9, 12)), body);
  if (/connection: *close/i.test(head)) socket.destroy();
  else if (!socket.destroyed) this.idle.push(socket);
  this.send();
};

function Request(browser) {
  this.browser = browser;
  this.readyState = 0;
  this.status = 0;
  this.responseText = '';
  this.onreadystatechange = null;
}

Request.prototype.open = function (method, target) {
  this.method = method;
  this.url = url.parse(target);
  this.readyState = 1;
};

Request.prototype.setRequestHeader = function () {};

Request.prototype.send = function (body) {
  this.body = body;
  this.browser.waiting.push(this);
  this.browser.send();
};

Request.prototype.abort = function () {
  var waiting = this.browser.waiting;
  this.aborted = true;
  if (waiting.indexOf(this) >= 0) waiting.splice(waiting.indexOf(this), 1);
  else if (this.socket && this.socket.request === this) {
    this.socket.request = null;
    this.socket.destroy();
  }
};

Request.prototype.end = function (status, body) {
  if (this.aborted) return;
  this.readyState = 4;
  this.status = status;
  this.responseText = body;
  if (this.onreadystatechange) this.onreadystatechange();
};

exports.Browser = Browser;
