//! Every recorded client transcript by name: what the application does in it, and what the comparison must give.

/// What must come of comparing.
#[derive(Clone, Copy, Debug)]
pub enum Verdict {
    /// The same requests, bodies and websocket messages, and the same events at the same times.
    Equal,
    /// Something differs, for this reason; and the first difference, word for word.
    Different(&'static str, &'static str),
}

/// One connection of a page with several.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// The recorder's names of its TCP connections.
    pub conns: &'static [&'static str],
    /// Its first socket.
    pub own: &'static str,
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
    /// The page's connections, if it has several: each is a machine of its own.
    pub parts: &'static [Part],
    /// When the client read the answer of a request (its index), where another one was faster though sent later.
    pub read_at: &'static [(usize, u64)],
    /// A request aborted within so many milliseconds had not reached the recorder.
    pub unsent_ms: u64,
    /// How far a time may be off, in milliseconds, where the recorder's machine was too busy for [`super::TOLERANCE`].
    pub tolerance: Option<u64>,
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
        parts: &[],
        read_at: &[],
        unsent_ms: 2,
        tolerance: None,
        refused_from: None,
    }
}

use Act::{Abandon, Connect, Disconnect, Emit, EmitAck, Join, Json, Leave, Send, SendAck};
use Verdict::{Different, Equal};

const ECHO: &str = r#"{"name":"echo","args":["x"]}"#;
const DISCONNECT_THROWS: &str = "the genuine client throws if it is told to disconnect before it has a transport; here the attempt goes \
                                 on, as it does there after the exception";
const NOTHING: &str = "the recorder was stopped before its client had done anything";
const THROWS: &str =
    "a 200 that is no handshake throws inside the genuine client; here it is an error with the body";

/// `client-transcripts`.
pub const SCENARIOS: &[Scenario] = &[
    Scenario { sockets: &[("y", "/y")], start: &[Join("/y")], ..scenario("browser-connect-race", Equal) },
    scenario("browser-handshake-refused", Equal),
    Scenario {
        start: &[Send("", "before connect")],
        controls: &[&[Send("", "m\n1 \u{e9}\u{1f600}&=+"), EmitAck("", ECHO)], &[Disconnect]],
        ..scenario("browser-jsonp-genuine", Equal)
    },
    scenario("browser-jsonp-handshake-refused", Equal),
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
    Scenario {
        sockets: &[("b", "")],
        parts: &[
            Part { conns: &["k1", "k4", "k7"], own: "a" },
            Part { conns: &["k2", "k3", "k5", "k6"], own: "c" },
        ],
        ..scenario("client-force-new", Equal)
    },
    scenario(
        "client-handshake-200-empty",
        Different(THROWS, r#"event of a 0: None there, Some((59, "error [\"\"]")) here"#),
    ),
    scenario(
        "client-handshake-200-garbage",
        Different(THROWS, r#"event of a 0: None there, Some((58, "error [\"nonsense\"]")) here"#),
    ),
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

/// `client-transcripts-0.9.17`.
pub const SCENARIOS_0_9: &[Scenario] = &[
    Scenario {
        controls: &[&[Disconnect, Send("", "after")], &[Connect]],
        ..scenario(
            "browser-ws-disconnect-reconnect",
            Different(
                DISCONNECT_THROWS,
                "sent, but not recorded: OPEN /socket.io/1/websocket/SID123 at 898 ms",
            ),
        )
    },
    scenario("browser-ws-error-7", Equal),
    Scenario {
        sockets: &[("chat", "/chat")],
        start: &[Join("/chat")],
        on_disconnect: &[Send("", "queued")],
        ..scenario("browser-ws-server-close", Equal)
    },
    Scenario { acknowledges: true, ..scenario("client-acks", Equal) },
    scenario("client-close-timeout-string", Equal),
    Scenario { tolerance: Some(100), ..scenario("client-connect-timeout-exhausted", Equal) },
    Scenario { tolerance: Some(900), ..scenario("client-connect-timeout-fallback-default", Equal) },
    scenario("client-connect-timeout-no-fallback", Equal),
    Scenario { tolerance: Some(1000), ..scenario("client-error-reconnect-before-connect", Equal) },
    scenario("client-error-reconnect-connected", Equal),
    scenario(
        "client-handshake-200-empty",
        Different(NOTHING, "sent, but not recorded: GET /socket.io/1/?t= at 0 ms"),
    ),
    scenario("client-handshake-500", Equal),
    scenario("client-handshake-500-protocol", Equal),
    scenario("client-handshake-hang", Equal),
    Scenario {
        refused_from: Some(0),
        ..scenario(
            "client-handshake-refused",
            Different(NOTHING, r#"event of a 0: None there, Some((0, "error [\"\"]")) here"#),
        )
    },
    Scenario { tolerance: Some(250), ..scenario("client-late-connect-after-fallback", Equal) },
    scenario("client-malformed", Equal),
    Scenario {
        start: &[
            SendAck("", "s"),
            EmitAck("", r#"{"name":"e"}"#),
            EmitAck("", r#"{"name":"e2","args":[1]}"#),
        ],
        ..scenario("client-own-acks", Equal)
    },
    Scenario {
        on_disconnect: &[Send("", "queued while down")],
        tolerance: Some(350),
        ..scenario("client-poll-error-reset", Equal)
    },
    Scenario {
        controls: &[&[Send("", "x")]],
        read_at: &[(2, 1_219)],
        unsent_ms: 15,
        ..scenario("client-post-error", Equal)
    },
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
    Scenario { tolerance: Some(300), ..scenario("client-reconnect-handshake-500", Equal) },
    Scenario { refused_from: Some(0), ..scenario("client-reconnect-schedule-limit", Equal) },
    scenario("client-transport-order-server", Equal),
    scenario("client-transport-order-server-3", Equal),
    scenario("client-ws-payload", Equal),
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
    Scenario {
        controls: &[&[Send("", "1"), Send("", "2"), Send("", "3")]],
        ..scenario("client-xhr-ordering", Equal)
    },
    Scenario { tolerance: Some(450), ..scenario("client-xhr-silent-first-poll", Equal) },
];
