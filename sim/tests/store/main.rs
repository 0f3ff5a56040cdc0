//! Servers that share a real redis-server: two of ours, and one of ours with a genuine 0.8.7. Switched on by `SOCKETIO08_GENUINE=1`,
//! after `peers/install`; the machine must have `redis-server` (Debian: the package of that name).
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod client;
#[allow(dead_code, reason = "only the ports are needed here")]
#[path = "../common/mod.rs"]
mod common;
#[allow(dead_code, reason = "only one release has nodes here")]
#[path = "../common/genuine.rs"]
mod genuine;
mod mixed;
mod ours;
mod portable;
mod redis;
#[path = "../common/reports.rs"]
mod reports;
mod servers;

use std::time::Duration;

/// Longer than a publication takes to every node: what is asked of another node before that is a race that the genuine one has too.
const SETTLED: Duration = Duration::from_millis(400);

fn settle() {
    std::thread::sleep(SETTLED);
}
