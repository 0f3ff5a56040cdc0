//! What holds of the codec whatever text comes in, and of the machines whatever calls are made. Each function panics if it does not; the fuzz targets and the smoke
//! test in `protocol/tests/fuzz_smoke.rs` call them.

mod client_operations;
mod draws;
mod joined;
mod server_operations;

pub use client_operations::client_operations;
pub use joined::joined;
pub use server_operations::server_operations;

use bytes::BytesMut;
use socketio08::handshake::Handshake;
use socketio08::hixie::{Connection, Event, HeadReader, Keys, Opening, Upgrade};
use socketio08::payload::{self, Payload, PayloadRef};
use socketio08::policy::{self, Policy, Ports, Seen};
use socketio08::target::{self, Target};
use socketio08::{Limits, Packet, PacketRef, Text, jsonp, script};

/// A packet that can be decoded encodes to its exact length and decodes to the same again; an error is inside the text.
pub fn packet(text: &str) {
    match PacketRef::decode(text) {
        Ok(packet) => {
            let mut encoded = BytesMut::new();
            packet.encode(&mut encoded);
            let again = packet.to_text();
            assert_eq!(encoded, again.as_bytes());
            assert_eq!(packet.encoded_len(), again.len());
            assert_eq!(PacketRef::decode(&again), Ok(packet));
            assert_eq!(Packet::decode(&Text::from(text)), Ok(packet.to_packet()));
            views(&packet);
        }
        Err(error) => {
            assert!(text.is_char_boundary(error.offset), "{error}");
            assert_eq!(Packet::decode(&Text::from(text)), Err(error));
        }
    }
}

/// What the typed views accept is JSON, and where they refuse is inside the data.
fn views(packet: &PacketRef<'_>) {
    let data_len = packet.encoded_len();
    match packet.event() {
        Ok(event) => assert!(serde_json::from_str::<serde::de::IgnoredAny>(event.args_text()).is_ok()),
        Err(error) => assert!(error.offset <= data_len, "{error}"),
    }
    for error in [
        packet.json::<serde::de::IgnoredAny>().err(),
        packet.ack_args::<serde::de::IgnoredAny>().err(),
        packet.event().and_then(|event| event.args::<serde_json::Value>()).err(),
    ] {
        assert!(error.is_none_or(|error| error.offset <= data_len));
    }
}

/// A payload is read in linear time, its parts in order; what can be read is the same when written again.
pub fn payload(text: &str) {
    let limits = Limits::default().payload_len_max(usize::MAX).payload_packets_max(usize::MAX);
    let mut parts = PayloadRef::new(text, &limits);
    let mut packets = Vec::new();
    for part in parts.by_ref() {
        match part {
            Ok(packet) => packets.push(packet),
            Err(error) => assert!(text.is_char_boundary(error.offset), "{error}"),
        }
    }
    assert!(parts.examined() <= 2 * text.len(), "{} of {} bytes", parts.examined(), text.len());

    let shared: Vec<Text> = Payload::new(Text::from(text), &limits).flatten().collect();
    assert_eq!(shared, packets);

    let again = payload::encode(&packets);
    assert_eq!(again.len(), payload::encoded_len(&packets));
    // One packet travels bare, where an empty one is none and a leading U+FFFD would be taken for a frame.
    if packets.len() != 1 {
        assert_eq!(PayloadRef::new(&again, &limits).collect::<Result<Vec<_>, _>>(), Ok(packets));
    }
}

/// A handshake that can be read is the same when written and read again; an error is inside the body.
pub fn handshake(body: &str) {
    match Handshake::decode(body) {
        Ok(handshake) => assert_eq!(Handshake::decode(&handshake.to_text()), Ok(handshake)),
        Err(error) => {
            assert!(error.field < 4, "{error}");
            assert!(body.is_char_boundary(error.offset), "{error}");
        }
    }
}

/// A target of a session or a handshake is the same when written and read again.
pub fn target(text: &str) {
    const RESOURCE: &str = "/socket.io";
    let read = Target::parse(RESOURCE, text);
    match read {
        Target::Session { transport: Ok(transport), session, query } => {
            assert_eq!(Target::parse(RESOURCE, &target::session(RESOURCE, transport, session, query)), read);
            assert_eq!(Target::parse_upgrade(RESOURCE, text), read);
        }
        Target::Handshake { query } => {
            assert_eq!(Target::parse(RESOURCE, &target::handshake(RESOURCE, query)), read);
        }
        Target::Outside => assert_eq!(Target::parse_upgrade(RESOURCE, text), Target::Outside),
        _ => {}
    }
}

/// What a server hears of a stream of the drafts is the same however it is cut, and is bounded; a handshake that is accepted is
/// answered by one head. The first byte says where to cut.
pub fn hixie(bytes: &[u8]) {
    const LEN_MAX: usize = 64;
    let (step, bytes) =
        bytes.split_first().map_or((1, bytes), |(&step, rest)| (usize::from(step % 8) + 1, rest));
    let heard = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let plain = [("Upgrade", "WebSocket"), ("Host", "a"), ("Origin", "http://a")];
        let headers = plain.map(|(name, value)| (Text::from(name), Text::from(value)));
        let upgrade = Upgrade::from_headers(Text::from("/"), headers.to_vec());
        let mut connection = Connection::accept(&upgrade.ok().flatten().expect("hixie-75"), false, LEN_MAX);
        let mut events: Vec<Event> = connection.poll_event().into_iter().collect();
        for piece in pieces {
            connection.handle_bytes(piece);
            events.extend(std::iter::from_fn(|| connection.poll_event()));
        }
        events
    };
    let whole = heard(&mut std::iter::once(bytes));
    assert_eq!(whole, heard(&mut bytes.chunks(step)));
    for event in &whole {
        assert!(!matches!(event, Event::Message(text) if text.len() > LEN_MAX), "{event:?}");
    }
    handshake_of_a_draft(bytes, step);
}

fn handshake_of_a_draft(bytes: &[u8], step: usize) {
    let mut reader = HeadReader::new(4_096);
    let Some((head, rest)) = reader.handle_bytes(bytes).ok().flatten() else { return };
    let (Ok(Some(upgrade)), before) = (Upgrade::parse(&head), head.len() + rest.len()) else { return };
    assert_eq!(before, bytes.len());
    let response = upgrade.response_head(step == 1);
    assert!(response.ends_with(b"\r\n\r\n"));
    assert_eq!(response.windows(4).filter(|end| end == b"\r\n\r\n").count(), 1, "one head");
    // A client that asked for the same accepts it.
    let of = |name| upgrade.header(name).map(Text::from);
    let (Some(host), Some(origin)) = (of("host"), of("origin")) else { return };
    let mut numbers = bytes.iter().cycle().map(|&byte| u32::from(byte) * 0x0101_0101);
    let challenged = of("sec-websocket-key1").is_some_and(|key| !key.is_empty());
    let opening = Opening {
        keys: challenged.then(|| Keys::draw(|| numbers.next().unwrap_or(0))),
        host,
        target: upgrade.target().clone(),
        origin,
        subprotocol: None,
        secure: step == 1,
    };
    let mut client = Connection::connect(opening, 64);
    client.handle_bytes(&response);
    if let Some(event) = client.poll_event() {
        assert_eq!(event, Event::Open);
    }
}

/// A request for a policy is told by its first 23 bytes, and never later than at the first that differs; a policy that can
/// be written has no markup but its own.
pub fn policy(bytes: &[u8]) {
    let seen = policy::recognize(bytes);
    let same = bytes.iter().zip(policy::REQUEST).take_while(|(byte, wanted)| byte == wanted).count();
    let expected = match same {
        23 => Seen::Request,
        same if same == bytes.len() => Seen::More,
        _ => Seen::Other,
    };
    assert_eq!(seen, expected);
    let host = String::from_utf8_lossy(bytes);
    let port = u16::try_from(bytes.len()).unwrap_or(1).max(1);
    if let Ok(policy) = Policy::new().allow(&host, Ports::Some(&[port])) {
        let text = policy.to_text();
        assert_eq!(text.matches('<').count(), 5, "{text}");
        assert!(!text.contains('*'), "{text}");
    }
}

/// A form that brings a payload brings the same one when written again as browsers do, an error is within the body, and the script
/// that hands the payload to a page can be ended by none and is read back as it was.
pub fn jsonp_body(bytes: &[u8]) {
    match jsonp::decode_post(bytes) {
        Ok(payload) => {
            let again = script::form_field("d", &script::quote(&payload));
            assert_eq!(jsonp::decode_post(again.as_bytes()), Ok(payload.clone()));
            let scripted = jsonp::script("7", &payload);
            assert!(
                !["</", "<!--", "\u{2028}", "\u{2029}", "\n", "\r"].iter().any(|end| scripted.contains(end)),
                "{scripted}"
            );
            let call = script::Call { index: 7, argument: script::Argument::Text(payload) };
            assert_eq!(script::Call::read(&scripted), Ok(call));
        }
        Err(error) => assert!(error.offset <= 3 * bytes.len(), "{error}"),
    }
}
