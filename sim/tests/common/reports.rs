//! What a peer reports, in order.

use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than anything a peer does here, many at a time on a busy machine: its reconnection takes 0.5 to 3.5 s.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Reports, each a JSON object.
pub(crate) struct Reports {
    coming: Receiver<Value>,
    seen: Vec<Value>,
}

impl Reports {
    pub(crate) fn new(coming: Receiver<Value>) -> Self {
        Self { coming, seen: Vec::new() }
    }

    /// The next report that has all members of `pattern`, skipping others.
    pub(crate) fn wait_for(&mut self, pattern: &Value) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(report) = self.coming.recv_timeout(left) else {
                panic!("no {pattern} within {PATIENCE:?}; the peer reported: {:#?}", self.seen);
            };
            self.seen.push(report.clone());
            if matches(&report, pattern) {
                return report;
            }
        }
    }

    /// Everything reported so far that has all members of `pattern`.
    #[allow(dead_code, reason = "not every test that has this module uses it")]
    pub(crate) fn seen(&mut self, pattern: &Value) -> Vec<Value> {
        self.seen.extend(self.coming.try_iter());
        self.seen.iter().filter(|report| matches(report, pattern)).cloned().collect()
    }
}

fn matches(report: &Value, pattern: &Value) -> bool {
    pattern.as_object().unwrap().iter().all(|(key, value)| report.get(key) == Some(value))
}
