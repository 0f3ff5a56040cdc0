//! The balancer, without I/O: HAProxy 2.6 or nginx 1.22 as measured. Both engines carry this one machine.
//!
//! Methods are getters, `handle_*` and `poll_*`. After any `handle_*` call drain [`Balancer::poll_output`], then wait
//! for [`Balancer::poll_timeout`]. `now` never goes back. Equal calls give equal outputs.
//!
//! # What the engine does
//!
//! * It numbers client connections ([`ConnId`]) and requests ([`RequestId`]); the balancer numbers its connections to
//!   servers ([`LinkId`]). No number is used twice.
//! * For [`Output::Connect`] it opens a connection to the server and says [`Input::Connected`] or [`Input::Refused`].
//! * It shows the balancer the head of each request and response ([`RequestHead`], [`ResponseHead`]), and applies the
//!   [`Edit`]s that come back before it sends them on. A chain of proxies is a chain of such machines: the request that one
//!   forwards, edits applied, is the [`Input::Request`] of the next, the response that it begins the
//!   [`Input::ResponseStarted`] of the one before; the `proxy` of [`Output::Connect`] is the `proxied` of the next
//!   one's [`Input::Opened`].
//! * For [`Output::Forward`] it sends the request over the link, saying [`Input::ResponseStarted`] at the head of its
//!   response and [`Input::ResponseDone`] at its end. It holds the head back until [`Output::Respond`] and then copies
//!   the response to the client as it arrives; one that is never asked for is read and thrown away.
//! * For [`Output::Tunnel`] it copies both ways until either side closes, which it reports.
//! * A link that ends for whatever reason, unless the balancer ended it, is [`Input::LinkClosed`]; unknown connections
//!   and links are ignored, so a report may cross an output.
//! * For [`Output::Check`] it connects to the server and reports [`Input::Checked`].

mod haproxy;
mod hash;
mod head;
mod input;
mod nginx;
#[cfg(test)]
mod tests;

use core::time::Duration;

use socketio08::Instant;

use self::haproxy::Haproxy;
pub use self::head::{COOKIE, Edit, FORWARDED_FOR, Headers, RequestHead, ResponseHead, SET_COOKIE, cookies};
pub use self::input::{
    Administration, BalancerDeadline, BalancerTimer, ConnId, Input, LinkId, Output, RequestId,
};
use self::nginx::Nginx;
use crate::scenario::{self, BalancerKind, ServerIx};
use crate::world::seed::Stream;

/// The balancer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Balancer {
    machine: Machine,
}

/// Which program it is.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Machine {
    Haproxy(Box<Haproxy>),
    Nginx(Box<Nginx>),
}

/// Calls the same method of whichever machine it is.
macro_rules! on_machine {
    ($machine:expr, $name:ident($($argument:expr),*)) => {
        match $machine {
            Machine::Haproxy(machine) => machine.$name($($argument),*),
            Machine::Nginx(machine) => machine.$name($($argument),*),
        }
    };
}

impl Balancer {
    /// A balancer in front of `servers` servers, all taken to be up. `random` is the stream for `balance = "random"`:
    /// `seed.stream("balancer/random")`.
    pub fn new(config: &scenario::Balancer, servers: usize, random: Stream) -> Self {
        let machine = match config.kind {
            BalancerKind::Nginx => Machine::Nginx(Box::new(Nginx::new(config, servers))),
            // What stands before a cluster or a single server is a [[proxy]], which connects as HAProxy does.
            BalancerKind::Haproxy | BalancerKind::Cluster | BalancerKind::None => {
                Machine::Haproxy(Box::new(Haproxy::new(config, servers, random)))
            }
        };
        Self { machine }
    }

    /// A fresh process in the place of one that ended, started `now`: it knows nothing of the one before, and its checks are spread
    /// from its own start. `random` is to be another stream than that of the process before.
    pub fn restarted(now: Instant, config: &scenario::Balancer, servers: usize, random: Stream) -> Self {
        let check = config.check.map(|check| scenario::Check { started_before: Duration::ZERO, ..check });
        let mut fresh = Self::new(&scenario::Balancer { check, ..config.clone() }, servers, random);
        on_machine!(&mut fresh.machine, begin(now));
        fresh
    }

    /// Whether the balancer takes the server to be up; false for one that does not exist.
    pub fn is_up(&self, server: ServerIx) -> bool {
        on_machine!(&self.machine, is_up(server))
    }

    /// Whether the connection is open, or a request of it may still go to a server although its client has left.
    pub fn knows(&self, conn: ConnId) -> bool {
        on_machine!(&self.machine, knows(conn))
    }

    /// The server of a link, while it exists.
    pub fn link_server(&self, link: LinkId) -> Option<ServerIx> {
        on_machine!(&self.machine, link_server(link))
    }

    /// Whose request or connection a link serves, while it does.
    pub fn link_conn(&self, link: LinkId) -> Option<ConnId> {
        on_machine!(&self.machine, link_conn(link))
    }

    /// Requests (http mode) or connections (tcp mode, tunnels) in progress on a server.
    pub fn load(&self, server: ServerIx) -> u64 {
        on_machine!(&self.machine, load(server))
    }

    /// Something happened.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        on_machine!(&mut self.machine, handle_input(now, input));
    }

    /// Time passed. Calling it early or twice changes nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        on_machine!(&mut self.machine, handle_timeout(now));
    }

    /// The next thing to do, in order; changes after any `handle_*`.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output> {
        on_machine!(&mut self.machine, poll_output())
    }

    /// When to call [`Balancer::handle_timeout`], and why; changes after any `handle_*`.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<BalancerDeadline> {
        on_machine!(&self.machine, poll_timeout())
    }
}
