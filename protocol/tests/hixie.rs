//! The drafts hixie-75 and hixie-76: handshakes and frames. Keys, nonce and digests are those of the recordings.
#![cfg(feature = "hixie")]
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use socketio08::Text;
use socketio08::hixie::{
    Challenge, Connection, Draft, Event, FrameError, HandshakeError, HeadReader, KeyError, Keys, Opening,
    Upgrade,
};

const KEY1: &str = "4 @1  46546xW%0l 1 5";
const KEY2: &str = "12998 5 Y3 1  .P00";
const NONCE: &[u8; 8] = b"^n:ds[4U";
const DIGEST: &[u8; 16] = b"8jKS'y:G*Co,Wxa-";
const LEN_MAX: usize = 1_000;

fn request(headers: &[&str]) -> String {
    let mut head = "GET /socket.io/1/websocket/7?q=1 HTTP/1.1\r\nHost: a.example:80\r\n".to_owned();
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    head + "\r\n"
}

fn parse(headers: &[&str]) -> Result<Option<Upgrade>, HandshakeError> {
    Upgrade::parse(request(headers).as_bytes())
}

fn hixie75() -> Upgrade {
    parse(&["Upgrade: WebSocket", "Connection: Upgrade", "Origin: http://a.example"]).unwrap().unwrap()
}

fn hixie76(more: &[&str]) -> Upgrade {
    let (key1, key2) = (format!("Sec-WebSocket-Key1: {KEY1}"), format!("Sec-WebSocket-Key2: {KEY2}"));
    let mut headers =
        vec!["Upgrade: WebSocket", "Connection: Upgrade", "Origin: http://a.example", &key1, &key2];
    headers.extend_from_slice(more);
    parse(&headers).unwrap().unwrap()
}

fn transmitted(connection: &mut Connection) -> Vec<u8> {
    std::iter::from_fn(|| connection.poll_transmit()).flatten().collect()
}

fn events(connection: &mut Connection) -> Vec<Event> {
    std::iter::from_fn(|| connection.poll_event()).collect()
}

/// An open connection of hixie-75, its handshake behind it.
fn open(len_max: usize) -> Connection {
    let mut connection = Connection::accept(&hixie75(), false, len_max);
    transmitted(&mut connection);
    events(&mut connection);
    connection
}

/// What a server hears of these bytes.
fn heard(bytes: &[u8]) -> Vec<Event> {
    let mut connection = open(LEN_MAX);
    connection.handle_bytes(bytes);
    events(&mut connection)
}

fn message(text: &str) -> Event {
    Event::Message(Text::from(text))
}

#[test]
fn hixie_75_is_an_upgrade_without_version_and_keys() {
    assert_eq!(hixie75().draft(), Draft::Hixie75);
}

#[test]
fn the_response_to_hixie_75_is_that_of_0_8_7_to_the_byte() {
    let mut connection = Connection::accept(&hixie75(), false, LEN_MAX);
    assert_eq!(
        String::from_utf8(transmitted(&mut connection)).unwrap(),
        "HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
         WebSocket-Origin: http://a.example\r\n\
         WebSocket-Location: ws://a.example:80/socket.io/1/websocket/7?q=1\r\n\r\n"
    );
    assert_eq!(events(&mut connection), [Event::Open]);
}

#[test]
fn the_response_to_hixie_76_is_that_of_0_8_7_to_the_byte() {
    let mut connection = Connection::accept(&hixie76(&["Sec-WebSocket-Protocol: sample"]), true, LEN_MAX);
    assert_eq!(
        String::from_utf8(transmitted(&mut connection)).unwrap(),
        "HTTP/1.1 101 WebSocket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Origin: http://a.example\r\n\
         Sec-WebSocket-Location: wss://a.example:80/socket.io/1/websocket/7?q=1\r\n\
         Sec-WebSocket-Protocol: sample\r\n\r\n"
    );
    assert_eq!(events(&mut connection), [], "open only once the nonce is there");
}

#[test]
fn hixie_75_echoes_the_subprotocol_it_knows() {
    let upgrade = parse(&["Upgrade: WebSocket", "WebSocket-Protocol: sample"]).unwrap().unwrap();
    let head = String::from_utf8(upgrade.response_head(false).to_vec()).unwrap();
    assert!(head.ends_with("\r\nWebSocket-Protocol: sample\r\n\r\n"), "{head}");
}

#[test]
fn an_origin_that_is_missing_is_called_undefined() {
    let upgrade = parse(&["Upgrade: WebSocket"]).unwrap().unwrap();
    let head = String::from_utf8(upgrade.response_head(false).to_vec()).unwrap();
    assert!(head.contains("\r\nWebSocket-Origin: undefined\r\n"), "{head}");
}

#[test]
fn the_digest_is_that_of_the_draft() {
    assert_eq!(&Challenge::new(KEY1, KEY2).unwrap().digest(*NONCE), DIGEST);
}

#[test]
fn the_nonce_may_come_in_pieces_and_with_the_first_frame() {
    let mut connection = Connection::accept(&hixie76(&[]), false, LEN_MAX);
    transmitted(&mut connection);
    connection.handle_bytes(&NONCE[..3]);
    assert_eq!((transmitted(&mut connection).len(), events(&mut connection)), (0, vec![]));
    connection.handle_bytes(&[&NONCE[3..], b"\x003:::x\xff"].concat());
    assert_eq!(transmitted(&mut connection), DIGEST);
    assert_eq!(events(&mut connection), [Event::Open, message("3:::x")]);
}

#[test]
fn one_key_alone_gets_no_digest_and_loses_the_nonce() {
    let upgrade = parse(&["Upgrade: WebSocket", &format!("Sec-WebSocket-Key1: {KEY1}")]).unwrap().unwrap();
    let mut connection = Connection::accept(&upgrade, false, LEN_MAX);
    transmitted(&mut connection);
    connection.handle_bytes(NONCE);
    assert_eq!(transmitted(&mut connection), b"");
    assert_eq!(events(&mut connection), [Event::Open]);
}

#[test]
fn a_key_has_digits_and_spaces_and_is_their_multiple() {
    let cases = [
        ("12345", KeyError::NoSpaces),
        (" a ", KeyError::NoDigits),
        ("1 3 ", KeyError::NotDivisible),
        ("4294967296 ", KeyError::TooLarge),
        ("99999999999999999999999999 ", KeyError::TooLarge),
    ];
    for (key, error) in cases {
        assert_eq!(Challenge::new(key, KEY2), Err(HandshakeError::Key1(error)), "{key:?}");
        assert_eq!(Challenge::new(KEY1, key), Err(HandshakeError::Key2(error)), "{key:?}");
    }
    assert!(Challenge::new("1 3 4", KEY2).is_ok());
    assert!(Challenge::new("4294967295 ", KEY2).is_ok());
}

#[test]
fn only_the_exact_word_websocket_asks_for_a_draft() {
    for headers in [
        &["Upgrade: websocket"][..],
        &["Upgrade: WebSocket, foo"],
        &["Connection: Upgrade"],
        &["Upgrade: WebSocket", "Sec-WebSocket-Version: 7"],
        &["Upgrade: WebSocket", "Sec-WebSocket-Version: 8"],
        &["Upgrade: WebSocket", "Sec-WebSocket-Version: 13"],
    ] {
        assert_eq!(parse(headers), Ok(None), "{headers:?}");
    }
    for version in ["6", "12", "x", ""] {
        let version = format!("Sec-WebSocket-Version: {version}");
        assert!(parse(&["Upgrade: WebSocket", &version]).unwrap().is_some(), "{version}");
    }
}

#[test]
fn other_methods_and_versions_ask_for_no_draft() {
    let head = request(&["Upgrade: WebSocket"]);
    assert_eq!(Upgrade::parse(head.replace("GET", "POST").as_bytes()), Ok(None));
    assert_eq!(Upgrade::parse(head.replace("HTTP/1.1", "HTTP/1.0").as_bytes()), Ok(None));
    assert_eq!(Upgrade::parse(b"<policy-file-request/>\0\r\n\r\n"), Err(HandshakeError::NotHttp));
}

#[test]
fn headers_that_would_break_the_response_are_refused() {
    let headers = vec![
        (Text::from("Upgrade"), Text::from("WebSocket")),
        (Text::from("Origin"), Text::from("x\r\nSet-Cookie: a=b")),
    ];
    assert_eq!(Upgrade::from_headers(Text::from("/"), headers), Err(HandshakeError::BadHeader("Origin")));
}

#[test]
fn a_head_has_a_limit_and_is_found_however_it_is_cut() {
    let head = request(&["Upgrade: WebSocket"]);
    let mut reader = HeadReader::new(head.len() + 1);
    for byte in &head.as_bytes()[..head.len() - 1] {
        assert_eq!(reader.handle_bytes(&[*byte]), Ok(None));
    }
    let (found, rest) = reader.handle_bytes(b"\n\x00x").unwrap().unwrap();
    assert_eq!((found.as_ref(), rest), (head.as_bytes(), &b"\x00x"[..]));

    let mut short = HeadReader::new(20);
    assert_eq!(short.handle_bytes(head.as_bytes()), Err(HandshakeError::HeadTooLong { len_max: 20 }));
    assert_eq!(short.bytes(), &head.as_bytes()[..20]);
}

#[test]
fn a_message_is_00_text_ff() {
    assert_eq!(
        heard(b"\x003:::hi \xc3\xa9 \xf0\x9f\x98\x80\xff\x00\xff"),
        [message("3:::hi é 😀"), message("")]
    );
    let mut connection = open(LEN_MAX);
    connection.send("3:::é").unwrap();
    assert_eq!(transmitted(&mut connection), b"\x003:::\xc3\xa9\xff");
}

#[test]
fn ff_00_and_00_00_close() {
    for close in [b"\xff\x00", b"\x00\x00"] {
        let bytes = [b"\x00a\xff", &close[..], b"\x00b\xff"].concat();
        assert_eq!(heard(&bytes), [message("a"), Event::Closed]);
    }
}

#[test]
fn a_frame_that_does_not_start_with_00_ends_the_connection() {
    assert_eq!(heard(b"hello"), [Event::Broken(FrameError::Start(b'h'))]);
    assert_eq!(heard(b"\xff\x01"), [Event::Broken(FrameError::Close(1))]);
}

#[test]
fn hixie_length_frames_end_the_connection_whatever_length_they_claim() {
    let frame = b"\x80\xff\xff\xff\xff\x7f";
    assert_eq!(heard(frame), [Event::Broken(FrameError::Start(0x80))]);
}

#[test]
fn a_replacement_character_ends_the_message_and_the_rest_is_no_frame() {
    assert_eq!(
        heard(b"\x003:::a\xef\xbf\xbdb\xff"),
        [message("3:::a"), Event::Broken(FrameError::Start(b'b'))]
    );
    assert_eq!(heard(b"\x00a\xef\xbf\xbd\x00b\xff"), [message("a"), message("b")]);
}

#[test]
fn ill_formed_utf_8_ends_the_message_byte_by_byte() {
    assert_eq!(heard(b"\x00a\xc3\xff\x00"), [message("a"), Event::Closed]);
    assert_eq!(heard(b"\x00a\x80\x00b\xff"), [message("a"), message("b")]);
    assert_eq!(heard(b"\x00a\xe2\x82\x00b\xff"), [message("a"), Event::Broken(FrameError::Start(0x82))]);
}

#[test]
fn a_message_beyond_the_limit_ends_the_connection() {
    let mut connection = open(4);
    connection.handle_bytes(b"\x00abcd\xff\x00abcde\xff");
    assert_eq!(
        events(&mut connection),
        [message("abcd"), Event::Broken(FrameError::MessageTooLong { len_max: 4 })]
    );
    let mut endless = open(4);
    endless.handle_bytes(b"\x00");
    for _ in 0..5 {
        endless.handle_bytes(b"x");
    }
    assert_eq!(events(&mut endless), [Event::Broken(FrameError::MessageTooLong { len_max: 4 })]);
}

#[test]
fn nothing_is_heard_after_the_end_and_nothing_can_be_sent() {
    let mut connection = open(LEN_MAX);
    connection.handle_bytes(b"\xff\x00");
    events(&mut connection);
    connection.handle_bytes(b"\x00a\xff");
    assert_eq!(events(&mut connection), []);
    assert!(connection.send("a").is_err());
}

#[test]
fn a_close_is_said_by_clients_of_hixie_76_only() {
    let mut server = Connection::accept(&hixie76(&[]), false, LEN_MAX);
    server.handle_bytes(NONCE);
    transmitted(&mut server);
    server.close();
    assert_eq!(transmitted(&mut server), b"", "as recorded of 0.8.7");

    let (mut client, _) = pair(Some(recorded_keys()));
    client.close();
    assert_eq!(transmitted(&mut client), b"\xff\x00");
    let (mut client, _) = pair(None);
    client.close();
    assert_eq!(transmitted(&mut client), b"");
}

fn opening(keys: Option<Keys>) -> Opening {
    Opening {
        keys,
        host: Text::from("a.example"),
        target: Text::from("/socket.io/1/websocket/7"),
        origin: Text::from("http://a.example"),
        subprotocol: None,
        secure: false,
    }
}

fn recorded_keys() -> Keys {
    Keys::new(Text::from(KEY1), Text::from(KEY2), *NONCE).unwrap()
}

/// A client and a server, the handshake behind them.
fn pair(keys: Option<Keys>) -> (Connection, Connection) {
    let mut client = Connection::connect(opening(keys), LEN_MAX);
    let request = transmitted(&mut client);
    let (head, rest) = HeadReader::new(LEN_MAX).handle_bytes(&request).map(Option::unwrap).unwrap();
    let mut server = Connection::accept(&Upgrade::parse(&head).unwrap().unwrap(), false, LEN_MAX);
    server.handle_bytes(rest);
    client.handle_bytes(&transmitted(&mut server));
    assert_eq!((events(&mut client), events(&mut server)), (vec![Event::Open], vec![Event::Open]));
    (client, server)
}

#[test]
fn client_and_server_understand_each_other_in_both_drafts() {
    for keys in [None, Some(recorded_keys())] {
        let (mut client, mut server) = pair(keys);
        client.send("3:::é").unwrap();
        server.handle_bytes(&transmitted(&mut client));
        assert_eq!(events(&mut server), [message("3:::é")]);
        server.send("3:::😀").unwrap();
        client.handle_bytes(&transmitted(&mut server));
        assert_eq!(events(&mut client), [message("3:::😀")]);
    }
}

#[test]
fn a_client_checks_what_it_is_answered() {
    let good = "HTTP/1.1 101 WebSocket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Origin: http://a.example\r\n\
        Sec-WebSocket-Location: ws://a.example/socket.io/1/websocket/7\r\n\r\n";
    let cases = [
        (good.replace("101", "404"), HandshakeError::Status(404)),
        (good.replace("Upgrade: WebSocket", "Upgrade: chat"), HandshakeError::Mismatch("Upgrade")),
        (
            good.replace("Origin: http://a", "Origin: http://b"),
            HandshakeError::Mismatch("Sec-WebSocket-Origin"),
        ),
        (good.replace("ws://a", "ws://b"), HandshakeError::Mismatch("Sec-WebSocket-Location")),
        (good.replace("HTTP/1.1", "SMTP"), HandshakeError::NotHttp),
        (format!("{good}0123456789abcdef"), HandshakeError::Digest),
        (
            format!("HTTP/1.1 101 x\r\nX: {}\r\n", "x".repeat(20_000)),
            HandshakeError::HeadTooLong { len_max: 16_384 },
        ),
    ];
    for (answer, error) in cases {
        let mut client = Connection::connect(opening(Some(recorded_keys())), LEN_MAX);
        client.handle_bytes(answer.as_bytes());
        assert_eq!(events(&mut client), [Event::Refused(error)], "{answer}");
    }
}

/// Feeds bytes in pieces of these lengths, the last as long as needed.
fn in_pieces(connection: &mut Connection, bytes: &[u8], lengths: &[usize]) {
    let mut rest = bytes;
    for &length in lengths {
        let (piece, after) = rest.split_at(length.min(rest.len()));
        connection.handle_bytes(piece);
        rest = after;
    }
    connection.handle_bytes(rest);
}

/// Bytes that often are frames, and as often almost.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\x00".to_vec()),
        Just(b"\xff".to_vec()),
        Just("\u{FFFD}".as_bytes().to_vec()),
        "[a-c é😀]{0,6}".prop_map(String::into_bytes),
        "[a-c é😀]{0,6}".prop_map(|text| [b"\x00", text.as_bytes(), b"\xff"].concat()),
        proptest::collection::vec(any::<u8>(), 0..4),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_chunking_of_any_bytes_gives_the_same_messages(
        bytes in stream(),
        lengths in proptest::collection::vec(0_usize..5, 0..20),
        len_max in 0_usize..12,
    ) {
        let (mut whole, mut cut) = (open(len_max), open(len_max));
        whole.handle_bytes(&bytes);
        in_pieces(&mut cut, &bytes, &lengths);
        prop_assert_eq!(events(&mut whole), events(&mut cut));
    }

    #[test]
    fn any_chunking_of_a_handshake_gives_the_same_answer(
        lengths in proptest::collection::vec(0_usize..40, 0..20),
        random in proptest::collection::vec(any::<u32>(), 64),
    ) {
        let mut numbers = random.iter().cycle().copied();
        let keys = Keys::draw(|| numbers.next().unwrap());
        let (mut client, mut server) = pair(Some(keys.clone()));
        let mut answer = Connection::accept(&hixie76(&[]), false, LEN_MAX);
        in_pieces(&mut answer, &[NONCE, &b"\x00x\xff"[..]].concat(), &lengths);
        prop_assert_eq!(events(&mut answer), [Event::Open, message("x")]);
        client.send("x").unwrap();
        server.handle_bytes(&transmitted(&mut client));
        prop_assert_eq!(events(&mut server), [message("x")]);

        let mut client = Connection::connect(opening(Some(keys)), LEN_MAX);
        let request = transmitted(&mut client);
        let (head, nonce) = HeadReader::new(LEN_MAX).handle_bytes(&request).map(Option::unwrap).unwrap();
        let mut server = Connection::accept(&Upgrade::parse(&head).unwrap().unwrap(), false, LEN_MAX);
        server.handle_bytes(nonce);
        in_pieces(&mut client, &transmitted(&mut server), &lengths);
        prop_assert_eq!(events(&mut client), [Event::Open]);
    }

    #[test]
    fn any_text_without_a_replacement_character_arrives(text in "[^\u{0}\u{FFFD}]{0,40}") {
        let mut connection = open(LEN_MAX);
        connection.send(&text).unwrap();
        let bytes = transmitted(&mut connection);
        connection.handle_bytes(&bytes);
        prop_assert_eq!(events(&mut connection), [message(&text)]);
    }
}

#[test]
fn keys_are_drawn_as_the_draft_has_them_noise_and_spaces_among_the_digits() {
    // Spaces less one, the number, pieces of noise less one, each with its place, then the places of the spaces.
    let first = [1, 21, 1, 0, 0, 15, 3, 0, 3];
    let second = [0, u32::MAX - 1, 2, 14, 0, 83, 11, 15 + 68, 5, 4];
    let nonce = [u32::from_be_bytes(*b"abcd"), u32::from_be_bytes(*b"efgh")];
    let mut numbers = first.into_iter().chain(second).chain(nonce);
    let keys = Keys::draw(|| numbers.next().expect("no more are asked for"));
    assert_eq!(numbers.next(), None);
    let opening = Opening {
        keys: Some(keys.clone()),
        host: "h".into(),
        target: "/".into(),
        origin: "o".into(),
        secure: false,
        subprotocol: None,
    };
    let request = String::from_utf8(opening.request().to_vec()).unwrap();
    // 42 is 2 times 21, with two spaces; 4294967294 has one.
    let (_, drawn) = request.split_once("Origin: o\r\n").unwrap();
    assert_eq!(drawn, "Sec-WebSocket-Key1: ! 42 :\r\nSec-WebSocket-Key2: /4294 ~967294~\r\n\r\nabcdefgh");
}
