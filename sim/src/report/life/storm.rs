//! Storms: many clients without a connection at once, and the handshakes they make.

use std::time::Duration;

use serde::Serialize;
use socketio08::Instant;

use crate::report::figures::{fraction, millis};
use crate::trace::{RequestKind, TraceEvent};

/// Buckets of the curve.
const STEP: Duration = Duration::from_millis(100);

/// The longest time that clients who were connected were not.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Episode {
    /// When the first of them was cut off, from the start of the run.
    pub at_ms: u64,
    /// How many were cut off before it was over.
    pub clients: u32,
    /// Until 99 of 100 of them were connected again; `None`: they were not before the end.
    pub until_99_ms: Option<u64>,
}

/// Handshakes over time, and how long it took to be back.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Storms {
    /// Handshakes that clients sent.
    pub handshakes_sent: u64,
    /// The most in 100 ms.
    pub peak_per_100_ms: u64,
    /// The most in one second, counted from whole seconds.
    pub peak_per_second: u64,
    /// The mean over the run.
    pub mean_per_second: f64,
    /// In each second from the start.
    pub handshakes_per_second: Vec<u64>,
    /// Waves: times from which clients sent handshakes after 300 ms without one, with how many it was.
    pub waves: Vec<(u64, u64)>,
    /// The longest time that clients were cut off.
    pub longest: Option<Episode>,
}

/// Collects [`Storms`].
#[derive(Clone, Debug)]
pub(super) struct Storm {
    /// Handshakes in each [`STEP`].
    steps: Vec<u64>,
    waves: Vec<(u64, u64)>,
    last: Option<Instant>,
    /// Who is cut off in the present episode: hit at all, out now.
    hit: Vec<bool>,
    out: Vec<bool>,
    hit_count: u32,
    out_count: u32,
    since: Instant,
    longest: Option<Episode>,
}

impl Storm {
    pub(super) fn new(clients: usize) -> Self {
        Self {
            steps: Vec::new(),
            waves: Vec::new(),
            last: None,
            hit: vec![false; clients],
            out: vec![false; clients],
            hit_count: 0,
            out_count: 0,
            since: Instant::ZERO,
            longest: None,
        }
    }

    pub(super) fn record(&mut self, at: Instant, event: &TraceEvent) {
        match event {
            TraceEvent::Requested { kind: RequestKind::Handshake, .. } => self.handshake(at),
            TraceEvent::Disconnected { client, .. } => self.lose(at, client.index()),
            TraceEvent::Connected { client, .. } | TraceEvent::Left { client, .. } => {
                self.find(at, client.index());
            }
            _ => {}
        }
    }

    fn handshake(&mut self, at: Instant) {
        let step = usize::try_from(at.as_micros() / u64::try_from(STEP.as_micros()).unwrap_or(1));
        let Ok(step) = step else { return };
        if self.steps.len() <= step {
            self.steps.resize(step + 1, 0);
        }
        if let Some(count) = self.steps.get_mut(step) {
            *count += 1;
        }
        match self.waves.last_mut().filter(|_| self.last.is_some_and(|last| at < last + STEP * 3)) {
            Some((_, count)) => *count += 1,
            None => self.waves.push((at.as_millis(), 1)),
        }
        self.last = Some(at);
    }

    fn lose(&mut self, at: Instant, client: usize) {
        let Some(out) = self.out.get_mut(client).filter(|out| !**out) else { return };
        *out = true;
        if self.hit_count == 0 {
            self.since = at;
        }
        self.out_count += 1;
        if let Some(hit) = self.hit.get_mut(client).filter(|hit| !**hit) {
            *hit = true;
            self.hit_count += 1;
        }
    }

    fn find(&mut self, at: Instant, client: usize) {
        let Some(out) = self.out.get_mut(client).filter(|out| **out) else { return };
        *out = false;
        self.out_count -= 1;
        if self.out_count * 100 <= self.hit_count {
            let until_99_ms = Some(millis(self.since, at));
            self.close(until_99_ms);
        }
    }

    /// The episode is over; those still out begin the next.
    fn close(&mut self, until_99_ms: Option<u64>) {
        let episode = Episode { at_ms: self.since.as_millis(), clients: self.hit_count, until_99_ms };
        let length = |episode: &Episode| episode.until_99_ms.unwrap_or(u64::MAX);
        if self.longest.is_none_or(|longest| length(&longest) < length(&episode)) {
            self.longest = Some(episode);
        }
        self.hit.fill(false);
        self.out.fill(false);
        (self.hit_count, self.out_count) = (0, 0);
    }

    pub(super) fn finish(mut self, end: Instant) -> Storms {
        if self.out_count > 0 {
            self.close(None);
        }
        let seconds: Vec<u64> = self.steps.chunks(10).map(|second| second.iter().sum()).collect();
        let sent = self.steps.iter().sum();
        Storms {
            handshakes_sent: sent,
            peak_per_100_ms: self.steps.iter().copied().max().unwrap_or(0),
            peak_per_second: seconds.iter().copied().max().unwrap_or(0),
            mean_per_second: fraction(sent * 1_000, end.as_millis().max(1)),
            handshakes_per_second: seconds,
            waves: self.waves,
            longest: self.longest,
        }
    }
}
