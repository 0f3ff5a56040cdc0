//! Loss and reconnection as the genuine client does it, faults included.

use core::time::Duration;

use super::endpoint::disconnect_packet;
use super::link::Phase;
use super::timers::Due;
use super::{Client, ClientEvent, LinkId, LossCause};
use crate::Text;

/// While a transport is opening, a reconnection timer only looks again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A reconnection under way.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Reconnection {
    pub(super) attempts: u32,
    /// The delay before the next attempt.
    pub(super) delay: Duration,
    /// The last resort was tried: one more handshake, with every transport.
    pub(super) redone: bool,
}

/// What drives one reconnection: its timers and listeners. The genuine client of 0.9 starts another one beside one under way,
/// and each puts back, when it ends one, what `try multiple transports` was when it was made.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Watcher {
    serial: u64,
    try_multiple: bool,
}

impl Watcher {
    pub(super) fn serial(self) -> u64 {
        self.serial
    }

    pub(super) fn renumbered(self, new: impl Fn(u64) -> u64) -> Self {
        Self { serial: new(self.serial), ..self }
    }
}

impl Client {
    /// Makes a handshake unless a transport is opening. A handshake that is pending does not count: this is how a client
    /// comes by two sessions.
    pub(super) fn genuine_connect(&mut self) {
        if !self.connecting {
            self.connecting = self.is_v0_9();
            self.send_handshake();
        }
    }

    /// `1::` on the root.
    pub(super) fn genuine_connected(&mut self) {
        if self.connected {
            return;
        }
        self.connected = true;
        self.connecting = false;
        self.ever_connected = true;
        if !self.holding {
            self.hold(false);
        }
        // Only the newest connect timer is cancelled, and only if a handshake succeeded since the last connection.
        if self.connect_timer_watched {
            self.connect_timer_watched = false;
            if let Some(timer) = self.connect_timer.take() {
                self.timers.cancel(timer);
            }
        }
        for watcher in self.connect_watchers.clone() {
            self.maybe_reconnect(watcher);
        }
    }

    /// The connect timeout counts from the opening of the transport, and a failure before it is not noticed.
    pub(super) fn genuine_connect_timeout(&mut self) {
        if self.connected {
            return;
        }
        self.connecting = false;
        if !self.try_multiple {
            return;
        }
        let remaining = self.next_transports();
        if remaining.is_empty() {
            self.connect_failed();
        } else {
            self.open_first(&remaining);
        }
    }

    /// No transport is left. Only the last resort of a reconnection listens to it.
    pub(super) fn connect_failed(&mut self) {
        if self.improved() {
            self.improved_attempt_failed();
            return;
        }
        for watcher in self.failure_watchers.clone() {
            self.maybe_reconnect(watcher);
        }
        self.tell(ClientEvent::ConnectFailed { endpoint: Text::EMPTY });
    }

    pub(super) fn genuine_disconnect(&mut self) {
        if !self.connected && !self.is_connecting_v0_9() {
            return;
        }
        if self.open {
            // While a POST is in flight, or a transport of 0.9 is not connected yet, this waits like any packet, and reaches the
            // next session instead.
            self.write_own(disconnect_packet(&Text::EMPTY));
        }
        self.lose(LossCause::Booted);
    }

    fn is_connecting_v0_9(&self) -> bool {
        self.connecting && self.is_v0_9()
    }

    /// `7:::1+0`: before the connection it is only reported, in 0.9 before a transport is opened. 0.8.7 does not look whether
    /// it may reconnect.
    pub(super) fn genuine_rejected(&mut self) {
        if self.connected || self.is_connecting_v0_9() {
            self.genuine_disconnect();
            if self.config.reconnect || !self.is_v0_9() {
                self.start_reconnecting();
            }
        }
    }

    /// The connection is over, whichever link said so: the current one is closed.
    pub(super) fn lose(&mut self, cause: LossCause) {
        let was_connected = self.connected;
        let was_connecting = self.is_connecting_v0_9();
        self.connected = false;
        self.connecting = false;
        self.open = false;
        if !was_connected && !was_connecting {
            return;
        }
        if let Some(id) = self.current {
            self.close_link(id);
            self.cancel_close_timer(id);
        }
        if !was_connected {
            return;
        }
        self.tell(ClientEvent::Disconnected { cause });
        if cause != LossCause::Booted && self.config.reconnect && self.reconnection.is_none() {
            self.start_reconnecting();
        }
    }

    // --- links

    pub(super) fn close_link(&mut self, id: LinkId) {
        let Some(link) = self.links.get(&id) else { return };
        if !link.is_socket() {
            self.genuine_poll_link_closed(id);
        } else if self.close_socket(id) {
            self.closing.push_back(id);
        }
    }

    /// A polling or streaming link ended: its poll is aborted, its POST goes on. A script cannot be aborted, and what it brings
    /// is still taken.
    pub(super) fn genuine_poll_link_closed(&mut self, id: LinkId) {
        self.link_closed(id);
        if !self.is_script_link(id) {
            self.abort_poll(id);
        }
    }

    /// A websocket ended, by itself or because we closed it.
    pub(super) fn genuine_socket_ended(&mut self, id: LinkId) {
        self.link_closed(id);
        self.hold(true);
    }

    pub(super) fn link_closed(&mut self, id: LinkId) {
        if let Some(link) = self.links.get_mut(&id) {
            link.phase = Phase::Closed;
        }
        self.open = false;
        self.cancel_heartbeat_timer();
        self.cancel_close_timer(id);
        self.lose(LossCause::Transport);
    }

    /// In 0.8.7 neither reported nor followed by a reconnection, unless another link had connected.
    pub(super) fn genuine_close_timeout(&mut self, id: LinkId) {
        self.forget_close_timer(id);
        if self.is_v0_9() {
            self.close_timeout_v0_9(id);
            return;
        }
        if self.links.get(&id).is_some_and(|link| link.phase != Phase::Closed) {
            self.close_link(id);
        }
        self.lose(LossCause::Transport);
    }

    // --- reconnection

    fn start_reconnecting(&mut self) {
        let delay = self.config.reconnection_delay;
        self.reconnection = Some(Reconnection { attempts: 0, delay, redone: false });
        let watcher = Watcher { serial: self.next_watcher, try_multiple: self.try_multiple };
        self.next_watcher += 1;
        self.try_multiple = false;
        self.set_reconnect_timer(delay, watcher);
        if self.connect_watchers.len() >= self.config.limits.client_timers_max.max(1) {
            self.connect_watchers.remove(0);
            self.tell(ClientEvent::Overflow { limit: "client_timers_max" });
        }
        self.connect_watchers.push(watcher);
        self.tell(ClientEvent::ReconnectScheduled { attempt: 1, delay });
    }

    /// Those already pending go on if there is no room for another.
    fn set_reconnect_timer(&mut self, delay: Duration, watcher: Watcher) {
        if self.timers.reconnect_count() >= self.config.limits.client_timers_max.max(1) {
            self.tell(ClientEvent::Overflow { limit: "client_timers_max" });
        } else {
            self.reconnect_timer = Some(self.timers.set(self.now, delay, Due::Reconnect(watcher)));
        }
    }

    /// A reconnection timer fired, the client connected, or the last resort failed. Timers of earlier cycles come here too
    /// and count as attempts of this one.
    pub(super) fn maybe_reconnect(&mut self, watcher: Watcher) {
        let Some(reconnection) = &mut self.reconnection else { return };
        if self.connected {
            self.end_reconnecting(watcher);
            return;
        }
        if self.connecting {
            self.set_reconnect_timer(LOOK_AGAIN, watcher);
            return;
        }
        let made = reconnection.attempts;
        reconnection.attempts = made.saturating_add(1);
        if made < self.config.max_reconnection_attempts {
            self.attempt(watcher);
        } else if reconnection.redone {
            self.tell(ClientEvent::ReconnectFailed);
            self.end_reconnecting(watcher);
        } else {
            reconnection.redone = true;
            self.failure_watchers.push(watcher);
            self.try_multiple = true;
            let choices = self.agreed_transports();
            self.current = self.new_link(&choices);
            self.genuine_connect();
        }
    }

    fn attempt(&mut self, watcher: Watcher) {
        self.genuine_connect();
        let Some(reconnection) = &mut self.reconnection else { return };
        // Doubling stops at the limit, so that the last delay may exceed it.
        if self.config.reconnection_limit.is_none_or(|limit| reconnection.delay < limit) {
            reconnection.delay = reconnection.delay.saturating_mul(2);
        }
        let (attempt, delay) = (reconnection.attempts, reconnection.delay);
        self.tell(ClientEvent::Reconnecting { attempt });
        self.set_reconnect_timer(delay, watcher);
        self.tell(ClientEvent::ReconnectScheduled { attempt: attempt.saturating_add(1), delay });
    }

    /// 0.8.7 leaves the pending timer to fire in the next cycle, 0.9 all but the newest.
    fn end_reconnecting(&mut self, watcher: Watcher) {
        if self.connected {
            self.rejoin();
            self.tell(ClientEvent::Reconnected);
        }
        if let Some(timer) = self.reconnect_timer.take().filter(|_| self.is_v0_9()) {
            self.timers.cancel(timer);
        }
        self.connect_watchers.retain(|other| *other != watcher);
        self.failure_watchers.retain(|other| *other != watcher);
        self.reconnection = None;
        self.try_multiple = watcher.try_multiple;
    }
}
