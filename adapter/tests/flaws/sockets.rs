//! Frames that no client sends.

use std::time::Duration;

use tokio::time::timeout;

use super::Attacked;
use crate::rig::Raw;
use tokio::net::TcpStream;

async fn open(attacked: &Attacked) -> Raw<TcpStream> {
    let mut raw = attacked.connect().await;
    let handshake = raw.get("/socket.io/1/").await;
    let id = handshake.body.split(':').next().unwrap().to_owned();
    assert_eq!(raw.upgrade(&format!("/socket.io/1/websocket/{id}")).await.status, 101);
    assert_eq!(raw.text().await, "1::");
    raw
}

/// Whether the peer ends the connection, after whatever it has to say.
async fn is_ended(mut raw: Raw<TcpStream>) -> bool {
    timeout(Duration::from_secs(5), async { while raw.take(1).await.is_some() {} }).await.is_ok()
}

/// 0.8.7 makes a buffer of the length that the frame claims; beyond 1 GB its process ends.
#[tokio::test]
async fn a_frame_that_claims_two_gigabytes_ends_its_session_only() {
    let attacked = Attacked::start().await;
    for len in [0x8000_0000_u64, 500_000_000, u64::MAX, 0x7fff_ffff_ffff_ffff] {
        let mut raw = open(&attacked).await;
        let mut frame = vec![0x81, 0xff];
        frame.extend_from_slice(&len.to_be_bytes());
        frame.extend_from_slice(&[0, 0, 0, 0, b'x']);
        raw.write(frame).await;
        assert!(is_ended(raw).await, "{len}");
    }
    attacked.goes_on().await;
}

#[tokio::test]
async fn fragments_without_end_are_cut_off_at_the_limit() {
    use tokio::io::AsyncWriteExt;

    let attacked = Attacked::start().await;
    let mut raw = open(&attacked).await;
    let fragment = |first: u8| [vec![first, 0xfe, 0xff, 0xff, 0, 0, 0, 0], vec![b'x'; 65_535]].concat();
    let mut sent = 0;
    let mut first = 0x01;
    while raw.io.write_all(&fragment(first)).await.is_ok() {
        first = 0x00;
        sent += 1;
        assert!(sent < 200, "{sent} fragments of 64 kB were taken");
    }
    attacked.goes_on().await;
}

/// 126 bytes, one more than a control frame may have.
const LONG_PING: &[u8] = &{
    let mut frame = [0; 8 + 126];
    frame[0] = 0x89;
    frame[1] = 0xfe;
    frame[3] = 126;
    frame
};

#[tokio::test]
async fn frames_against_the_rules_end_their_session_only() {
    let attacked = Attacked::start().await;
    let frames: [&[u8]; 6] = [
        // Reserved bits, an unknown opcode, a long and a fragmented control frame, a continuation of nothing, a new message inside one.
        &[0xf1, 0x81, 0, 0, 0, 0, b'x'],
        &[0x83, 0x81, 0, 0, 0, 0, b'x'],
        LONG_PING,
        &[0x09, 0x80, 0, 0, 0, 0],
        &[0x80, 0x81, 0, 0, 0, 0, b'x'],
        &[0x01, 0x81, 0, 0, 0, 0, b'x', 0x81, 0x81, 0, 0, 0, 0, b'y'],
    ];
    for frame in frames {
        let mut raw = open(&attacked).await;
        raw.write(frame).await;
        assert!(is_ended(raw).await, "{frame:x?}");
    }
    attacked.goes_on().await;
}

/// The drafts before version 7 have no masks and frames without end, and 0.8.7 speaks them to whoever asks.
#[tokio::test]
async fn the_hixie_drafts_are_not_spoken_unless_enabled() {
    let attacked = Attacked::start().await;
    let request = "GET /socket.io/1/websocket/nobody HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
        Origin: http://x\r\nSec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nSec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n\r\n^n:ds[4U";
    let answer = attacked.bytes(request).await;
    assert!(answer.is_none_or(|answer| answer.status != 101));
    attacked.goes_on().await;
}

/// 0.8.7 opens a port that lets flash of any page speak to any port.
#[tokio::test]
async fn a_flash_policy_is_not_given_unless_enabled() {
    let attacked = Attacked::start().await;
    let mut raw = attacked.connect().await;
    raw.write(b"<policy-file-request/>\0").await;
    let mut said = Vec::new();
    while let Ok(Some(byte)) = timeout(Duration::from_secs(1), raw.take(1)).await {
        said.extend(byte);
    }
    let said = String::from_utf8_lossy(&said);
    assert!(!said.contains("cross-domain-policy"), "{said}");
    attacked.goes_on().await;
}
