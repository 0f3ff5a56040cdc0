// The genuine parser as a co-process: each line of its input is a case, [KIND, VALUE], each line of its output what the parser makes
// of it. Everything is ASCII, so that no decoder stands between. For Node 0.8 and later; usage: node peer.js PATH_OF_PARSER
'use strict';

var parser = require(require('path').resolve(process.argv[2]));
var decodePacket = parser.decodePacket;
var FRAMES_MAX = 100000;

// Numbers that JSON lacks are tagged.
function tagged(key, value) {
  return typeof value === 'number' && !isFinite(value) ? { $number: String(value) } : value;
}

function ascii(text) {
  return text.replace(/[\u007f-\uffff]/g, function (unit) {
    return '\\u' + ('000' + unit.charCodeAt(0).toString(16)).slice(-4);
  });
}

// A negative length makes the parser read backwards, for some without end: whether it would meet one.
function goesBack(payload) {
  if (payload.charAt(0) !== '\ufffd') return false;
  var at = 1;
  for (;;) {
    var mark = payload.indexOf('\ufffd', Math.ceil(at));
    if (mark < 0 || at !== Math.ceil(at)) return false;
    var length = Number(payload.slice(at, mark));
    if (length < 0) return true;
    // Past the packet and the mark after it, whatever stands there.
    at = mark + length + 2;
    if (!(at < payload.length)) return false;
  }
}

// The texts that the parser takes for packets.
function frames(payload) {
  if (goesBack(payload)) return 'endless';
  var texts = [];
  parser.decodePacket = function (text) {
    if (texts.push(text) > FRAMES_MAX) throw new Error('endless');
  };
  try { parser.decodePayload(payload); } finally { parser.decodePacket = decodePacket; }
  return texts;
}

var kinds = {
  d: function (text) { return parser.decodePacket(text); },
  e: function (packet) { return parser.encodePacket(packet); },
  D: frames,
  E: function (packets) { return parser.encodePayload(packets); },
};

function answer(line) {
  var pair = JSON.parse(line);
  try {
    return ascii(JSON.stringify(kinds[pair[0]](pair[1]), tagged));
  } catch (error) {
    return ascii(JSON.stringify({ $thrown: String(error) }));
  }
}

var rest = '';
process.stdin.setEncoding('ascii');
process.stdin.on('data', function (chunk) {
  var lines = (rest + chunk).split('\n');
  rest = lines.pop();
  if (lines.length > 0) process.stdout.write(lines.map(answer).join('\n') + '\n');
});
process.stdin.resume();
