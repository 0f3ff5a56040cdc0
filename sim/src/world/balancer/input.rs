//! What goes into the balancer and what comes out.

use core::net::Ipv4Addr;
use core::time::Duration;

use socketio08::Instant;

use super::head::{Edit, RequestHead, ResponseHead};
use crate::scenario::ServerIx;

/// A client's connection to the balancer; numbered by the engine.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ConnId(pub u64);

/// A request on a client's connection; numbered by the engine.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RequestId(pub u64);

/// The balancer's connection to a server; numbered by the balancer.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LinkId(pub u64);

/// What the engine tells the balancer.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Input {
    /// A client connected.
    Opened {
        /// Its connection.
        conn: ConnId,
        /// The address it comes from: that of the client, or of the proxy in between.
        source: Ipv4Addr,
        /// The address that a line of the PROXY protocol told before anything else.
        proxied: Option<Ipv4Addr>,
    },
    /// A request arrived, whole (http mode; in tcp mode bytes are the tunnel's). One at a time on a connection: a
    /// client that pipelines is closed.
    Request {
        /// The connection.
        conn: ConnId,
        /// The request.
        request: RequestId,
        /// Its head as it arrived. [`Output::Forward`] says what to change in it.
        head: RequestHead,
    },
    /// The client ended its connection. Its request in progress stays with the server: HAProxy does not pass a FIN on
    /// while it waits for a response (`tables.md`, item 18). One that waits for a server (a refused connection is held
    /// for a second) is still forwarded when its turn comes: keep it until then.
    ClientClosed {
        /// The connection.
        conn: ConnId,
    },
    /// The link of [`Output::Connect`] is open.
    Connected {
        /// The link.
        link: LinkId,
    },
    /// The link of [`Output::Connect`] could not be opened; it is gone.
    Refused {
        /// The link.
        link: LinkId,
    },
    /// The head of a response arrived. Hold it back until [`Output::Respond`], which may never come. Status 101 turns
    /// link and client connection into a tunnel ([`Output::Tunnel`] follows).
    ResponseStarted {
        /// The link.
        link: LinkId,
        /// The head, with what of the body came with it.
        head: ResponseHead,
    },
    /// A response ended; the link stays open.
    ResponseDone {
        /// The link.
        link: LinkId,
    },
    /// More of a response, or something in a tunnel, either way, passed over the link. Only who waits for silence wants to know
    /// ([`Timeouts`](crate::scenario::Timeouts)); others may be spared.
    Passed {
        /// The link.
        link: LinkId,
    },
    /// The server's side of a link ended (its process died, or it closed the connection); the link is gone.
    LinkClosed {
        /// The link.
        link: LinkId,
    },
    /// An operator changes what the balancer may send to a server (`set server b/s2 state drain`).
    Administer {
        /// The server.
        server: ServerIx,
        /// What it may get from now on. What is in progress goes on in any case.
        administration: Administration,
    },
    /// The balancer is replaced by a fresh process while the old one finishes what is in progress (`haproxy -sf`): it
    /// closes idle connections, forgets its stick table, its counts and what operators said, and takes all servers to
    /// be up (`tables-2.md` item 45).
    Reload {
        /// When the old process ends what is still in progress (`hard-stop-after`), tunnels for the most part.
        hard_stop_after: Option<Duration>,
    },
    /// A check of [`Output::Check`] ended.
    Checked {
        /// The server.
        server: ServerIx,
        /// It accepted the connection.
        passed: bool,
    },
}

/// What a server may get.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Administration {
    /// `ready`: everything.
    #[default]
    Ready,
    /// `drain`: only requests that a cookie or a stick table sends to it.
    Drain,
    /// `maint`: nothing, and it is not checked either.
    Maintenance,
}

/// What the balancer asks of the engine, in this order.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Output {
    /// Open a connection to a server.
    Connect {
        /// Its number.
        link: LinkId,
        /// The server.
        server: ServerIx,
        /// Begin it with a line of the PROXY protocol that tells this address.
        proxy: Option<Ipv4Addr>,
    },
    /// Send a request over a link that is open. It may come again for another link (a request that is tried
    /// elsewhere), always about the head as it arrived.
    Forward {
        /// The link.
        link: LinkId,
        /// The client's connection.
        conn: ConnId,
        /// The request.
        request: RequestId,
        /// What to change in its head.
        edits: Vec<Edit>,
    },
    /// Send the response whose head arrived on the link to the client, and the rest of its body as it arrives.
    Respond {
        /// The client's connection.
        conn: ConnId,
        /// The request it answers.
        request: RequestId,
        /// The link.
        link: LinkId,
        /// What to change in its head.
        edits: Vec<Edit>,
    },
    /// Answer a request with the balancer's own error page.
    Answer {
        /// The client's connection; [`Output::CloseClient`] follows if it is to end.
        conn: ConnId,
        /// The request; `None`: none came in time.
        request: Option<RequestId>,
        /// 400, 408, 502, 503 or 504.
        status: u16,
    },
    /// End a client's connection (without a word, if a request of it is unanswered).
    CloseClient {
        /// The connection; gone.
        conn: ConnId,
    },
    /// End a link.
    CloseLink {
        /// The link; gone.
        link: LinkId,
    },
    /// Copy bytes both ways from now on.
    Tunnel {
        /// The client's connection.
        conn: ConnId,
        /// The link.
        link: LinkId,
    },
    /// Check a server.
    Check {
        /// The server.
        server: ServerIx,
    },
    /// A server changed its state in the balancer's eyes: for the trace.
    Marked {
        /// The server.
        server: ServerIx,
        /// Up, or down.
        up: bool,
    },
}

/// Why the balancer wants to be woken.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum BalancerTimer {
    /// A server is due for a check: a check is sent every `inter`.
    Check(ServerIx),
    /// A server that starts slowly gets more of its weight.
    Warm(ServerIx),
    /// A refused connection is tried again: HAProxy waits a second before it tries the same server.
    Retry(ConnId),
    /// A wait of a connection takes too long: for a request, for a place on a server, for a server.
    Expire(ConnId),
    /// The old process of a reload ends.
    HardStop,
}

/// A time with its reason.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct BalancerDeadline {
    /// When.
    pub at: Instant,
    /// Why.
    pub timer: BalancerTimer,
}
