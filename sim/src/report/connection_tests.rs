//! What the connection tests said.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::trace::{TestOutcome, TraceEvent};

/// The connection tests of a run.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct TestFigures {
    /// How many began.
    pub begun: u32,
    /// How many said `It worked`, by transport.
    pub worked: BTreeMap<&'static str, u32>,
    /// How many failed, by reason.
    pub failed: BTreeMap<&'static str, u32>,
}

impl TestFigures {
    /// Takes an event; tells whether it was one of a test.
    pub(super) fn record(figures: &mut Option<Self>, event: &TraceEvent) -> bool {
        match event {
            TraceEvent::TestBegan { .. } => figures.get_or_insert_default().begun += 1,
            TraceEvent::TestEnded { outcome, .. } => {
                let figures = figures.get_or_insert_default();
                let count = match outcome {
                    TestOutcome::Worked(transport) => figures.worked.entry(transport.name()),
                    TestOutcome::Failed(failure) => figures.failed.entry(failure.name()),
                };
                *count.or_default() += 1;
            }
            _ => return false,
        }
        true
    }

    /// How many said `It worked`.
    pub fn worked(&self) -> u32 {
        self.worked.values().sum()
    }

    /// How many were not over at the end.
    pub fn unfinished(&self) -> u32 {
        self.begun.saturating_sub(self.worked()).saturating_sub(self.failed.values().sum())
    }

    /// All of it in one line: `It worked in 38 of 40 (websocket 38); no transport connected: 2`.
    pub(super) fn line(&self) -> String {
        let by: Vec<String> = self.worked.iter().map(|(name, count)| format!("{name} {count}")).collect();
        let by = if by.is_empty() { String::new() } else { format!(" ({})", by.join(", ")) };
        let mut parts = vec![format!("It worked in {} of {}{by}", self.worked(), self.begun)];
        parts.extend(self.failed.iter().map(|(reason, count)| format!("{reason}: {count}")));
        if self.unfinished() > 0 {
            parts.push(format!("not over at the end: {}", self.unfinished()));
        }
        parts.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use socketio08::Transport;

    use super::*;
    use crate::trace::{ClientId, TestFailure};

    #[test]
    fn tests_are_counted_by_transport_and_by_reason() {
        let mut figures = None;
        let client = ClientId(0);
        let outcomes =
            [TestOutcome::Worked(Transport::Websocket), TestOutcome::Failed(TestFailure::NotConnected)];
        for _ in 0..3 {
            assert!(TestFigures::record(&mut figures, &TraceEvent::TestBegan { client }));
        }
        for outcome in outcomes {
            assert!(TestFigures::record(&mut figures, &TraceEvent::TestEnded { client, outcome }));
        }
        assert!(!TestFigures::record(&mut figures, &TraceEvent::ClientStarted { client }));
        let line = "It worked in 1 of 3 (websocket 1); no transport connected: 1; not over at the end: 1";
        assert_eq!(figures.map(|figures| figures.line()).as_deref(), Some(line));
    }
}
