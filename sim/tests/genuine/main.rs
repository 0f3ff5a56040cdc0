//! Against the genuine `socket.io` and `socket.io-client` 0.8.7 on Node 0.8.28, over real sockets. Switched on by
//! `SOCKETIO08_GENUINE=1`, after `peers/install`.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod client;
mod peer;
