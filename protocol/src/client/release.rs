//! What the genuine client of 0.9 does differently from that of 0.8.7 (facts 11): its handshake, and its watchdogs.
//!
//! * `connect` counts a pending handshake; one that is refused with 403 counts for ever.
//! * Any 200 is a handshake: what is missing counts as zero, and no list of transports as the client's own.
//! * The transports are agreed on once in the client's life, and those that were tried are gone for good.
//! * A packet sets the heartbeat watchdog (websocket and htmlfile), any data the close watchdog; either ends the connection.
//! * `7:::1+0` leads to a new handshake also while connecting, and starts another reconnection beside one under way.

use core::time::Duration;

use super::handshake::{advertised_count, common_transports};
use super::link::Phase;
use super::timers::Due;
use super::{Client, ClientEvent, LinkId, LossCause};
use crate::{Profile, Text, Transport, target};

/// A platform's timers take a delay beyond this many milliseconds for none.
const DELAY_MS_MAX: f64 = 2_147_483_647.0;

impl Client {
    /// The genuine client of 0.9.
    pub(super) fn is_v0_9(&self) -> bool {
        !self.improved() && self.config.profile == Profile::V0_9
    }

    pub(super) fn take_handshake_v0_9(&mut self, status: u16, body: &Text) {
        if status == 200 {
            self.take_session_v0_9(body);
            return;
        }
        if status != 403 {
            self.connecting = false;
        }
        if status == 403 || self.reconnection.is_none() {
            self.tell(ClientEvent::HandshakeFailed { status, body: body.clone() });
        }
    }

    fn take_session_v0_9(&mut self, body: &Text) {
        let mut fields = body.split(':');
        let session = fields.next().unwrap_or_default();
        if !session.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'?' | b'#')) {
            // It would end, or break, the request line.
            self.connecting = false;
            self.tell(ClientEvent::HandshakeFailed { status: 200, body: body.clone() });
            return;
        }
        self.session = body.slice_ref(session);
        self.heartbeat_timeout = Some(seconds(fields.next()));
        self.close_timeout = seconds(fields.next());
        if self.remaining.is_none() {
            let ours = &self.config.transports;
            self.remaining = Some(match fields.next().filter(|list| !list.is_empty()) {
                None => ours.clone(),
                Some(list) => {
                    let theirs: alloc::vec::Vec<Transport> =
                        list.split(',').filter_map(Transport::from_name).collect();
                    common_transports(&theirs, advertised_count(body), ours)
                }
            });
        }
        self.tell(ClientEvent::Handshaken { session: self.session.clone() });
        self.connect_timer_watched = true;
        self.heard_v0_9();
        let transports = self.remaining.clone().unwrap_or_default();
        self.open_first(&transports);
    }

    /// Sets the heartbeat watchdog anew. It is not set for polling, but stays as it was while no transport is opened yet, and
    /// then ends whichever is the current one.
    pub(super) fn heard_v0_9(&mut self) {
        self.cancel_heartbeat_timer();
        if self.current.is_some_and(|id| self.polls(id)) {
            return;
        }
        let delay = self.heartbeat_timeout.unwrap_or_default();
        self.heartbeat_timer = Some(self.timers.set(self.now, delay, Due::Heartbeat));
    }

    fn polls(&self, id: LinkId) -> bool {
        self.links
            .get(&id)
            .is_some_and(|link| matches!(link.transport, Transport::XhrPolling | Transport::JsonpPolling))
    }

    pub(super) fn cancel_heartbeat_timer(&mut self) {
        if let Some(timer) = self.heartbeat_timer.take() {
            self.timers.cancel(timer);
        }
    }

    pub(super) fn heartbeat_timeout(&mut self) {
        self.heartbeat_timer = None;
        let Some(id) = self.current else { return };
        if self.polls(id) {
            self.genuine_poll_link_closed(id);
        } else {
            self.link_closed(id);
        }
    }

    /// The close watchdog of a link fired.
    pub(super) fn close_timeout_v0_9(&mut self, id: LinkId) {
        if self.links.get(&id).is_some_and(|link| link.phase == Phase::Open && !link.rejected) {
            self.close_link(id);
        }
        self.lose(LossCause::Transport);
    }

    /// A page that unloads says goodbye if it was told to (facts 11).
    pub(super) fn say_goodbye(&mut self) {
        if !self.config.disconnect_on_unload
            || self.config.profile != Profile::V0_9
            || self.session.is_empty()
        {
            return;
        }
        let target = target::disconnect(&self.config.resource, &self.session);
        let exchange = self.open_exchange(super::Use::Farewell);
        self.transmits.push_back(super::ClientTransmit::Get { exchange, target });
    }
}

/// A timeout as JavaScript reads it from the handshake: what is no number, missing or too great is none at all.
fn seconds(field: Option<&str>) -> Duration {
    let millis = field.and_then(|field| target::number(field.trim())).unwrap_or_default() * 1_000.0;
    if millis > 0.0 && millis <= DELAY_MS_MAX {
        Duration::try_from_secs_f64(millis / 1_000.0).unwrap_or_default()
    } else {
        Duration::ZERO
    }
}
