//! The verdict on every transcript.

/// How ours compares with a recording.
pub(crate) enum Verdict {
    /// Nothing differs.
    Equal,
    /// Deliberately different: why, and each difference (`-` recorded only, `+` ours only).
    Different(&'static str, &'static [&'static str]),
    /// What it shows belongs to the carrier (framing, the upgrade's own headers) or to the application.
    Carrier(&'static str),
}

use Verdict::{Carrier, Different, Equal};

/// Scenario and verdict, in the order of their names.
pub(crate) const TABLE: &[(&str, Verdict)] = &[
    (
        "ack-any-type",
        Different(
            "junk before the type and unknown types are no packets: they are reported as a violation and not acknowledged",
            &["ws: - message 6:::14", "ws: - message 6:::15", "ws: - message 6:::20"],
        ),
    ),
    (
        "ack-args-object",
        Different(
            "arguments of an acknowledgement are handed over as the JSON text that came; 0.8.7 reads an object as if it were a list",
            &["app: - acked [\"al\"]", "app: + acked {\"length\":1,\"0\":\"al\"}"],
        ),
    ),
    (
        "ack-args-string",
        Different("arguments that are no list crash 0.8.7", &["ws: - fin", "app: + acked \"str\""]),
    ),
    (
        "ack-args-true",
        Different("arguments that are no list crash 0.8.7", &["ws: - fin", "app: + acked true"]),
    ),
    ("ack-ids-namespace", Equal),
    (
        "acks",
        Different(
            "an acknowledgement counts once: 0.8.7 never forgets a pending one, and calls back for every repetition",
            &["app: - acked [\"again\"]", "app: - acked []"],
        ),
    ),
    ("event-error-name", Equal),
    (
        "flash-policy",
        Different(
            "a request for the policy may come in pieces, and is waited for as long as for any head; 0.8.7 knows it in one piece only and takes it for broken HTTP otherwise",
            &["policy-inline-split: - fin", "policy-inline-no-nul: - fin"],
        ),
    ),
    ("flash-policy-disabled", Equal),
    ("flash-policy-origins", Equal),
    ("gc-unused-handshake", Equal),
    ("handshake-auth-async", Equal),
    ("handshake-auth-error", Equal),
    ("handshake-auth-error-jsonp", Equal),
    (
        "handshake-auth-refused",
        Different(
            "no credentials together with a wildcard origin",
            &[
                "c3: - 403 [access-control-allow-credentials: true, access-control-allow-origin: *, content-type: text/plain] handshake unauthorized",
                "c3: + 403 [access-control-allow-origin: *, content-type: text/plain] handshake unauthorized",
            ],
        ),
    ),
    ("handshake-auth-refused-jsonp", Equal),
    (
        "handshake-bad-origin",
        Different(
            "a named origin is echoed, with credentials, and an origin without a port has the default one of its scheme; 0.8.7 answers * and takes a missing port for none",
            &[
                "c3: - 403 [content-type: text/plain] handshake bad origin",
                "c3: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] unrecorded:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "c4: - 200 [access-control-allow-origin: *, content-type: text/plain] 959320382380915702:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "c4: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com:80, content-type: text/plain, vary: Origin] 959320382380915702:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
            ],
        ),
    ),
    (
        "handshake-bad-origin-wildcards",
        Different(
            "an allowed origin is echoed, with credentials if its host is named; 0.8.7 answers *",
            &[
                "c1: - 200 [access-control-allow-origin: *, content-type: text/plain] 15294866601424383381:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "c1: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] 15294866601424383381:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "c2: - 200 [access-control-allow-origin: *, content-type: text/plain] 645464131416306956:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "c2: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com:1, content-type: text/plain, vary: Origin] 645464131416306956:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "c3: - 200 [access-control-allow-origin: *, content-type: text/plain] 18085427711863587996:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "c3: + 200 [access-control-allow-origin: http://other:8080, content-type: text/plain, vary: Origin] 18085427711863587996:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
            ],
        ),
    ),
    ("handshake-cookie-only", Equal),
    ("handshake-float-timeouts", Equal),
    ("handshake-http10", Equal),
    (
        "handshake-jsonp",
        Different(
            "a callback index that is not plain digits is ignored: 0.8.7 writes it into a script unchecked",
            &[
                "c4: - 200 [content-type: application/javascript] io.j[abc](\"261353243282389775:15:25:websocket,htmlfile,xhr-polling,jsonp-polling\");",
                "c4: + 200 [content-type: text/plain] 261353243282389775:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "c6: - 200 [content-type: application/javascript] io.j[a](\"x](\"964888461445097331:15:25:websocket,htmlfile,xhr-polling,jsonp-polling\");",
                "c6: + 200 [content-type: text/plain] 964888461445097331:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "c7: - 200 [content-type: application/javascript] io.j[1,2](\"4516392741018364379:15:25:websocket,htmlfile,xhr-polling,jsonp-polling\");",
                "c7: + 200 [content-type: text/plain] 4516392741018364379:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
            ],
        ),
    ),
    ("handshake-keepalive", Equal),
    ("handshake-no-heartbeats", Equal),
    ("handshake-origin", Equal),
    (
        "handshake-origin-cookie",
        Different(
            "no credentials together with a wildcard origin",
            &[
                "c1: - 200 [access-control-allow-credentials: true, access-control-allow-origin: *, content-type: text/plain] 26229074955637480:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "c1: + 200 [access-control-allow-origin: *, content-type: text/plain] 26229074955637480:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
            ],
        ),
    ),
    ("handshake-origin-null", Equal),
    ("handshake-path-variants", Equal),
    ("handshake-plain", Equal),
    ("handshake-plain-query", Equal),
    ("handshake-resource-option", Equal),
    ("handshake-transports-empty", Equal),
    ("handshake-wrong-protocol", Equal),
    ("handshake-zero-timeouts", Equal),
    (
        "htmlfile",
        Different(
            "what could end the script is escaped; the page reads the same text",
            &[
                "stream: - chunk <script>_(\"3:::a/b </script> \\\" é😀 \u{2028}\");</script>",
                "stream: + chunk <script>_(\"3:::a/b <\\/script> \\\" é😀 \\u2028\");</script>",
            ],
        ),
    ),
    ("htmlfile-payload-on-open", Equal),
    ("htmlfile-poll-duration", Equal),
    ("htmlfile-reopen-payload", Equal),
    (
        "jsonp-messages",
        Different(
            "what could end the script is escaped; the page reads the same text",
            &[
                "poll: - 200 [connection: Keep-Alive, content-length: 49, content-type: text/javascript; charset=UTF-8, x-xss-protection: 0] io.j[0](\"3:::q\\\" \\\\ / \\n \u{2028} é 😀 </script>\");",
                "poll: + 200 [connection: Keep-Alive, content-length: 53, content-type: text/javascript; charset=UTF-8, x-xss-protection: 0] io.j[0](\"3:::q\\\" \\\\ / \\n \\u2028 é 😀 <\\/script>\");",
            ],
        ),
    ),
    (
        "jsonp-post",
        Different(
            "no credentials together with a wildcard origin",
            &[
                "c9: - 200 [access-control-allow-credentials: true, access-control-allow-origin: *, content-length: 1] 1",
                "c9: + 200 [access-control-allow-origin: *, content-length: 1] 1",
            ],
        ),
    ),
    (
        "jsonp-post-malformed-array",
        Different(
            "a body that brings no payload is answered 1 and reported as a violation; it ends the process of 0.8.7",
            &["poll: - fin", "c1: - fin"],
        ),
    ),
    (
        "jsonp-post-malformed-bool",
        Different(
            "a body that brings no payload is answered 1 and reported as a violation; it ends the process of 0.8.7",
            &["poll: - fin", "c1: - fin"],
        ),
    ),
    (
        "jsonp-post-malformed-dup-d",
        Different(
            "a body that brings no payload is answered 1 and reported as a violation; it ends the process of 0.8.7",
            &["poll: - fin", "c1: - fin"],
        ),
    ),
    (
        "jsonp-post-malformed-empty",
        Different(
            "a body that brings no payload is answered 1 and reported as a violation; it ends the process of 0.8.7",
            &["poll: - fin", "c1: - fin"],
        ),
    ),
    (
        "jsonp-post-malformed-escape",
        Different(
            "a body that brings no payload is answered 1 and reported as a violation; it ends the process of 0.8.7",
            &["poll: - fin", "c1: - fin"],
        ),
    ),
    (
        "jsonp-post-malformed-no-d",
        Different(
            "a body that brings no payload is answered 1 and reported as a violation; it ends the process of 0.8.7",
            &["poll: - fin", "c1: - fin"],
        ),
    ),
    (
        "jsonp-post-malformed-not-json",
        Different(
            "a body that brings no payload is answered 1 and reported as a violation; it ends the process of 0.8.7",
            &["poll: - fin"],
        ),
    ),
    (
        "jsonp-post-malformed-number",
        Different(
            "a body that brings no payload is answered 1 and reported as a violation; it ends the process of 0.8.7",
            &["poll: - fin", "c1: - fin"],
        ),
    ),
    (
        "jsonp-post-malformed-object",
        Different(
            "a body that brings no payload is answered 1 and reported as a violation; it ends the process of 0.8.7",
            &["poll: - fin", "c1: - fin"],
        ),
    ),
    (
        "jsonp-post-malformed-unknown-sid",
        Different(
            "a body that brings no payload is answered 1; it ends the process of 0.8.7",
            &["c1: - fin"],
        ),
    ),
    ("namespace-disconnect-end", Equal),
    ("namespaces", Equal),
    ("nsp-not-connected-delivery", Equal),
    (
        "proto-sid",
        Different(
            "session ids are looked up in a real map; a name of Object.prototype crashes 0.8.7",
            &[
                "c1: - fin",
                "c1: + 200 [connection: Keep-Alive, content-length: 7, content-type: text/plain; charset=UTF-8] 7:::1+0",
            ],
        ),
    ),
    (
        "proto-sid-constructor",
        Different(
            "session ids are looked up in a real map; a name of Object.prototype crashes 0.8.7",
            &[
                "c1: - fin",
                "c1: + 200 [connection: Keep-Alive, content-length: 7, content-type: text/plain; charset=UTF-8] 7:::1+0",
            ],
        ),
    ),
    ("rooms-broadcast", Equal),
    ("static-client", Carrier("HEAD requests for files of recorded lengths: played in client_files.rs")),
    ("static-client-disabled", Carrier("without files the application is asked: client_files.rs")),
    ("unknown-sid-get-bogus", Equal),
    ("unknown-sid-get-flashsocket", Equal),
    ("unknown-sid-get-htmlfile", Equal),
    ("unknown-sid-get-jsonp-polling", Equal),
    ("unknown-sid-get-websocket", Equal),
    (
        "unknown-sid-get-xhr-polling",
        Different(
            "no credentials together with a wildcard origin",
            &[
                "c2: - 200 [access-control-allow-credentials: true, access-control-allow-origin: *, connection: Keep-Alive, content-length: 7, content-type: text/plain; charset=UTF-8] 7:::1+0",
                "c2: + 200 [access-control-allow-origin: *, connection: Keep-Alive, content-length: 7, content-type: text/plain; charset=UTF-8] 7:::1+0",
            ],
        ),
    ),
    ("unknown-sid-hixie75", Equal),
    ("unknown-sid-hixie76", Equal),
    ("unknown-sid-jsonp-i", Equal),
    ("unknown-sid-post-bogus", Equal),
    (
        "unknown-sid-post-flashsocket",
        Different(
            "a POST to a socket's target is cut off; 0.8.7 leaves it without an answer for ever",
            &["c1: + fin"],
        ),
    ),
    ("unknown-sid-post-htmlfile", Equal),
    ("unknown-sid-post-jsonp-polling", Equal),
    (
        "unknown-sid-post-websocket",
        Different(
            "a POST to a websocket target is cut off; 0.8.7 leaves it without an answer for ever",
            &["c1: + fin"],
        ),
    ),
    ("unknown-sid-post-xhr-polling", Equal),
    ("upgrade-header-htmlfile", Equal),
    (
        "upgrade-outside-resource",
        Different(
            "the protocol revision is checked on upgrades too",
            &["c3: - 101", "c3: - message 7:::1+0"],
        ),
    ),
    ("welcome", Equal),
    ("ws-astral-utf8", Equal),
    (
        "ws-bad-utf8",
        Different(
            "ill-formed bytes become U+FFFD as today's standards count them, one for each byte of an encoded surrogate",
            &[
                "ws: - message 6:::1+[\"��(�\"]",
                "ws: - message 5:::{\"name\":\"echo\",\"args\":[\"��(�\"]}",
                "ws: + message 6:::1+[\"��(���\"]",
                "ws: + message 5:::{\"name\":\"echo\",\"args\":[\"��(���\"]}",
                "app: - event S1  \"echo\" [\"��(�\"] ack:true",
                "app: + event S1  \"echo\" [\"��(���\"] ack:true",
            ],
        ),
    ),
    ("ws-binary", Equal),
    ("ws-client-fin", Equal),
    ("ws-close-frame", Equal),
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
    ("ws-get-without-upgrade", Equal),
    ("ws-heartbeat", Equal),
    ("ws-heartbeat-default", Equal),
    ("ws-heartbeat-unsolicited", Equal),
    ("ws-heartbeats-off", Equal),
    (
        "ws-hixie-origin-restricted",
        Different(
            "the allow-list holds for every draft, and its origins are echoed",
            &[
                "handshake: - 200 [access-control-allow-origin: *, content-type: text/plain] S1:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] S1:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "ws: - head HTTP/1.1 101 Web Socket Protocol Handshake | Upgrade: WebSocket | Connection: Upgrade | WebSocket-Origin: http://evil.com | WebSocket-Location: ws://127.0.0.1:21344/socket.io/1/websocket/S1",
                "ws: - message 1::",
                "ws: + fin",
                "app: - connection S1 ",
            ],
        ),
    ),
    ("ws-hixie75", Equal),
    ("ws-hixie76", Equal),
    (
        "ws-hixie76-bad-key",
        Different(
            "keys are checked before the handshake is answered: the connection is cut off and nothing opens; 0.8.7 sends a wrong digest",
            &[
                "ws: - head HTTP/1.1 101 WebSocket Protocol Handshake | Upgrade: WebSocket | Connection: Upgrade | Sec-WebSocket-Origin: http://example.com | Sec-WebSocket-Location: ws://127.0.0.1:21328/socket.io/1/websocket/S1",
                "ws: - digest ]E-\\x07\\xd6\\x86n\\\"B\\xef%\\x87\\xbdk\\xcd\\xcd",
                "app: - connection S1 ",
            ],
        ),
    ),
    ("ws-hixie76-double-null", Equal),
    ("ws-hixie76-fffd-recovery", Equal),
    ("ws-hixie76-heartbeat", Equal),
    ("ws-hixie76-late-nonce", Equal),
    (
        "ws-hixie76-late-nonce-with-frame",
        Different(
            "a frame that comes with the nonce is not lost",
            &["ws: + message 6:::1", "app: + message S1  \"lost?\" ack:false"],
        ),
    ),
    (
        "ws-hixie76-lowercase-upgrade",
        Carrier("the headers of the upgrade handshake: played over real sockets by the adapter"),
    ),
    ("ws-hixie76-no-key2", Equal),
    ("ws-hixie76-subprotocol", Equal),
    ("ws-hybi-13", Equal),
    ("ws-hybi-8", Equal),
    ("ws-no-key", Carrier("the headers of the upgrade handshake: played over real sockets by the adapter")),
    (
        "ws-opcode-3",
        Carrier("control frames, reserved bits and opcodes: played over real sockets by the adapter"),
    ),
    (
        "ws-origin-restricted",
        Different(
            "a named origin is echoed, with credentials; a socket that is refused opens nothing; one of version 8 without a header of its own is judged by Origin",
            &[
                "handshake: - 200 [access-control-allow-origin: *, content-type: text/plain] S1:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] S1:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: - 200 [access-control-allow-origin: *, content-type: text/plain] S2:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] S2:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: - 200 [access-control-allow-origin: *, content-type: text/plain] S3:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] S3:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "ws: - fin",
                "ws: + 101",
                "ws: + message 1::",
                "handshake: - 200 [access-control-allow-origin: *, content-type: text/plain] S4:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] S4:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: - 200 [access-control-allow-origin: *, content-type: text/plain] S5:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] S5:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "app: - connection S2 ",
                "app: + disconnect S3  socket close",
                "app: - connection S5 ",
            ],
        ),
    ),
    ("ws-oversized-2gb", Carrier("frames of absurd lengths: played over real sockets by the adapter")),
    ("ws-oversized-500mb", Carrier("frames of absurd lengths: played over real sockets by the adapter")),
    ("ws-oversized-64bit-high", Carrier("frames of absurd lengths: played over real sockets by the adapter")),
    ("ws-payload-on-open", Equal),
    (
        "ws-ping",
        Carrier("control frames, reserved bits and opcodes: played over real sockets by the adapter"),
    ),
    (
        "ws-pong-13",
        Carrier("control frames, reserved bits and opcodes: played over real sockets by the adapter"),
    ),
    ("ws-reconnect-closed-session", Equal),
    ("ws-rsv", Carrier("control frames, reserved bits and opcodes: played over real sockets by the adapter")),
    ("ws-second-connection", Equal),
    ("ws-subprotocol", Equal),
    ("ws-unmasked", Equal),
    (
        "ws-upgrade-case",
        Carrier("the headers of the upgrade handshake: played over real sockets by the adapter"),
    ),
    (
        "ws-version-12",
        Carrier("the headers of the upgrade handshake: played over real sockets by the adapter"),
    ),
    (
        "ws-version-17",
        Carrier("the headers of the upgrade handshake: played over real sockets by the adapter"),
    ),
    (
        "ws-version-6",
        Carrier("the headers of the upgrade handshake: played over real sockets by the adapter"),
    ),
    ("ws-volatile", Equal),
    ("xhr-abort-poll", Equal),
    ("xhr-buffered-payload", Equal),
    ("xhr-close-timeout-default", Equal),
    ("xhr-close-timeout-not-reset-by-post", Equal),
    ("xhr-disconnect-in-payload", Equal),
    ("xhr-disconnect-packet-closed", Equal),
    (
        "xhr-disconnect-query-open",
        Different(
            "the ?disconnect request itself is closed; 0.8.7 leaves it without an answer for ever",
            &["disc: + fin"],
        ),
    ),
    ("xhr-duplicate-poll", Equal),
    ("xhr-duplicate-poll-first-aborts", Equal),
    (
        "xhr-halfclose-poll",
        Different("no empty response is written to a poll whose client has gone", &["poll: - 200 [] "]),
    ),
    ("xhr-open", Equal),
    (
        "xhr-open-origin-cookie",
        Different(
            "no credentials together with a wildcard origin",
            &[
                "c3: - 200 [access-control-allow-credentials: true, access-control-allow-origin: *, content-length: 1] 1",
                "c3: + 200 [access-control-allow-origin: *, content-length: 1] 1",
            ],
        ),
    ),
    (
        "xhr-options",
        Different(
            "a preflight is answered and opens nothing; 0.8.7 opens the session by it, loses its connect packet and never answers",
            &[
                "c1: + 200 [access-control-allow-headers: Content-Type, access-control-allow-methods: GET, POST, OPTIONS, access-control-allow-origin: *, content-length: 0] ",
                "poll: - 200 [connection: Keep-Alive, content-length: 3, content-type: text/plain; charset=UTF-8] 8::",
                "poll: + 200 [connection: Keep-Alive, content-length: 3, content-type: text/plain; charset=UTF-8] 1::",
            ],
        ),
    ),
    ("xhr-poll-other-transport", Equal),
    ("xhr-poll-timeout", Equal),
    ("xhr-poll-timeout-default", Equal),
    (
        "xhr-post-before-get",
        Different(
            "packets posted before the first poll reach the application; 0.8.7 answers 1 and drops them",
            &["app: + message S1  \"early\" ack:false"],
        ),
    ),
    (
        "xhr-post-no-content-length",
        Different(
            "a body is decoded as a whole; 0.8.7 decodes each chunk, and breaks characters between two",
            &["app: - message S1  \"��!\" ack:false", "app: + message S1  \"é!\" ack:false"],
        ),
    ),
    (
        "xhr-post-payload-neg-length",
        Different(
            "a length that is not plain digits ends the payload with an error; a negative one hangs 0.8.7 for ever",
            &[
                "c2: + 200 [content-type: text/plain] unrecorded:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
            ],
        ),
    ),
    ("xhr-post-unknown-namespace", Equal),
    ("xhr-two-sends-one-poll", Equal),
    ("xhr-upgrade-header", Equal),
    ("xhr-upgrade-header-unknown-sid", Equal),
];
