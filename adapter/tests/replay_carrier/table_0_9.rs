//! The verdict on every transcript of the carrier that was recorded of 0.9.17.

use super::table::Verdict::{self, Different, Equal};

/// Scenario and verdict, in the order of their names.
pub(crate) const TABLE: &[(&str, Verdict)] = &[
    (
        "flash-policy",
        Different(
            "a request for the policy may come in pieces, and is waited for as long as for any head; 0.9 knows it in one piece only and takes it for broken HTTP otherwise",
            &["policy-inline-split: - fin", "policy-inline-no-nul: - fin"],
        ),
    ),
    ("unknown-sid-get-websocket", Equal),
    ("unknown-sid-hixie75", Equal),
    ("unknown-sid-hixie76", Equal),
    (
        "unknown-sid-post-websocket",
        Different(
            "a POST to a socket's target is cut off; 0.9 leaves it without an answer for ever",
            &["c1: + fin"],
        ),
    ),
    ("unknown-sid-ws8", Different("a close frame comes before the FIN", &["ws: + close"])),
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
    ("ws-client-fin", Equal),
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
    (
        "ws-fragmented",
        Different(
            "a character may be split over fragments, and pings are answered as RFC 6455 has it",
            &[
                "ws: - the bytes C2 8A 00",
                "ws: - the bytes C2 8A 00",
                "ws: + pong ",
                "ws: + pong pp",
                "app: - message S1  \"��\" ack:false",
                "app: + message S1  \"é\" ack:false",
            ],
        ),
    ),
    ("ws-get-without-upgrade", Equal),
    ("ws-heartbeat", Different("a close frame comes before the FIN", &["ws: + close"])),
    ("ws-heartbeat-unsolicited", Different("a close frame comes before the FIN", &["ws: + close"])),
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
    ("ws-hixie76", Equal),
    ("ws-hixie76-bad-frame", Equal),
    (
        "ws-hixie76-late-nonce-with-frame",
        Different(
            "a frame that comes with the nonce is not lost",
            &["ws: + message 6:::1", "app: + message S1  \"lost?\" ack:false"],
        ),
    ),
    ("ws-hixie76-subprotocol", Equal),
    ("ws-hybi-8", Different("a close frame comes before the FIN", &["ws: + close"])),
    (
        "ws-origin-restricted",
        Different(
            "a response that depends on the origin says so; a socket of version 8 without a header of its own is judged by Origin",
            &[
                "handshake: - 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain] S1:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] S1:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: - 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain] S2:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] S2:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: - 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain] S3:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] S3:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "ws: - fin",
                "ws: + 101 [connection: Upgrade, sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=, upgrade: websocket]",
                "ws: + message 1::",
                "handshake: - 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain] S4:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] S4:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: - 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain] S5:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "handshake: + 200 [access-control-allow-credentials: true, access-control-allow-origin: http://example.com, content-type: text/plain, vary: Origin] S5:60:60:websocket,htmlfile,xhr-polling,jsonp-polling",
                "app: + connection S3 ",
                "app: + disconnect S3  socket end",
                "app: - disconnect S4  socket end",
            ],
        ),
    ),
    (
        "ws-oversized-2gb",
        Different(
            "a length beyond the limit closes the socket with 1009; 0.9 says 0::",
            &[
                "ws: - message 0::",
                "ws: + close 1009",
                "app: - disconnect S1  booted",
                "app: + disconnect S1  socket close",
            ],
        ),
    ),
    (
        "ws-oversized-500mb",
        Different(
            "a length beyond the limit closes the socket with 1009; 0.9 says 0::",
            &[
                "ws: - message 0::",
                "ws: + close 1009",
                "app: - disconnect S1  booted",
                "app: + disconnect S1  socket close",
            ],
        ),
    ),
    (
        "ws-oversized-64bit-high",
        Different("a length beyond the limit closes the socket with 1009", &["ws: + close 1009"]),
    ),
    ("ws-payload-on-open", Equal),
    (
        "ws-post",
        Different(
            "a POST to a socket's target is cut off and opens nothing; 0.9 opens the session by it, loses its connect packet and never answers",
            &["c1: + fin", "ws: + message 1::"],
        ),
    ),
    ("ws-reconnect-closed-session", Different("a close frame comes before the FIN", &["wsB: + close"])),
    (
        "ws-rsv",
        Different("a broken frame closes the socket with 1002, not by a FIN alone", &["ws: + close 1002"]),
    ),
    ("ws-second-connection", Equal),
    ("ws-server-close", Different("a close frame comes before the FIN", &["ws: + close"])),
    (
        "ws-server-lengths",
        Different(
            "the length of a packet of 65,536 bytes is right",
            &[
                "ws: - length 0 before 3:::zzzzzzzzzzzzzzzz... of 65536 bytes",
                "ws: + message 3:::zzzzzzzzzzzzzzzz... of 65536 bytes",
            ],
        ),
    ),
    ("ws-subprotocol", Equal),
    (
        "ws-version-17",
        Different(
            "a version that is not spoken is told those that are",
            &[
                "ws: - fin",
                "ws: + 426 [content-type: text/plain, sec-websocket-version: 13, 8, 7] websocket versions 13, 8 and 7 are spoken here",
            ],
        ),
    ),
];
