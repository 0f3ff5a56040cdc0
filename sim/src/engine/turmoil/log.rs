//! Brings the events of one step into the order of time.

use socketio08::Instant;

use crate::trace::{TraceEvent, TraceHandle, TraceSink};

/// Hosts run one after the other within a step, so a later host tells of earlier moments. The log keeps what happened after
/// the step's end, sorts the rest by time, and at one instant leaves the order in which it was told.
pub(super) struct Log<'a> {
    sink: &'a mut dyn TraceSink,
    waiting: Waiting,
}

#[derive(Default)]
struct Waiting(Vec<(Instant, TraceEvent)>);

impl TraceSink for Waiting {
    fn record(&mut self, at: Instant, event: TraceEvent) {
        self.0.push((at, event));
    }
}

impl<'a> Log<'a> {
    pub(super) fn new(sink: &'a mut dyn TraceSink) -> Self {
        Self { sink, waiting: Waiting::default() }
    }

    /// Takes the events of a step that ended at `end`, and hands on those before it.
    pub(super) fn take(&mut self, trace: &TraceHandle, end: Instant) {
        trace.drain(&mut self.waiting);
        if !self.waiting.0.is_empty() {
            self.waiting.0.sort_by_key(|(at, _)| *at);
            let past = self.waiting.0.partition_point(|(at, _)| *at < end);
            for (at, event) in self.waiting.0.drain(..past) {
                self.sink.record(at, event);
            }
        }
    }

    /// Hands on the rest.
    pub(super) fn close(self) {
        for (at, event) in self.waiting.0 {
            self.sink.record(at, event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{ClientId, Record};

    #[test]
    fn events_of_a_step_come_in_order_of_time_and_those_after_it_with_the_next() {
        let trace = TraceHandle::default();
        let started = |client| TraceEvent::ClientStarted { client: ClientId(client) };
        let mut records: Vec<Record> = Vec::new();
        let mut log = Log::new(&mut records);
        trace.record(Instant::from_millis(2), started(0));
        trace.record(Instant::from_millis(1), started(1));
        trace.record(Instant::from_millis(1), started(2));
        log.take(&trace, Instant::from_millis(2));
        trace.record(Instant::from_millis(2), started(3));
        log.take(&trace, Instant::from_millis(3));
        log.close();
        let events: Vec<_> = records.into_iter().map(|record| record.event).collect();
        assert_eq!(events, [started(1), started(2), started(0), started(3)]);
    }
}
