// A genuine client in Node, driven by a test: node client.js PACKAGE URL TRANSPORT
//
// Reads commands and writes reports, one JSON object a line; drive.js says which.
var wire = require('./wire');
var io = wire.genuine(process.argv[2]);

wire.listen(require('./drive').drive(io, wire.say, process.argv[3], [process.argv[4]]));
