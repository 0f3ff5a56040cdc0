//! The verdict on every transcript of 0.9.17.

use super::table::Verdict::{self, Carrier, Different, Equal};

/// Scenario and verdict, in the order of their names.
pub(crate) const TABLE: &[(&str, Verdict)] = &[
    (
        "ack-args-number",
        Different("arguments that are no list crash 0.9 too", &["ws: - fin", "app: + acked 5"]),
    ),
    (
        "ack-args-object",
        Different(
            "arguments of an acknowledgement are handed over as the JSON text that came; 0.9 reads an object as if it were a list",
            &["app: - acked [\"al\"]", "app: + acked {\"length\":1,\"0\":\"al\"}"],
        ),
    ),
    (
        "ack-args-string",
        Different("arguments that are no list crash 0.9 too", &["ws: - fin", "app: + acked \"str\""]),
    ),
    (
        "ack-args-true",
        Different("arguments that are no list crash 0.9 too", &["ws: - fin", "app: + acked true"]),
    ),
    (
        "acks",
        Different(
            "an acknowledgement counts once: 0.9 never forgets a pending one, and calls back for every repetition",
            &["app: - acked [\"again\"]", "app: - acked []"],
        ),
    ),
    ("events-odd", Equal),
    (
        "flash-policy",
        Different(
            "a request for the policy may come in pieces, and is waited for as long as for any head; 0.9 knows it in one piece only and takes it for broken HTTP otherwise",
            &["policy-inline-split: - fin", "policy-inline-no-nul: - fin"],
        ),
    ),
    ("handshake-auth-refused-jsonp", Equal),
    ("handshake-float-timeouts", Equal),
    ("handshake-http10", Equal),
    ("handshake-keepalive", Equal),
    ("handshake-no-heartbeats", Equal),
    (
        "handshake-origin-cookie",
        Different(
            "the recorded server allows every origin: it is named, but no credentials go with an origin that the allow-list does not name; the answer varies with the origin, and says so",
            &[
                "c1: - 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain] pQfd1TDcVrkRQq92TgMj:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "c1: + 200 [access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] pQfd1TDcVrkRQq92TgMj:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
            ],
        ),
    ),
    (
        "handshake-origin-null",
        Different(
            "the recorded server allows every origin: it is named, but no credentials go with an origin that the allow-list does not name; the answer varies with the origin, and says so",
            &[
                "c1: - 200 [access-control-allow-credentials: true, access-control-allow-origin: null, content-type: text/plain] HXGzK47p8ZIRAyPLTgT-:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "c1: + 200 [access-control-allow-origin: null, content-type: text/plain, vary: Origin] HXGzK47p8ZIRAyPLTgT-:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
            ],
        ),
    ),
    (
        "handshake-origin",
        Different(
            "the recorded server allows every origin: it is named, but no credentials go with an origin that the allow-list does not name; the answer varies with the origin, and says so",
            &[
                "c1: - 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain] Gf5kqPghpdTYd0o2TgSl:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "c1: + 200 [access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] Gf5kqPghpdTYd0o2TgSl:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
            ],
        ),
    ),
    ("handshake-path-variants", Equal),
    ("handshake-plain", Equal),
    ("handshake-resource-option", Equal),
    ("handshake-transports-option", Equal),
    ("handshake-wrong-protocol", Equal),
    ("htmlfile-heartbeat", Equal),
    ("htmlfile-payload-on-open", Equal),
    ("htmlfile-reopen-payload", Equal),
    (
        "htmlfile",
        Different(
            "U+2028 and U+2029 end a line of JavaScript and are escaped; no credentials for an origin that the allow-list does not name",
            &[
                "stream: - chunk <script>_(\"3:::a\\/b <\\/script> \\\" é😀 \u{2028}\");</script>",
                "stream: + chunk <script>_(\"3:::a\\/b <\\/script> \\\" é😀 \\u2028\");</script>",
                "c1: - 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-length: 1, content-type: text/plain; charset=UTF-8, x-xss-protection: 0] 1",
                "c1: + 200 [access-control-allow-origin: http://example.com, content-length: 1, content-type: text/plain; charset=UTF-8, vary: Origin, x-xss-protection: 0] 1",
            ],
        ),
    ),
    ("json-packets", Different("JSON without data is no packet", &["app: - message S1  false ack:false"])),
    (
        "jsonp-messages",
        Different(
            "what could end a script or a line of it is escaped",
            &[
                "poll: - 200 [connection: Keep-Alive, content-length: 49, content-type: text/javascript; charset=UTF-8, x-xss-protection: 0] io.j[0](\"3:::q\\\" \\\\ / \\n \u{2028} é 😀 </script>\");",
                "poll: + 200 [connection: Keep-Alive, content-length: 53, content-type: text/javascript; charset=UTF-8, x-xss-protection: 0] io.j[0](\"3:::q\\\" \\\\ / \\n \\u2028 é 😀 <\\/script>\");",
            ],
        ),
    ),
    (
        "jsonp-post-malformed-not-json",
        Different(
            "the poll that waits when the session ends is closed; 0.9 leaves it without an answer for ever",
            &["poll: + fin"],
        ),
    ),
    (
        "jsonp-post-malformed-number",
        Different(
            "JSON that is no string ends the session; it crashes 0.9",
            &["c1: - fin", "app: + disconnect S1  error"],
        ),
    ),
    ("jsonp-post-malformed-unknown-sid", Equal),
    (
        "jsonp-post",
        Different(
            "the recorded server allows every origin: it is named, but no credentials go with an origin that the allow-list does not name; the answer varies with the origin, and says so",
            &[
                "c9: - 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-length: 1, content-type: text/plain; charset=UTF-8, x-xss-protection: 0] 1",
                "c9: + 200 [access-control-allow-origin: http://example.com, content-length: 1, content-type: text/plain; charset=UTF-8, vary: Origin, x-xss-protection: 0] 1",
            ],
        ),
    ),
    ("namespace-disconnect-end", Equal),
    ("nsp-not-connected-delivery", Equal),
    (
        "proto-sid-constructor",
        Different(
            "session ids are looked up in a real map; a name of Object.prototype crashes 0.9 too",
            &[
                "c1: - fin",
                "c1: + 200 [connection: Keep-Alive, content-length: 7, content-type: text/plain; charset=UTF-8] 7:::1+0",
            ],
        ),
    ),
    (
        "proto-sid",
        Different(
            "session ids are looked up in a real map; a name of Object.prototype crashes 0.9 too",
            &[
                "c1: - fin",
                "c1: + 200 [connection: Keep-Alive, content-length: 7, content-type: text/plain; charset=UTF-8] 7:::1+0",
            ],
        ),
    ),
    ("static-client", Carrier("HEAD requests for files of recorded lengths: played in client_files.rs")),
    ("unknown-paths", Equal),
    ("unknown-sid-get-bogus", Equal),
    ("unknown-sid-get-htmlfile", Equal),
    ("unknown-sid-get-jsonp-polling", Equal),
    ("unknown-sid-get-websocket", Equal),
    ("unknown-sid-hixie75", Equal),
    ("unknown-sid-hixie76", Equal),
    ("unknown-sid-jsonp-i", Equal),
    ("unknown-sid-post-htmlfile", Equal),
    ("unknown-sid-post-jsonp-polling", Equal),
    (
        "unknown-sid-post-websocket",
        Different(
            "a POST to a websocket target is cut off; 0.9 leaves it without an answer for ever",
            &["c1: + fin"],
        ),
    ),
    ("unknown-sid-post-xhr-polling", Equal),
    ("unknown-sid-ws8", Equal),
    ("unknown-transport-known-sid", Equal),
    ("upgrade-header-htmlfile", Equal),
    (
        "upgrade-outside-resource",
        Different(
            "the protocol revision is checked on upgrades too",
            &["c3: - 101", "c3: - message 7:::1+0"],
        ),
    ),
    ("ws-client-fin", Equal),
    (
        "ws-continuation-first",
        Carrier("control frames, reserved bits and opcodes: played over real sockets by the adapter"),
    ),
    ("ws-empty-text", Equal),
    (
        "ws-first-frame-with-upgrade",
        Different(
            "a frame that comes with the upgrade request is not lost",
            &[
                "ws: + message 6:::1+[\"early\"]",
                "ws: + message 5:::{\"name\":\"echo\",\"args\":[\"early\"]}",
                "app: + event S1  \"echo\" [\"early\"] ack:true",
            ],
        ),
    ),
    (
        "ws-fragmented",
        Carrier("control frames, reserved bits and opcodes: played over real sockets by the adapter"),
    ),
    ("ws-get-without-upgrade", Equal),
    ("ws-heartbeat-unsolicited", Equal),
    ("ws-heartbeat", Equal),
    (
        "ws-hixie-origin-restricted",
        Different(
            "the allow-list holds for every draft, and its origins are echoed",
            &[
                "handshake: - 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain] S1:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] S1:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "ws: - head HTTP/1.1 101 Web Socket Protocol Handshake | Upgrade: WebSocket | Connection: Upgrade | WebSocket-Origin: http://evil.com | WebSocket-Location: ws://127.0.0.1:25364/socket.io/1/websocket/S1",
                "ws: - message 1::",
                "ws: + fin",
                "app: - connection S1 ",
            ],
        ),
    ),
    ("ws-hixie76-bad-frame", Equal),
    (
        "ws-hixie76-late-nonce-with-frame",
        Different(
            "a frame that comes with the nonce is not lost",
            &["ws: + message 6:::1", "app: + message S1  \"lost?\" ack:false"],
        ),
    ),
    ("ws-hixie76-subprotocol", Equal),
    ("ws-hixie76", Equal),
    ("ws-hybi-8", Equal),
    (
        "ws-origin-restricted",
        Different(
            "the answer says that it varies with the origin; a socket of version 8 without a header of its own is judged by Origin",
            &[
                "handshake: - 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain] S1:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] S1:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: - 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain] S2:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] S2:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: - 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain] S3:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] S3:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "ws: - fin",
                "ws: + 101",
                "ws: + message 1::",
                "handshake: - 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain] S4:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] S4:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: - 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain] S5:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] S5:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "app: + connection S3 ",
                "app: + disconnect S3  socket close",
                "app: - disconnect S4  socket end",
                "app: + disconnect S4  socket close",
            ],
        ),
    ),
    ("ws-oversized-2gb", Carrier("frames of absurd lengths: played over real sockets by the adapter")),
    ("ws-oversized-500mb", Carrier("frames of absurd lengths: played over real sockets by the adapter")),
    ("ws-oversized-64bit-high", Carrier("frames of absurd lengths: played over real sockets by the adapter")),
    ("ws-payload-on-open", Equal),
    (
        "ws-post",
        Different(
            "a POST to a websocket target is cut off and opens nothing; 0.9 opens the session by it, loses its connect packet and never answers",
            &["c1: + fin", "ws: + message 1::"],
        ),
    ),
    ("ws-reconnect-closed-session", Equal),
    ("ws-rsv", Carrier("control frames, reserved bits and opcodes: played over real sockets by the adapter")),
    ("ws-second-connection", Equal),
    ("ws-server-close", Equal),
    ("ws-server-lengths", Carrier("frames of absurd lengths: played over real sockets by the adapter")),
    ("ws-subprotocol", Equal),
    (
        "ws-version-17",
        Carrier("the headers of the upgrade handshake: played over real sockets by the adapter"),
    ),
    ("xhr-close-timeout-not-reset-by-post", Equal),
    ("xhr-disconnect-in-payload", Equal),
    ("xhr-disconnect-packet-closed", Equal),
    ("xhr-disconnect-query-open", Equal),
    ("xhr-duplicate-poll-first-aborts", Equal),
    ("xhr-duplicate-poll", Equal),
    ("xhr-keepalive-close-between-polls", Equal),
    (
        "xhr-open-origin-cookie",
        Different(
            "the recorded server allows every origin: it is named, but no credentials go with an origin that the allow-list does not name; the answer varies with the origin, and says so",
            &[
                "c1: - 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, connection: Keep-Alive, content-length: 3, content-type: text/plain; charset=UTF-8] 1::",
                "c1: + 200 [access-control-allow-origin: http://example.com, connection: Keep-Alive, content-length: 3, content-type: text/plain; charset=UTF-8, vary: Origin] 1::",
                "c2: - 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-length: 1, content-type: text/plain; charset=UTF-8, x-xss-protection: 0] 1",
                "c2: + 200 [access-control-allow-origin: http://example.com, content-length: 1, content-type: text/plain; charset=UTF-8, vary: Origin, x-xss-protection: 0] 1",
                "c3: - 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-length: 1, content-type: text/plain; charset=UTF-8, x-xss-protection: 0] 1",
                "c3: + 200 [access-control-allow-origin: http://example.com, content-length: 1, content-type: text/plain; charset=UTF-8, vary: Origin, x-xss-protection: 0] 1",
            ],
        ),
    ),
    ("xhr-open", Equal),
    ("xhr-poll-other-transport", Equal),
    ("xhr-poll-timeout-default", Equal),
    (
        "xhr-post-payload-neg-length",
        Different(
            "a length that is not plain digits ends the payload with an error; a negative one hangs 0.9 too",
            &[
                "c2: + 200 [content-type: text/plain] unrecorded:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
            ],
        ),
    ),
    ("xhr-two-sends-one-poll", Equal),
    ("xhr-volatile", Equal),
];
