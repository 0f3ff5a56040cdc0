//! The trace: one stream of records, the single source for reports, checks and plots. Both engines write it through the
//! observers of this module, so both count alike.

mod observe;
mod recorder;

use serde::{Serialize, Serializer};
use socketio08::server::Cause;
use socketio08::{Instant, Text, Transport};

pub use observe::{ClientObserver, ServerObserver, TraceHandle, parse_tick, tick_text, up_text};
pub use recorder::{Recorder, TraceSink};

use crate::scenario::{Leaving, ServerIx};
use crate::world::redis::{self, Commands, Holding};

/// A client by its place in the population, from 0. Shown as `1`, `2`, ..., so that people count from one.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ClientId(pub u32);

impl ClientId {
    /// The index into per-client lists.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl Serialize for ClientId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.0 + 1)
    }
}

/// One line of the trace.
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize)]
pub struct Record {
    /// Microseconds since the start of the run.
    pub at: u64,
    /// The order among all records, from 0.
    pub seq: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: TraceEvent,
}

/// What a client sends.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// A handshake.
    Handshake,
    /// A GET of a session: one poll.
    Poll,
    /// A POST of a session.
    Post,
    /// A websocket upgrade.
    Upgrade,
}

/// How a connection test ended.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum TestOutcome {
    /// `It worked`, over this transport.
    Worked(Transport),
    /// It did not.
    Failed(TestFailure),
}

/// Why a connection test failed.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum TestFailure {
    /// The plain request was answered by an error, or not at all.
    NoPage,
    /// The handshake was refused, or not answered.
    NoHandshake,
    /// No transport connected.
    NotConnected,
    /// `7:::1+0`: a request of the session reached a server that does not know it.
    Rejected,
    /// A message did not come back in time.
    Unanswered,
    /// The connection was lost.
    Lost,
}

impl TestFailure {
    /// What happened, in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoPage => "the page did not come",
            Self::NoHandshake => "the handshake failed",
            Self::NotConnected => "no transport connected",
            Self::Rejected => "another server than that of the handshake was reached",
            Self::Unanswered => "a message did not come back",
            Self::Lost => "the connection was lost",
        }
    }
}

/// What happened. Times are those of the one who saw it: a client's records are when the client learnt it, a server's when
/// it took the request.
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum TraceEvent {
    /// A client starts its first handshake.
    ClientStarted {
        /// Who.
        client: ClientId,
    },
    /// A client's address changed: its connections are dead, and nobody but the client may know.
    Moved {
        /// Who.
        client: ClientId,
    },
    /// A client leaves the world; what it says and what becomes of its connections is up to `how`.
    Left {
        /// Who.
        client: ClientId,
        /// In which way.
        how: Leaving,
    },
    /// A client sends a request.
    Requested {
        /// Who.
        client: ClientId,
        /// What.
        kind: RequestKind,
        /// The session of the target; empty for a handshake.
        #[serde(serialize_with = "write_text")]
        session: Text,
    },
    /// A client got a session id.
    Handshaken {
        /// Who.
        client: ClientId,
        /// The session.
        #[serde(serialize_with = "write_text")]
        session: Text,
    },
    /// A handshake failed at the client.
    HandshakeFailed {
        /// Who.
        client: ClientId,
        /// The HTTP status; 0 without an answer.
        status: u16,
    },
    /// A client is connected: `1::` came.
    Connected {
        /// Who.
        client: ClientId,
        /// The session.
        #[serde(serialize_with = "write_text")]
        session: Text,
        /// How.
        #[serde(serialize_with = "write_transport")]
        transport: Transport,
    },
    /// A connected client lost its connection.
    Disconnected {
        /// Who.
        client: ClientId,
        /// `booted`, `transport` or `silence`.
        cause: &'static str,
    },
    /// A reconnection attempt starts.
    Reconnecting {
        /// Who.
        client: ClientId,
        /// Counted from 1.
        attempt: u32,
    },
    /// A client is connected again.
    Reconnected {
        /// Who.
        client: ClientId,
    },
    /// A client gave up reconnecting.
    ReconnectFailed {
        /// Who.
        client: ClientId,
    },
    /// A client gave up its first connection: no transport connected.
    ConnectFailed {
        /// Who.
        client: ClientId,
    },
    /// An error packet reached a client (`7:::1+0` mostly).
    ErrorReceived {
        /// Who.
        client: ClientId,
    },
    /// The number of transports a client holds open changed.
    LiveSessions {
        /// Who.
        client: ClientId,
        /// How many now.
        count: u32,
    },
    /// A client begins its connection test.
    TestBegan {
        /// Who.
        client: ClientId,
    },
    /// It ended.
    TestEnded {
        /// Who.
        client: ClientId,
        /// How.
        #[serde(serialize_with = "write_outcome")]
        outcome: TestOutcome,
    },
    /// A client's application sent a numbered message.
    UpSent {
        /// Who.
        client: ClientId,
        /// Counted from 1 for each client.
        number: u64,
    },
    /// A client's application received a numbered tick.
    TickReceived {
        /// Who.
        client: ClientId,
        /// The session that brought it.
        #[serde(serialize_with = "write_text")]
        session: Text,
        /// The number: whole intervals since the start of the run, so the same on all servers.
        number: u64,
    },
    /// A server issued a session.
    Issued {
        /// Where.
        server: ServerIx,
        /// The session.
        #[serde(serialize_with = "write_text")]
        session: Text,
    },
    /// A poll or an upgrade of a session reached a server.
    Opened {
        /// Where.
        server: ServerIx,
        /// The session asked for.
        #[serde(serialize_with = "write_text")]
        session: Text,
        /// How.
        #[serde(serialize_with = "write_transport")]
        transport: Transport,
    },
    /// A POST of a session reached a server.
    Posted {
        /// Where.
        server: ServerIx,
        /// The session asked for.
        #[serde(serialize_with = "write_text")]
        session: Text,
    },
    /// The server does not know the session: an open is answered `7:::1+0`, a POST `1` and dropped.
    Rejected {
        /// Where.
        server: ServerIx,
        /// The session asked for.
        #[serde(serialize_with = "write_text")]
        session: Text,
        /// It was an open, not a POST.
        open: bool,
    },
    /// A session's transport opened: the server's application sees a connection.
    SessionConnected {
        /// Where.
        server: ServerIx,
        /// The session.
        #[serde(serialize_with = "write_text")]
        session: Text,
    },
    /// A session ended at its server.
    SessionEnded {
        /// Where.
        server: ServerIx,
        /// The session.
        #[serde(serialize_with = "write_text")]
        session: Text,
        /// Why, as the genuine server names it where it has a name.
        #[serde(serialize_with = "write_cause")]
        cause: Cause,
    },
    /// A server forwards a request to the owner of its session.
    Forwarded {
        /// Who forwards.
        server: ServerIx,
        /// The owner.
        to: ServerIx,
        /// The session.
        #[serde(serialize_with = "write_text")]
        session: Text,
    },
    /// A server took a portable session over.
    Adopted {
        /// Where it is now.
        server: ServerIx,
        /// The session.
        #[serde(serialize_with = "write_text")]
        session: Text,
    },
    /// A server let a portable session go.
    HandedOver {
        /// Where it was.
        server: ServerIx,
        /// The session.
        #[serde(serialize_with = "write_text")]
        session: Text,
    },
    /// A server's application received a numbered message.
    UpReceived {
        /// Where.
        server: ServerIx,
        /// Who sent it.
        client: ClientId,
        /// The number it was sent under.
        number: u64,
    },
    /// A server's application sent a numbered tick to all its sessions.
    TickSent {
        /// Where.
        server: ServerIx,
        /// The number.
        number: u64,
        /// To how many sessions.
        sessions: u32,
    },
    /// The balancer changed its mind about a server.
    Marked {
        /// Which.
        server: ServerIx,
        /// It is in use now.
        up: bool,
    },
    /// The balancer answered by itself.
    BalancerAnswered {
        /// Whose request.
        client: ClientId,
        /// 502, 503 or 504.
        status: u16,
    },
    /// A Flash player asked for the policy file, without which it opens no socket.
    FlashPolicy {
        /// Whose player.
        client: ClientId,
        /// It got the file.
        granted: bool,
    },
    /// What was on the wire between one client and the balancer; at the end of the run.
    Traffic {
        /// Who.
        client: ClientId,
        /// HTTP requests, upgrades included.
        requests: u64,
        /// Connections opened.
        connections: u64,
        /// From the client.
        bytes_up: u64,
        /// To the client.
        bytes_down: u64,
    },
    /// An operator told the balancer what a server may get.
    Administered {
        /// Which server.
        server: ServerIx,
        /// `ready`, `drain` or `maint`.
        administration: &'static str,
    },
    /// The balancer was replaced by a fresh process.
    Reloaded,
    /// A fault that ends no server begins.
    HarmBegan {
        /// Its place among those of the scenario, from 0.
        fault: usize,
        /// What it does, as in the file.
        verb: &'static str,
    },
    /// It touches something for the first time.
    HarmBit {
        /// Its place.
        fault: usize,
    },
    /// It is over.
    HarmEnded {
        /// Its place.
        fault: usize,
    },
    /// A server's process ends, by a fault or a deploy.
    ServerDown {
        /// Which.
        server: ServerIx,
        /// SIGTERM, not SIGKILL.
        graceful: bool,
        /// By a deploy, not a fault.
        planned: bool,
    },
    /// What a server holds: before each fault, and at the end.
    Holds {
        /// Which.
        server: ServerIx,
        /// How much.
        #[serde(flatten)]
        holding: Holding,
    },
    /// What Redis has executed: at the end.
    RedisExecuted {
        /// How much.
        #[serde(flatten)]
        commands: Commands,
        /// Channels that somebody is subscribed to.
        channels: u64,
        /// Portable sessions that it keeps.
        #[serde(skip_serializing_if = "redis::is_zero")]
        records: u64,
        /// The bytes of their names and texts.
        #[serde(skip_serializing_if = "redis::is_zero")]
        record_bytes: u64,
    },
    /// The balancer ends, by a fault: every connection of it is closed, and what it knew is forgotten.
    BalancerDown,
    /// A fresh process of the balancer listens.
    BalancerUp,
    /// Redis ends, by a fault.
    RedisDown,
    /// Redis is back, and knows nothing.
    RedisUp,
    /// A server's process is started, and will listen later.
    ServerStarted {
        /// Which.
        server: ServerIx,
    },
    /// A server's process listens (again).
    ServerUp {
        /// Which.
        server: ServerIx,
    },
}

fn write_text<S: Serializer>(text: &Text, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn write_outcome<S: Serializer>(outcome: &TestOutcome, serializer: S) -> Result<S::Ok, S::Error> {
    match outcome {
        TestOutcome::Worked(transport) => {
            serializer.collect_str(&format_args!("It worked over {}", transport.name()))
        }
        TestOutcome::Failed(failure) => serializer.serialize_str(failure.name()),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn write_transport<S: Serializer>(transport: &Transport, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(transport.name())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn write_cause<S: Serializer>(cause: &Cause, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(cause.name())
}

impl TraceEvent {
    /// A record of this event.
    pub fn recorded(self, at: Instant, seq: u64) -> Record {
        Record { at: at.as_micros(), seq, event: self }
    }
}
