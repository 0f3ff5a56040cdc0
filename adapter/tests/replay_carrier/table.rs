//! The verdict on every transcript of the carrier.

/// How ours compares with a recording.
pub(crate) enum Verdict {
    /// Nothing differs.
    Equal,
    /// Deliberately different: why, and each difference (`-` recorded only, `+` ours only).
    Different(&'static str, &'static [&'static str]),
    /// Only the machine's replay plays it.
    Machine(&'static str),
}

use Verdict::{Different, Equal, Machine};

/// Scenario and verdict, in the order of their names.
pub(crate) const TABLE: &[(&str, Verdict)] = &[
    (
        "flash-policy-disabled",
        Different(
            "what is no HTTP is told so before it is cut off",
            &["policy-inline: - fin", "policy-inline: + 400 []"],
        ),
    ),
    ("flash-policy-origins", Equal),
    (
        "flash-policy",
        Different(
            "a request for the policy may come in pieces, and is waited for as long as for any head; 0.8.7 knows it in one piece only and takes it for broken HTTP otherwise",
            &["policy-inline-split: - fin", "policy-inline-no-nul: - fin"],
        ),
    ),
    ("unknown-sid-get-flashsocket", Equal),
    ("unknown-sid-get-websocket", Equal),
    ("unknown-sid-hixie75", Equal),
    ("unknown-sid-hixie76", Equal),
    (
        "unknown-sid-post-flashsocket",
        Different(
            "a POST to a socket's target is cut off; 0.8.7 leaves it without an answer for ever",
            &["c1: + fin"],
        ),
    ),
    (
        "unknown-sid-post-websocket",
        Different(
            "a POST to a socket's target is cut off; 0.8.7 leaves it without an answer for ever",
            &["c1: + fin"],
        ),
    ),
    ("upgrade-header-htmlfile", Equal),
    (
        "upgrade-outside-resource",
        Different(
            "an upgrade without a version is told the known ones, and the protocol revision is checked on upgrades too",
            &[
                "c1: - fin",
                "c1: + 426 [content-type: text/plain, sec-websocket-version: 13, 8, 7] websocket versions 13, 8 and 7 are spoken here",
                "c3: - 101 [connection: Upgrade, sec-websocket-accept: JVxkmtKFjDcI/Pm/AGPEKSN6wT8=, upgrade: websocket]",
                "c3: - message 7:::1+0",
            ],
        ),
    ),
    ("ws-astral-utf8", Equal),
    (
        "ws-bad-utf8",
        Different(
            "a text that is not UTF-8 closes the socket with 1007, as RFC 6455 has it",
            &[
                "ws: - message 6:::1+[\"��(�\"]",
                "ws: - message 5:::{\"name\":\"echo\",\"args\":[\"��(�\"]}",
                "ws: + close 1007",
                "ws: + fin",
                "app: - event S1  \"echo\" [\"��(�\"] ack:true",
                "app: + disconnect S1  socket close",
            ],
        ),
    ),
    ("ws-binary", Equal),
    ("ws-client-fin", Equal),
    ("ws-close-frame", Different("a close frame is answered", &["ws: + close 1000", "ws: + close"])),
    (
        "ws-continuation-first",
        Different("a broken frame closes the socket with 1002, not by a FIN alone", &["ws: + close 1002"]),
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
    ("ws-heartbeat-default", Machine("35 s of waiting")),
    ("ws-heartbeat-unsolicited", Different("a close frame comes before the FIN", &["ws: + close"])),
    ("ws-heartbeat", Different("a close frame comes before the FIN", &["ws: + close"])),
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
    (
        "ws-hixie76-late-nonce-with-frame",
        Different(
            "a frame that comes with the nonce is not lost",
            &["ws: + message 6:::1", "app: + message S1  \"lost?\" ack:false"],
        ),
    ),
    ("ws-hixie76-late-nonce", Equal),
    (
        "ws-hixie76-lowercase-upgrade",
        Different(
            "an upgrade without a version that is no draft's is told the known ones, and opens nothing",
            &[
                "ws: - fin",
                "ws: + 426 [content-type: text/plain, sec-websocket-version: 13, 8, 7] websocket versions 13, 8 and 7 are spoken here",
                "app: - connection S1 ",
            ],
        ),
    ),
    ("ws-hixie76-no-key2", Equal),
    ("ws-hixie76-subprotocol", Equal),
    ("ws-hixie76", Equal),
    ("ws-hybi-13", Different("a close frame comes before the FIN", &["ws: + close"])),
    ("ws-hybi-8", Different("a close frame comes before the FIN", &["ws: + close"])),
    (
        "ws-no-key",
        Different(
            "a missing key is named, and opens nothing",
            &[
                "ws: - fin",
                "ws: + 400 [content-type: text/plain] the Sec-WebSocket-Key header is missing",
                "app: - connection S1 ",
            ],
        ),
    ),
    (
        "ws-opcode-3",
        Different("a broken frame closes the socket with 1002, not by a FIN alone", &["ws: + close 1002"]),
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
                "ws: + 101 [connection: Upgrade, sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=, upgrade: websocket]",
                "ws: + message 1::",
                "handshake: - 200 [access-control-allow-origin: *, content-type: text/plain] S4:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] S4:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: - 200 [access-control-allow-origin: *, content-type: text/plain] S5:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] S5:15:25:websocket,htmlfile,xhr-polling,jsonp-polling",
                "app: - connection S2 ",
                "app: + disconnect S3  socket end",
                "app: - connection S5 ",
            ],
        ),
    ),
    (
        "ws-oversized-2gb",
        Different(
            "a length beyond the limit closes that socket with 1009 before anything is allocated; it ends the process of 0.8.7",
            &["ws: + close 1009"],
        ),
    ),
    (
        "ws-oversized-500mb",
        Different(
            "a length beyond the limit closes the socket with 1009; 0.8.7 allocates it and waits",
            &["ws: + close 1009", "ws: + fin"],
        ),
    ),
    (
        "ws-oversized-64bit-high",
        Different("a length beyond the limit closes the socket with 1009", &["ws: + close 1009"]),
    ),
    ("ws-payload-on-open", Equal),
    (
        "ws-ping",
        Different(
            "a ping is answered by a pong with its payload; 0.8.7 answers three bytes that are no frame, and takes the mask of an empty ping for one",
            &[
                "ws empty unmasked: - the bytes C2 8A 00",
                "ws empty unmasked: + pong ",
                "ws masked with data: - the bytes C2 8A 00",
                "ws masked with data: + pong abc",
                "ws unmasked with data: - the bytes C2 8A 00",
                "ws unmasked with data: + pong abc",
                "ws empty masked: - the bytes C2 8A 00",
                "ws empty masked: - fin",
                "ws empty masked: + pong ",
            ],
        ),
    ),
    ("ws-pong-13", Different("a pong is taken for what it is; 0.8.7 knows no such frame", &["ws: - fin"])),
    ("ws-reconnect-closed-session", Different("a close frame comes before the FIN", &["wsB: + close"])),
    (
        "ws-rsv",
        Different("a broken frame closes the socket with 1002, not by a FIN alone", &["ws: + close 1002"]),
    ),
    ("ws-second-connection", Equal),
    ("ws-subprotocol", Equal),
    ("ws-unmasked", Equal),
    ("ws-upgrade-case", Equal),
    (
        "ws-version-12",
        Different(
            "a version that is not spoken is told those that are, and opens nothing",
            &[
                "ws: - fin",
                "ws: + 426 [content-type: text/plain, sec-websocket-version: 13, 8, 7] websocket versions 13, 8 and 7 are spoken here",
            ],
        ),
    ),
    (
        "ws-version-17",
        Different(
            "a version that is not spoken is told those that are, and opens nothing",
            &[
                "ws: - fin",
                "ws: + 426 [content-type: text/plain, sec-websocket-version: 13, 8, 7] websocket versions 13, 8 and 7 are spoken here",
            ],
        ),
    ),
    (
        "ws-version-6",
        Different(
            "a version that is not spoken is told those that are, and opens nothing",
            &[
                "ws: - fin",
                "ws: + 426 [content-type: text/plain, sec-websocket-version: 13, 8, 7] websocket versions 13, 8 and 7 are spoken here",
            ],
        ),
    ),
    ("ws-volatile", Equal),
    ("xhr-upgrade-header-unknown-sid", Equal),
    ("xhr-upgrade-header", Equal),
];
