//! Every recorded client transcript by name: what the application does in it, and what the comparison must give.

/// What must come of comparing.
#[derive(Clone, Copy, Debug)]
pub enum Verdict {
    /// The same requests, bodies and websocket messages, and the same events at the same times.
    Equal,
    /// Something differs, for this reason.
    Different(&'static str),
    /// Not a transport or a use of this machine, for this reason.
    OutOfScope(&'static str),
}

/// Something the application does.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Abandon,
    Connect,
    Disconnect,
    Emit(&'static str, &'static str),
    EmitAck(&'static str, &'static str),
    Join(&'static str),
    Json(&'static str, &'static str),
    Leave(&'static str),
    Send(&'static str, &'static str),
    SendAck(&'static str, &'static str),
}

#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    pub name: &'static str,
    pub verdict: Verdict,
    /// Other sockets than `a`, with their endpoints.
    pub sockets: &'static [(&'static str, &'static str)],
    /// Right after `connect`.
    pub start: &'static [Act],
    pub on_disconnect: &'static [Act],
    /// At each command of the recorder.
    pub controls: &'static [&'static [Act]],
    /// Whether the application acknowledges what asks for it.
    pub acknowledges: bool,
    /// From here on connections are refused, which leaves no trace in the transcript.
    pub refused_from: Option<u64>,
}

const fn scenario(name: &'static str, verdict: Verdict) -> Scenario {
    Scenario {
        name,
        verdict,
        sockets: &[],
        start: &[],
        on_disconnect: &[],
        controls: &[],
        acknowledges: false,
        refused_from: None,
    }
}

use Act::{Abandon, Connect, Disconnect, Emit, EmitAck, Join, Json, Leave, Send, SendAck};
use Verdict::{Different, Equal, OutOfScope};

const ECHO: &str = r#"{"name":"echo","args":["x"]}"#;
const JSONP: Verdict = OutOfScope("jsonp-polling is not a transport of this machine");
const THROWS: Verdict = Different(
    "a 200 that is no handshake throws inside the genuine client; here it is an error with the body",
);

pub const SCENARIOS: &[Scenario] = &[
    Scenario { sockets: &[("y", "/y")], start: &[Join("/y")], ..scenario("browser-connect-race", Equal) },
    scenario("browser-handshake-refused", Equal),
    scenario("browser-jsonp-genuine", JSONP),
    scenario("browser-jsonp-handshake-refused", JSONP),
    scenario("browser-page-query", Equal),
    scenario("browser-transport-order-default", Equal),
    scenario("browser-transports-option-2", Equal),
    Scenario { controls: &[&[Abandon]], ..scenario("browser-unload-websocket", Equal) },
    Scenario {
        controls: &[&[Disconnect, Send("", "after")], &[Connect]],
        ..scenario("browser-ws-disconnect-reconnect", Equal)
    },
    scenario("browser-ws-error-7", Equal),
    scenario("browser-ws-payload", Equal),
    scenario("browser-ws-server-0", Equal),
    Scenario {
        sockets: &[("chat", "/chat")],
        start: &[Join("/chat")],
        on_disconnect: &[Send("", "queued")],
        ..scenario("browser-ws-server-close", Equal)
    },
    scenario("browser-ws-silent-server", Equal),
    scenario("browser-xhr-silent-first-poll", Equal),
    Scenario { acknowledges: true, ..scenario("client-acks", Equal) },
    scenario("client-close-timeout-string", Equal),
    scenario("client-connect-timeout-fallback-default", Equal),
    scenario("client-default-transport-order", Equal),
    Scenario { controls: &[&[Abandon]], ..scenario("client-disconnect-sync", Equal) },
    Scenario { controls: &[&[Disconnect], &[Connect]], ..scenario("client-disconnect-ws", Equal) },
    Scenario {
        controls: &[&[Disconnect, Send("", "after disconnect")], &[Connect]],
        ..scenario("client-disconnect-xhr", Equal)
    },
    scenario("client-error-reconnect-before-connect", Equal),
    scenario("client-force-new", OutOfScope("two connections of one page; a machine is one connection")),
    scenario("client-handshake-200-empty", THROWS),
    scenario("client-handshake-200-garbage", THROWS),
    scenario("client-handshake-403", Equal),
    scenario("client-handshake-500", Equal),
    scenario("client-handshake-500-protocol", Equal),
    scenario("client-handshake-hang", Equal),
    scenario("client-heartbeat-xhr", Equal),
    scenario("client-late-connect-after-fallback", Equal),
    scenario("client-malformed", Equal),
    Scenario {
        sockets: &[("chat", "/news/chat")],
        start: &[Join("/news/chat"), Emit("/news/chat", r#"{"name":"early","args":[1]}"#)],
        controls: &[&[
            SendAck("/news/chat", "x"),
            Emit("/news", r#"{"name":"j","args":[1]}"#),
            Leave("/news/chat"),
            Send("/news/chat", "after"),
        ]],
        ..scenario("client-namespaces", Equal)
    },
    Scenario { controls: &[&[Connect]], ..scenario("client-no-auto-connect", Equal) },
    scenario("client-no-common-transport", Equal),
    scenario("client-poll-200-empty", Equal),
    Scenario { on_disconnect: &[Send("", "queued while down")], ..scenario("client-poll-error-500", Equal) },
    Scenario {
        on_disconnect: &[Send("", "queued while down")],
        ..scenario("client-poll-error-reset", Equal)
    },
    Scenario { controls: &[&[Send("", "x")]], ..scenario("client-post-error", Equal) },
    scenario("client-query", Equal),
    Scenario {
        sockets: &[("chat", "/chat")],
        start: &[Join("/chat")],
        on_disconnect: &[
            Send("", "b1"),
            Emit("", r#"{"name":"b2","args":[1]}"#),
            Emit("/chat", r#"{"name":"nb","args":[2]}"#),
        ],
        ..scenario("client-reconnect-buffer", Equal)
    },
    scenario("client-reconnect-handshake-500", Equal),
    scenario("client-reconnect-off", Equal),
    Scenario { refused_from: Some(500), ..scenario("client-reconnect-schedule-limit", Equal) },
    Scenario { refused_from: Some(500), ..scenario("client-reconnect-schedule-short", Equal) },
    Scenario {
        sockets: &[("chat", "/chat")],
        start: &[Join("/chat")],
        ..scenario("client-server-disconnect", Equal)
    },
    scenario("client-transport-order-server", Equal),
    scenario("client-transports-option-genuine", Equal),
    Scenario {
        start: &[Send("", "before connect")],
        controls: &[&[EmitAck("", ECHO)], &[Disconnect]],
        ..scenario("client-ws-genuine", Equal)
    },
    scenario("client-ws-payload", Equal),
    scenario("client-ws-server-close", Equal),
    scenario("client-ws-server-fin", Equal),
    scenario("client-ws-silent-server", Equal),
    scenario("client-ws-upgrade-refused", Equal),
    Scenario {
        sockets: &[("chat", "/chat")],
        start: &[Send("", "before connect"), EmitAck("", r#"{"name":"echo","args":[1]}"#)],
        controls: &[
            &[
                Send("", "m1"),
                Send("", "m2 \u{e9}\u{1f600}"),
                Json("", r#"{"a":1}"#),
                EmitAck("", ECHO),
                SendAck("", "withack"),
            ],
            &[Join("/chat"), Emit("/chat", r#"{"name":"echo","args":["n"]}"#)],
            &[Leave("/chat")],
            &[Disconnect],
        ],
        ..scenario("client-xhr-genuine", Equal)
    },
    scenario("client-xhr-silent-server", Equal),
];
