//! Requests that are too long, too slow, or two things at once.

use std::time::{Duration, Instant};

use socketio08::server::{ServerConfig, ServerEvent};
use socketio08::{Limits, Text};
use socketio08_tokio::{CarrierLimits, IdSource, NodeConfig, RandomIds};

use super::Attacked;
use crate::rig::TestNode;

/// Ends the process of 0.8.7, even for an unknown session.
#[tokio::test]
async fn an_upgrade_on_a_polling_target_ends_its_connection_only() {
    let attacked = Attacked::start().await;
    for transport in ["xhr-polling", "jsonp-polling", "htmlfile"] {
        for id in ["nobody", attacked.honest.as_str()] {
            let answer = attacked
                .bytes(format!(
                    "GET /socket.io/1/{transport}/{id} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\
                     Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                     Sec-WebSocket-Version: 13\r\n\r\n"
                ))
                .await;
            assert!(answer.is_none_or(|answer| answer.status >= 400), "{transport} {id}");
        }
    }
    attacked.goes_on().await;
}

/// 0.8.7 collects a body for as long as it comes.
#[tokio::test]
async fn an_endless_body_is_cut_off_at_the_limit() {
    let attacked = Attacked::start().await;
    let target = format!("/socket.io/1/xhr-polling/{}", attacked.honest);
    let mut raw = attacked.connect().await;
    raw.write(format!("POST {target} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")).await;
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let mut sent = 0_usize;
    let answer = loop {
        use tokio::io::AsyncWriteExt;
        if raw.io.write_all(chunk.as_bytes()).await.is_err() || sent > 400 {
            break raw.response().await;
        }
        sent += 1;
    };
    // 4 MB, and what the system holds on both sides of the loopback.
    assert!(sent < 400, "{sent} chunks of 64 kB were taken");
    assert!(answer.is_none_or(|answer| answer.status == 413));
    attacked.goes_on().await;
}

#[tokio::test]
async fn a_request_trickled_byte_by_byte_is_ended_by_the_head_timeout() {
    let mut config = NodeConfig::new(ServerConfig::default());
    config.limits = CarrierLimits::default().head_timeout(Duration::from_millis(300));
    let node = TestNode::start_with(config).await;
    let mut raw = node.connect().await;
    let start = Instant::now();
    loop {
        use tokio::io::AsyncWriteExt;
        assert!(start.elapsed() < Duration::from_secs(5), "it was allowed to go on");
        tokio::time::sleep(Duration::from_millis(50)).await;
        if raw.io.write_all(b"G").await.is_err() {
            break;
        }
        let waited = tokio::time::timeout(Duration::from_millis(1), raw.response());
        if waited.await.is_ok() {
            break;
        }
    }
}

/// Whoever reads the length otherwise than a proxy before it can be given a request inside a request.
#[tokio::test]
async fn a_request_with_two_lengths_is_never_two_requests() {
    let attacked = Attacked::start().await;
    let inner = format!(
        "POST /socket.io/1/xhr-polling/{} HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n3:::smuggled",
        attacked.honest
    );
    let heads = [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Content-Length: 3\r\nContent-Length: 0\r\n\r\n",
        "Content-Length: 0x0\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n",
        "X: 1\r\n folded\r\n\r\n",
        "X: a\rContent-Length: 0\r\n\r\n",
    ];
    for head in heads {
        let mut raw = attacked.connect().await;
        raw.write(format!("POST /socket.io/1/xhr-polling/nobody HTTP/1.1\r\nHost: x\r\n{head}{inner}")).await;
        while let Some(answer) = raw.response().await {
            if answer.status >= 400 {
                break;
            }
        }
    }
    let smuggled = |event: &ServerEvent| format!("{event:?}").contains("smuggled");
    // With both framings given, chunked rules (RFC 9112 section 6.3), and the connection ends after the answer.
    let events = attacked.node.echo.events.lock().unwrap().clone();
    assert!(!events.iter().any(smuggled), "{events:?}");
    attacked.goes_on().await;
}

/// Handshakes that nobody uses stay for ever in some servers.
#[tokio::test]
async fn a_flood_of_handshakes_meets_a_limit_and_leaves_sessions_alone() {
    let limits = Limits::default().sessions_max(50);
    let config = ServerConfig::default().limits(limits);
    let node = TestNode::start_with(NodeConfig::new(config)).await;
    let honest = node.open_polling().await;
    let mut raw = node.connect().await;
    let mut refused = 0;
    for _ in 0..100 {
        if raw.get("/socket.io/1/").await.status == 503 {
            refused += 1;
        }
    }
    assert_eq!(refused, 51, "50 sessions, the honest one among them");
    Attacked { node, honest }.goes_on().await;
}

/// 0.8.7 multiplies two `Math.random()` with the time of day: predictable, and at most 64 bits.
#[test]
fn session_ids_have_128_bits_or_more_of_the_operating_system() {
    let mut ids: Vec<Text> = (0..10_000).filter_map(|_| RandomIds.next_id()).collect();
    assert_eq!(ids.len(), 10_000);
    let alphabet: std::collections::BTreeSet<char> = ids.iter().flat_map(|id| id.chars()).collect();
    let bits = ids.iter().map(|id| id.len()).min().unwrap() * alphabet.len().ilog2() as usize;
    assert!(bits >= 128, "{bits} bits");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 10_000, "no two alike");
}

/// 0.8.7 answers any origin by `*`, and with cookies adds the credentials.
#[tokio::test]
async fn a_wildcard_is_never_answered_together_with_credentials() {
    let attacked = Attacked::start().await;
    for target in ["/socket.io/1/", "/socket.io/1/xhr-polling/nobody"] {
        let answer = attacked
            .bytes(format!(
                "GET {target} HTTP/1.1\r\nHost: x\r\nOrigin: http://evil.example\r\nCookie: a=b\r\n\r\n"
            ))
            .await
            .unwrap();
        let wildcard = answer.header("access-control-allow-origin") == Some("*");
        assert!(
            !(wildcard && answer.header("access-control-allow-credentials").is_some()),
            "{}",
            answer.head
        );
    }
    attacked.goes_on().await;
}
