//! The balancer: HAProxy 2.6 as measured, without I/O. Both engines carry this one machine.
//!
//! Methods are getters, `handle_*` and `poll_*`. After any `handle_*` call drain [`Balancer::poll_output`], then wait
//! for [`Balancer::poll_timeout`]. `now` never goes back. Equal calls give equal outputs.
//!
//! # What the engine does
//!
//! * It numbers client connections ([`ConnId`]) and requests ([`RequestId`]); the balancer numbers its connections to
//!   servers ([`LinkId`]). No number is used twice.
//! * For [`Output::Connect`] it opens a connection to the server and says [`Input::Connected`] or [`Input::Refused`].
//! * For [`Output::Forward`] it sends the request over the link, and copies the response to the client as it arrives,
//!   saying [`Input::ResponseStarted`] at its head and [`Input::ResponseDone`] at its end. A response whose
//!   client has closed ([`Input::ClientClosed`]) is read and thrown away.
//! * For [`Output::Tunnel`] it copies both ways until either side closes, which it reports.
//! * A link that ends for whatever reason, unless the balancer ended it, is [`Input::LinkClosed`]; unknown connections
//!   and links are ignored, so a report may cross an output.
//! * For [`Output::Check`] it connects to the server and reports [`Input::Checked`].

mod input;

pub use input::{BalancerDeadline, BalancerTimer, ConnId, Input, LinkId, Output, RequestId};

use socketio08::Instant;

use crate::scenario::{self, ServerIx};
use crate::world::seed::Stream;

/// The balancer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Balancer {
    servers: usize,
}

impl Balancer {
    /// A balancer in front of `servers` servers, all taken to be up. `random` is the stream for `balance = "random"`:
    /// `seed.stream("balancer/random")`.
    pub fn new(_config: &scenario::Balancer, servers: usize, _random: Stream) -> Self {
        Self { servers }
    }

    // --- getters

    /// Whether the balancer takes the server to be up; false for one that does not exist.
    pub fn is_up(&self, server: ServerIx) -> bool {
        server.0 < self.servers
    }

    /// The server of a link, while it exists.
    pub fn link_server(&self, _link: LinkId) -> Option<ServerIx> {
        None
    }

    /// Requests (http mode) or connections (tcp mode, tunnels) in progress on a server.
    pub fn load(&self, _server: ServerIx) -> u64 {
        0
    }

    // --- handle

    /// Something happened.
    pub fn handle_input(&mut self, _now: Instant, _input: Input) {}

    /// Time passed. Calling it early or twice changes nothing.
    pub fn handle_timeout(&mut self, _now: Instant) {}

    // --- poll

    /// The next thing to do, in order; changes after any `handle_*`.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output> {
        None
    }

    /// When to call [`Balancer::handle_timeout`], and why; changes after any `handle_*`.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<BalancerDeadline> {
        None
    }
}
