//! The deadlines of all sessions in one ordered set: the next one is found without a scan (law 7).

use alloc::collections::BTreeSet;
use core::time::Duration;

use super::rebase::moved;
use super::{Cause, Server, SessionId};
use crate::seeded::SeededFault;
use crate::{Deadline, Instant, Text, Timer};

/// At most one deadline a session: the states that have one exclude each other (a waiting poll, the time between polls,
/// an open socket, a handshake not used yet).
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Deadlines(BTreeSet<(Instant, SessionId, Timer)>);

impl Deadlines {
    pub(super) fn next(&self) -> Option<Deadline> {
        self.0.first().map(|&(at, _, timer)| Deadline { at, timer })
    }

    fn due(&self, now: Instant) -> Option<(SessionId, Timer)> {
        self.0.first().filter(|(at, ..)| *at <= now).map(|(_, id, timer)| (id.clone(), *timer))
    }

    pub(super) fn rebase(&mut self, now: Instant) {
        let old = core::mem::take(&mut self.0);
        self.0 = old.into_iter().map(|(at, id, timer)| (moved(at, now), id, timer)).collect();
    }

    /// Takes the earliest out if it is due: one that was replaced would fire for ever.
    fn forget_due(&mut self, now: Instant) {
        if self.due(now).is_some() {
            self.0.pop_first();
        }
    }

    pub(super) fn insert(&mut self, id: &SessionId, deadline: Deadline) {
        self.0.insert((deadline.at, id.clone(), deadline.timer));
    }

    pub(super) fn remove(&mut self, id: &SessionId, deadline: Deadline) {
        self.0.remove(&(deadline.at, id.clone(), deadline.timer));
    }
}

impl Server {
    /// Replaces the session's deadline by one `after` from now.
    pub(super) fn set_timer(&mut self, id: &SessionId, timer: Timer, after: Duration) {
        self.set_deadline(id, Some(Deadline { at: self.now + after, timer }));
    }

    /// The session has nothing to wait for.
    pub(super) fn clear_timer(&mut self, id: &SessionId) {
        self.set_deadline(id, None);
    }

    fn set_deadline(&mut self, id: &SessionId, deadline: Option<Deadline>) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let old = core::mem::replace(&mut session.deadline, deadline);
        if let Some(old) = old.filter(|_| !self.seeded(SeededFault::StaleDeadline)) {
            self.deadlines.remove(id, old);
        }
        if let Some(new) = deadline {
            self.deadlines.insert(id, new);
        }
    }

    /// An unused handshake dies at the first tick of the sweep at which it is old enough (facts 8: at 0.1 s it dies at the
    /// 40 s tick, at 28 s it is still usable then). The tick is computed, so that idle sweeps wake nobody.
    pub(super) fn handshake_deadline(&self) -> Option<Deadline> {
        let sweep = self.config.handshake_sweep;
        if sweep.is_zero() {
            return None;
        }
        let early = self.seeded(SeededFault::EarlySweep);
        let lifetime = if early { Duration::ZERO } else { self.config.handshake_lifetime };
        let old_enough = (self.now + lifetime) - self.started;
        let micros = old_enough.as_micros().div_ceil(sweep.as_micros()).saturating_mul(sweep.as_micros());
        let at = self.started + Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX));
        Some(Deadline { at, timer: Timer::Handshake })
    }

    /// Fires everything due. Each firing removes a deadline or replaces it by one of a later state, so that the loop ends
    /// even if durations are zero.
    pub(super) fn fire_due(&mut self) {
        loop {
            if let Some((id, timer)) = self.deadlines.due(self.now) {
                if self.seeded(SeededFault::StaleDeadline) {
                    self.deadlines.forget_due(self.now);
                }
                self.clear_timer(&id);
                self.fire(&id, timer);
            } else if let Some(question) = self.questions.due(self.now) {
                self.give_up(question);
            } else if let Some(exchange) = self.forwards.due(self.now) {
                self.forward_failed(exchange);
            } else if let Some(session) = self.portable.due(self.now) {
                self.handover_due(&session);
            } else {
                return;
            }
        }
    }

    fn fire(&mut self, id: &SessionId, timer: Timer) {
        match timer {
            // A poll of 0.9 whose client hung up: the time between polls begins where it would have been answered.
            Timer::Poll if self.channel(id).is_none() => {
                self.set_timer(id, Timer::Close, self.config.close_timeout);
            }
            Timer::Poll => {
                self.deliver(id, Text::from_static("8::"));
            }
            // A handshake that nobody used ends without an event.
            Timer::Close | Timer::Handshake => {
                self.store_silent(id);
                self.end(id, Cause::CloseTimeout, None);
            }
            Timer::Heartbeat => {
                self.deliver(id, Text::from_static("2::"));
                self.set_timer(id, Timer::HeartbeatReply, self.config.heartbeat_timeout);
            }
            Timer::HeartbeatReply => self.end(id, Cause::HeartbeatTimeout, None),
            // Of a question or an exchange, not of a session; and those of the client.
            Timer::Authorization | Timer::Connect | Timer::Forward | Timer::Handover | Timer::Reconnect => {}
        }
    }
}
