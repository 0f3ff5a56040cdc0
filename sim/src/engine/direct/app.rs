//! The second stack: plain HTTP servers that answer any request after its cost.

use bytes::Bytes;
use socketio08::Instant;

use super::queue::{Down, Event, Up};
use super::{Wire, World};
use crate::world::balancer::{ConnId, ResponseHead};

/// What the second stack answers.
const PAGE: &[u8] = b"page of the application";

/// One server of the second stack.
pub(super) struct AppNode {
    pub(super) wire: Wire,
    /// When its processor has answered everything that came so far.
    busy_until: Instant,
}

impl AppNode {
    pub(super) fn new(wire: Wire) -> Self {
        Self { wire, busy_until: Instant::ZERO }
    }
}

impl World<'_> {
    /// Something reached a server of the second stack.
    pub(super) fn app_hears(&mut self, app: usize, id: ConnId, item: &Up) {
        let Some(conn) = self.conns.get_mut(id.0) else { return };
        match item {
            Up::Syn => {
                conn.at_listener = true;
                self.send_down(id, Down::Accepted);
            }
            Up::Fin => {
                conn.at_listener = false;
                self.forget_conn(id);
            }
            Up::Request(_) => {
                let node = &mut self.apps[app];
                node.busy_until = node.busy_until.max(self.now) + self.scenario.app.cost;
                self.queue.push(node.busy_until, Event::AppAnswers(id));
            }
            Up::Tls(_) | Up::Policy | Up::Message(_) => {}
        }
    }

    /// The processor of a server of the second stack is through with a request.
    pub(super) fn app_answers(&mut self, id: ConnId) {
        if self.conns.get(id.0).is_some_and(|conn| conn.at_listener) {
            self.send_down(id, Down::Response(ResponseHead::new(200, Bytes::from_static(PAGE))));
        }
    }
}
