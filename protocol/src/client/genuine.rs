//! Loss and reconnection as the genuine client does it, faults included.

use core::time::Duration;

use super::endpoint::disconnect_packet;
use super::link::Phase;
use super::timers::Due;
use super::{Client, ClientEvent, LinkId, LossCause};
use crate::{Text, Transport};

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

impl Client {
    /// Makes a handshake unless a transport is opening. A handshake that is pending does not count: this is how a client
    /// comes by two sessions.
    pub(super) fn genuine_connect(&mut self) {
        if !self.connecting {
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
        self.maybe_reconnect();
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
        if self.last_resort {
            self.maybe_reconnect();
        }
        self.tell(ClientEvent::ConnectFailed { endpoint: Text::EMPTY });
    }

    pub(super) fn genuine_disconnect(&mut self) {
        if !self.connected {
            return;
        }
        if self.open {
            // While a POST is in flight this waits like any packet, and reaches the next session instead.
            self.write_own(disconnect_packet(&Text::EMPTY));
        }
        self.lose(LossCause::Booted);
    }

    /// `7:::1+0`: before the connection it is only reported.
    pub(super) fn genuine_rejected(&mut self) {
        if self.connected {
            self.genuine_disconnect();
            self.start_reconnecting();
        }
    }

    /// The connection is over, whichever link said so: the current one is closed.
    pub(super) fn lose(&mut self, cause: LossCause) {
        let was_connected = self.connected;
        self.connected = false;
        self.connecting = false;
        self.open = false;
        if !was_connected {
            return;
        }
        if let Some(id) = self.current {
            self.close_link(id);
            self.cancel_first_poll_timer(id);
        }
        self.tell(ClientEvent::Disconnected { cause });
        if cause != LossCause::Booted && self.config.reconnect && self.reconnection.is_none() {
            self.start_reconnecting();
        }
    }

    // --- links

    fn close_link(&mut self, id: LinkId) {
        let Some(link) = self.links.get(&id) else { return };
        if link.transport != Transport::Websocket {
            self.genuine_poll_link_closed(id);
        } else if self.close_socket(id) {
            self.closing.push_back(id);
        }
    }

    /// A polling link ended: its poll is aborted, its POST goes on.
    pub(super) fn genuine_poll_link_closed(&mut self, id: LinkId) {
        self.link_closed(id);
        self.abort_poll(id);
    }

    /// A websocket ended, by itself or because we closed it.
    pub(super) fn genuine_socket_ended(&mut self, id: LinkId) {
        self.link_closed(id);
        self.hold(true);
    }

    fn link_closed(&mut self, id: LinkId) {
        if let Some(link) = self.links.get_mut(&id) {
            link.phase = Phase::Closed;
        }
        self.open = false;
        self.cancel_first_poll_timer(id);
        self.lose(LossCause::Transport);
    }

    /// Neither reported nor followed by a reconnection, unless another link had connected.
    pub(super) fn first_poll_timeout(&mut self, id: LinkId) {
        if self.links.get(&id).is_some_and(|link| link.phase != Phase::Closed) {
            self.close_link(id);
        }
        self.lose(LossCause::Transport);
    }

    // --- reconnection

    fn start_reconnecting(&mut self) {
        let delay = self.config.reconnection_delay;
        self.reconnection = Some(Reconnection { attempts: 0, delay, redone: false });
        self.try_multiple = false;
        self.set_reconnect_timer(delay);
        self.tell(ClientEvent::ReconnectScheduled { attempt: 1, delay });
    }

    /// Those already pending go on if there is no room for another.
    fn set_reconnect_timer(&mut self, delay: Duration) {
        if self.timers.reconnect_count() >= self.config.limits.client_timers_max.max(1) {
            self.tell(ClientEvent::Overflow { limit: "client_timers_max" });
        } else {
            self.timers.set(self.now, delay, Due::Reconnect);
        }
    }

    /// A reconnection timer fired, the client connected, or the last resort failed. Timers of earlier cycles come here too
    /// and count as attempts of this one.
    pub(super) fn maybe_reconnect(&mut self) {
        let Some(reconnection) = &mut self.reconnection else { return };
        if self.connected {
            self.end_reconnecting();
            return;
        }
        if self.connecting {
            self.set_reconnect_timer(LOOK_AGAIN);
            return;
        }
        let made = reconnection.attempts;
        reconnection.attempts = made.saturating_add(1);
        if made < self.config.max_reconnection_attempts {
            self.attempt();
        } else if reconnection.redone {
            self.tell(ClientEvent::ReconnectFailed);
            self.end_reconnecting();
        } else {
            reconnection.redone = true;
            self.last_resort = true;
            self.try_multiple = true;
            let choices = self.choices.clone();
            self.current = self.new_link(&choices);
            self.genuine_connect();
        }
    }

    fn attempt(&mut self) {
        self.genuine_connect();
        let Some(reconnection) = &mut self.reconnection else { return };
        // Doubling stops at the limit, so that the last delay may exceed it.
        if self.config.reconnection_limit.is_none_or(|limit| reconnection.delay < limit) {
            reconnection.delay = reconnection.delay.saturating_mul(2);
        }
        let (attempt, delay) = (reconnection.attempts, reconnection.delay);
        self.tell(ClientEvent::Reconnecting { attempt });
        self.set_reconnect_timer(delay);
        self.tell(ClientEvent::ReconnectScheduled { attempt: attempt.saturating_add(1), delay });
    }

    /// The pending timer is left to fire in the next cycle.
    fn end_reconnecting(&mut self) {
        if self.connected {
            self.rejoin();
            self.tell(ClientEvent::Reconnected);
        }
        self.last_resort = false;
        self.reconnection = None;
        self.try_multiple = self.config.try_multiple_transports;
    }
}
