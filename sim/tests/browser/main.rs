//! A real browser, headless Chromium, on the pages of `sio08 serve` and on pages of another origin, with the genuine client scripts
//! 0.8.7 and 0.9.17. Switched on by `SOCKETIO08_GENUINE=1`, after `peers/install`; the pictures it takes are kept in
//! `target/artefacts/browser`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at what it did not expect")]

mod chat;
#[path = "../common/chromium.rs"]
mod chromium;
#[path = "../common/mod.rs"]
mod common;
mod foreign;
#[path = "../common/genuine.rs"]
mod genuine;
mod htmlfile;
#[path = "../common/reports.rs"]
mod reports;
mod sample;

use std::path::PathBuf;

/// The transports that the genuine scripts have in Chromium.
const TRANSPORTS: [&str; 3] = ["websocket", "xhr-polling", "jsonp-polling"];

/// Where a picture is kept.
fn artefact(name: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| genuine::repository().join("target"), PathBuf::from);
    target.join("artefacts/browser").join(name)
}

/// A hundred messages, each with accents and emoji; `by` tells apart who says them.
fn hundred(by: &str) -> Vec<String> {
    (0..100)
        .map(|number| format!("{by} {number}: na\u{ef}ve caf\u{e9} \u{1f600}\u{1f469}\u{200d}\u{1f680}"))
        .collect()
}
