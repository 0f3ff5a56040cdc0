//! Against the genuine `socket.io` and `socket.io-client` over real sockets: 0.8.7 on Node 0.8.28 in detail, and a table of all
//! releases. Switched on by `SOCKETIO08_GENUINE=1`, after `peers/install`.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test stops at what it did not expect")]

// The one that waits longest is started first, for its name.
mod all_peers;
#[allow(dead_code, reason = "no keys are pressed here")]
#[path = "../common/chromium.rs"]
mod chromium;
mod client;
#[path = "../common/mod.rs"]
mod common;
mod driver;
#[path = "../common/genuine.rs"]
mod genuine;
mod peer;
mod probe;
#[path = "../common/reports.rs"]
mod reports;

/// Accents, a ligature, Chinese, emoji of one and of many code points, quotes, and what the framing and the codec are made of.
const MARKED: &str = "h\u{e9}llo \u{fb01}n\u{ec}sh \u{4f60}\u{597d} \u{1f600}\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{fffd}3\u{fffd}3:: \"quoted\"\n:+";

/// Long enough for a poll to be answered `8::` (20 s) and for a heartbeat left unanswered to end a websocket (20 s and 15 s).
const SILENCE: std::time::Duration = std::time::Duration::from_secs(38);
