//! Loss and reconnection as it should be done: one handshake and one link at a time, delays with jitter and a cap, the next
//! transport also while reconnecting, a new handshake when the session is unknown, and a watch on a silent server.

use core::time::Duration;

use super::endpoint::disconnect_packet;
use super::genuine::{Reconnection, Watcher};
use super::timers::Due;
use super::{Client, ClientEvent, LinkId, LossCause};
use crate::handshake::Handshake;
use crate::seeded::SeededFault;
use crate::server::ExchangeId;
use crate::{Text, Transport};

/// The cap on delays, if the configuration names none.
const DELAY_MAX: Duration = Duration::from_secs(30);

/// How long a poll may be overdue if the server advertises no heartbeat timeout: the default of 0.8.7.
const OVERDUE: Duration = Duration::from_secs(15);

impl Client {
    pub(super) fn improved_connect(&mut self) {
        if self.connected || self.current.is_some() || self.oldest_handshake().is_some() {
            return;
        }
        self.timers.cancel_reconnects();
        self.improved_handshake();
    }

    fn improved_handshake(&mut self) {
        let exchange = self.send_handshake();
        if !self.config.connect_timeout.is_zero() {
            self.timers.set(self.now, self.config.connect_timeout, Due::Handshake(exchange));
        }
    }

    pub(super) fn improved_handshake_timeout(&mut self, exchange: ExchangeId) {
        if self.exchanges.contains_key(&exchange) {
            self.close_exchange(exchange);
            self.improved_handshake_failed(0, Text::EMPTY);
        }
    }

    pub(super) fn improved_handshake_answered(&mut self, status: u16, body: &Text) {
        self.timers.cancel_handshakes();
        match Handshake::decode(body) {
            Ok(handshake) if status == 200 => {
                self.remaining = None;
                self.take_session(handshake, body);
            }
            _ => self.improved_handshake_failed(status, body.clone()),
        }
    }

    /// A refusal at the first connection is final; no answer, and errors of a server or balancer, are tried again.
    fn improved_handshake_failed(&mut self, status: u16, body: Text) {
        self.tell(ClientEvent::HandshakeFailed { status, body });
        if self.reconnection.is_some() || status == 0 || status >= 500 {
            self.improved_attempt_failed();
        }
    }

    // --- connected

    pub(super) fn improved_connected(&mut self) {
        if self.connected {
            return;
        }
        self.connected = true;
        self.connecting = false;
        self.cancel_connect_timer();
        self.reconnection = None;
        self.improved_heard();
        self.rejoin_first();
        if !self.holding {
            self.hold(false);
        }
        if self.ever_connected {
            self.tell(ClientEvent::Reconnected);
        }
        self.ever_connected = true;
    }

    /// Something came from the server: the silence starts anew. A polling server that answers no poll, and a websocket
    /// or streaming server that sends no heartbeat, are given up after the interval and the heartbeat timeout.
    pub(super) fn improved_heard(&mut self) {
        if !self.improved() || !self.connected {
            return;
        }
        let beats = self
            .current
            .and_then(|id| self.links.get(&id))
            .is_some_and(|link| link.is_socket() || link.transport == Transport::Htmlfile);
        self.cancel_silence_timer();
        if self.seeded(SeededFault::NoSilenceTimer) {
            return;
        }
        // Without heartbeats a quiet websocket or stream says nothing about its server.
        if beats && self.heartbeat_timeout.is_none() {
            return;
        }
        self.silence_timer = Some(self.timers.set(self.now, self.silence_max(), Due::Silence));
    }

    /// A POST is on its way, and what follows waits for its answer: polls that are answered meanwhile say nothing about it.
    pub(super) fn improved_posted(&mut self) {
        self.cancel_post_timer();
        if !self.seeded(SeededFault::NoPostTimer) {
            self.post_timer = Some(self.timers.set(self.now, self.silence_max(), Due::Post));
        }
    }

    fn silence_max(&self) -> Duration {
        self.config.server_interval.saturating_add(self.heartbeat_timeout.unwrap_or(OVERDUE))
    }

    pub(super) fn improved_silence(&mut self) {
        self.improved_lose(LossCause::Silence);
    }

    // --- loss

    /// The link failed: closed, refused, or answered with an error.
    pub(super) fn improved_link_lost(&mut self, id: LinkId) {
        if self.current == Some(id) {
            self.improved_lose(LossCause::Transport);
        }
    }

    fn improved_lose(&mut self, cause: LossCause) {
        if self.connected {
            self.tear_down();
            self.tell(ClientEvent::Disconnected { cause });
            if self.config.reconnect {
                self.schedule_attempt();
            }
        } else {
            self.try_next_transport();
        }
    }

    /// The transport failed before it connected: the next one gets the same session.
    fn try_next_transport(&mut self) {
        let remaining = self.next_transports();
        self.tear_down();
        if remaining.is_empty() || !self.config.try_multiple_transports {
            self.improved_attempt_failed();
        } else {
            self.open_first(&remaining);
        }
    }

    pub(super) fn improved_connect_timeout(&mut self) {
        self.connect_timer = None;
        if !self.connected {
            self.try_next_transport();
        }
    }

    /// The session is unknown to the server that was asked: only a new handshake helps.
    pub(super) fn improved_rejected(&mut self, id: LinkId) {
        if self.current != Some(id) {
            return;
        }
        let was_connected = self.connected;
        self.tear_down();
        if was_connected {
            self.tell(ClientEvent::Disconnected { cause: LossCause::Booted });
        }
        self.improved_attempt_failed();
    }

    /// `0::` on the root: the server wants us gone.
    pub(super) fn improved_booted(&mut self, id: LinkId) {
        if self.current != Some(id) {
            return;
        }
        let was_connected = self.connected;
        self.tear_down();
        self.reconnection = None;
        self.tell(if was_connected {
            ClientEvent::Disconnected { cause: LossCause::Booted }
        } else {
            ClientEvent::ConnectFailed { endpoint: Text::EMPTY }
        });
    }

    /// Ends whatever is going on; `0::` is said first if `farewell` and connected.
    pub(super) fn improved_disconnect(&mut self, farewell: bool) {
        let was_connected = self.connected;
        if let Some(id) = self.current.filter(|_| farewell && was_connected) {
            self.write_farewell(id, disconnect_packet(&Text::EMPTY));
        }
        while let Some(exchange) = self.oldest_handshake() {
            self.close_exchange(exchange);
        }
        self.tear_down();
        self.timers.cancel_all();
        self.reconnection = None;
        if was_connected {
            self.tell(ClientEvent::Disconnected { cause: LossCause::Booted });
        }
    }

    /// Closes the link. Messages that were posted and not confirmed wait for the next session, which may bring them to the
    /// server a second time: at least once is the promise.
    fn tear_down(&mut self) {
        self.connected = false;
        self.connecting = false;
        self.open = false;
        self.holding = false;
        self.cancel_connect_timer();
        self.cancel_silence_timer();
        self.cancel_post_timer();
        self.outbox.keep_for_next_session();
        if let Some(id) = self.current.take().filter(|_| !self.seeded(SeededFault::KeepOldLink)) {
            self.drop_link(id);
        }
    }

    // --- attempts

    /// An attempt came to nothing.
    pub(super) fn improved_attempt_failed(&mut self) {
        self.connecting = false;
        if self.config.reconnect {
            self.schedule_attempt();
        } else {
            self.reconnection = None;
            self.tell(ClientEvent::ConnectFailed { endpoint: Text::EMPTY });
        }
    }

    fn schedule_attempt(&mut self) {
        let made = self.reconnection.as_ref().map_or(0, |reconnection| reconnection.attempts);
        if made >= self.config.max_reconnection_attempts {
            self.reconnection = None;
            self.tell(ClientEvent::ReconnectFailed);
            return;
        }
        let attempt = made + 1;
        let cap = self.config.reconnection_limit.unwrap_or(DELAY_MAX);
        let base = self.config.reconnection_delay.saturating_mul(2_u32.saturating_pow(made)).min(cap);
        let unit = if self.seeded(SeededFault::LongDelay) { 1_000 } else { 1 };
        let delay = base / 1_000 * u32::from(1_000 - self.jitter_permille) * unit;
        self.reconnection = Some(Reconnection { attempts: attempt, delay, redone: false });
        if !self.seeded(SeededFault::NoReconnectTimer) {
            self.timers.set(self.now, delay, Due::Reconnect(Watcher::default()));
        }
        self.tell(ClientEvent::ReconnectScheduled { attempt, delay });
    }

    pub(super) fn improved_reconnect(&mut self) {
        let Some(reconnection) = &self.reconnection else { return };
        let attempt = reconnection.attempts;
        self.tell(ClientEvent::Reconnecting { attempt });
        self.improved_handshake();
    }

    fn cancel_connect_timer(&mut self) {
        if let Some(timer) = self.connect_timer.take() {
            self.timers.cancel(timer);
        }
    }

    pub(super) fn cancel_post_timer(&mut self) {
        if let Some(timer) = self.post_timer.take() {
            self.timers.cancel(timer);
        }
    }

    fn cancel_silence_timer(&mut self) {
        if let Some(timer) = self.silence_timer.take() {
            self.timers.cancel(timer);
        }
    }
}
