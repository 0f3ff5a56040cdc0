//! What passes between clients and whom they connect to, counted; the bytes are those of HTTP, before TLS.

use socketio08::policy::REQUEST;

use super::World;
use super::queue::{Down, Up};
use crate::trace::{ClientId, TraceEvent};
use crate::world::bytes;

/// What one client sent and got.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Meter {
    requests: u64,
    connections: u64,
    bytes_up: u64,
    bytes_down: u64,
}

impl Meter {
    pub(super) fn count_up(&mut self, item: &Up) {
        match item {
            Up::Syn => self.connections += 1,
            Up::Request(request) => {
                self.requests += 1;
                let method = if request.body.is_empty() { 3 } else { 4 };
                self.bytes_up += bytes::request(method, request.head.target.len(), request.body.len());
            }
            Up::Message(text) => self.bytes_up += bytes::message(text.len(), true),
            Up::Policy => self.bytes_up += REQUEST.len() as u64,
            Up::Fin | Up::Tls(_) => {}
        }
    }

    pub(super) fn count_down(&mut self, item: &Down) {
        self.bytes_down += match item {
            Down::Response(head) | Down::Begun(head) => bytes::response(head.body.len()),
            Down::Chunk(part) => bytes::chunk(part.len()),
            // The last chunk is empty.
            Down::Whole => bytes::chunk(0),
            Down::Upgraded(_) => bytes::upgraded(),
            Down::Message(text) => bytes::message(text.len(), false),
            Down::Policy => bytes::POLICY,
            Down::Accepted | Down::Refused | Down::Tls | Down::Fin => 0,
        };
    }
}

impl World<'_> {
    /// At the end of the run: what each client sent and got.
    pub(super) fn tell_traffic(&self) {
        for node in &self.clients {
            let Meter { requests, connections, bytes_up, bytes_down } = node.meter;
            let client = ClientId(node.member.index);
            let event = TraceEvent::Traffic { client, requests, connections, bytes_up, bytes_down };
            self.trace.record(self.now, event);
        }
    }
}
