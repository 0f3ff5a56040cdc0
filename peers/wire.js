// One JSON object a line, pure ASCII, so that what a test reads does not depend on how a terminal or a pipe is decoded.

exports.say = function (object) {
  var line = JSON.stringify(object).replace(/[^\x20-\x7e]/g, function (unit) {
    return '\\u' + ('0000' + unit.charCodeAt(0).toString(16)).slice(-4);
  });
  process.stdout.write(line + '\n');
};

// Calls `take` with each object read from standard input, and ends the process with it: no peer outlives its test.
exports.listen = function (take) {
  var rest = '';
  process.stdin.resume();
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', function (chunk) {
    var lines = (rest + chunk).split('\n');
    rest = lines.pop();
    lines.forEach(function (line) {
      take(JSON.parse(line));
    });
  });
  process.stdin.on('end', function () {
    process.exit(0);
  });
};

// The genuine packages live outside the repository. Those that were written for an old Node take this property of it for granted.
exports.genuine = function (name) {
  process.EventEmitter = process.EventEmitter || require('events').EventEmitter;
  return require(require('path').resolve(process.env.SOCKETIO08_PEERS_DIR, 'node_modules', name));
};
