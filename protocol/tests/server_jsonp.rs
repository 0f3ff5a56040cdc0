//! The jsonp-polling transport of the server: scripts out, forms in, and every way in which both went wrong for 0.8.7.

mod server_rig;

use server_rig::Rig;
use socketio08::jsonp::{self, PostErrorKind};
use socketio08::script::{Argument, Call, form_field};
use socketio08::server::{
    AckMode, Cause, ExchangeId, Method, Outgoing, ServerConfig, ServerEvent, SessionId, Violation,
};
use socketio08::{Body, Limits, Text, Transport};

fn rig() -> Rig {
    Rig::new(ServerConfig::default())
}

fn target(session: &SessionId) -> String {
    format!("/socket.io/1/jsonp-polling/{}?t=1&i=0", session.0)
}

fn poll(rig: &mut Rig, session: &SessionId) -> ExchangeId {
    rig.get(&target(session))
}

fn post(rig: &mut Rig, session: &SessionId, body: &str) -> ExchangeId {
    rig.request(Method::Post, &target(session), body, &[], false)
}

fn send(rig: &mut Rig, session: &SessionId, text: &str) {
    let outgoing = Outgoing::Message(Text::from(text));
    rig.server.send(rig.now, session, &Text::EMPTY, outgoing, AckMode::None).expect("a live session");
    rig.drive();
}

/// What arrived as messages.
fn received(rig: &mut Rig) -> Vec<String> {
    let message = |event| match event {
        ServerEvent::Received { packet, .. } => match packet.body {
            Body::Message { data } => Some(data.to_string()),
            _ => None,
        },
        _ => None,
    };
    rig.take_events().into_iter().filter_map(message).collect()
}

/// What a page reads from an answer.
fn page_reads(script: &str) -> String {
    match Call::read(script).expect("one call").argument {
        Argument::Text(text) => text.to_string(),
        Argument::Error(text) => panic!("an error: {text}"),
    }
}

#[test]
fn the_first_poll_is_answered_by_a_script_with_the_recorded_headers() {
    let mut rig = rig();
    let session = rig.handshake();
    let first = poll(&mut rig, &session);
    assert_eq!(rig.body(first), Some("io.j[0](\"1::\");".to_owned()));
    let headers: Vec<_> =
        rig.responses[&first].headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(
        headers,
        [
            "Content-Type: text/javascript; charset=UTF-8",
            "Content-Length: 15",
            "Connection: Keep-Alive",
            "X-XSS-Protection: 0"
        ]
    );
    let connected = rig
        .take_events()
        .into_iter()
        .any(|event| matches!(event, ServerEvent::Connected { transport: Transport::JsonpPolling, .. }));
    assert!(connected);
}

#[test]
fn a_script_has_no_cors_headers_whoever_asks() {
    let mut rig = rig();
    let session = rig.handshake();
    let origin = [("Origin", "http://example.com"), ("Cookie", "a=b")];
    let first = rig.request(Method::Get, &target(&session), "", &origin, false);
    assert_eq!(rig.header(first, "Access-Control-Allow-Origin"), None);
}

#[test]
fn the_index_of_a_poll_is_that_of_its_own_query() {
    let mut rig = rig();
    let session = rig.polling_session();
    for (query, index) in
        [("i=4", "4"), ("t=1&i=007", "007"), ("i=0123456789", "0123456789"), ("", "0"), ("i=", "0")]
    {
        send(&mut rig, &session, "x");
        let exchange = rig.get(&format!("/socket.io/1/jsonp-polling/{}?{query}", session.0));
        assert_eq!(rig.body(exchange), Some(format!("io.j[{index}](\"3:::x\");")), "{query}");
    }
}

#[test]
fn script_injection_by_i_is_answered_to_callback_0() {
    let mut rig = rig();
    let session = rig.polling_session();
    let hostile = [
        "i=alert(1)",
        "i=0](0);alert(1);io.j[0",
        "i=%30%5D(alert(1))",
        "i=1;",
        "i=-1",
        "i=1.5",
        "i=0x1",
        "i=\u{661}",
        "i=1&i=2",
        "i=</script>",
        "i=12345678901",
    ];
    for query in hostile {
        send(&mut rig, &session, "x");
        let known = rig.get(&format!("/socket.io/1/jsonp-polling/{}?{query}", session.0));
        assert_eq!(rig.body(known), Some("io.j[0](\"3:::x\");".to_owned()), "{query}");
        let unknown = rig.get(&format!("/socket.io/1/jsonp-polling/nobody?{query}"));
        assert_eq!(rig.body(unknown), Some("io.j[0](\"7:::1+0\");".to_owned()), "{query}");
    }
}

#[test]
fn several_packets_are_one_payload_inside_the_string() {
    let mut rig = rig();
    let session = rig.polling_session();
    send(&mut rig, &session, "a\"");
    send(&mut rig, &session, "b");
    let exchange = poll(&mut rig, &session);
    let body = rig.body(exchange).expect("an answer");
    assert_eq!(body, "io.j[0](\"\u{fffd}6\u{fffd}3:::a\\\"\u{fffd}5\u{fffd}3:::b\");");
}

#[test]
fn no_data_can_end_the_script_and_the_page_reads_the_same_text() {
    let mut rig = rig();
    let session = rig.polling_session();
    let hostile = [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "</SCRIPT >",
        "\u{2028}alert(1)\u{2029}",
        "\");alert(1);(\"",
        "\\\");alert(1);//",
        "\\u0022 \\",
        "\0\u{1}\u{1f}\u{7f}\u{85}\r\n\t",
        "\u{fffd}5\u{fffd}",
        "<\\/<<//<!<",
        "é😀\u{10ffff}",
    ];
    for text in hostile {
        send(&mut rig, &session, text);
        let exchange = poll(&mut rig, &session);
        let script = rig.body(exchange).expect("an answer");
        assert_eq!(page_reads(&script), format!("3:::{text}"));
        for never in ["</", "<!", "\u{2028}", "\u{2029}", "\n", "\r", "\0"] {
            assert!(!script.contains(never), "{never:?} in {script}");
        }
    }
}

#[test]
fn any_text_goes_through_the_script_and_back() {
    // A linear congruential generator: the same texts on every machine.
    let mut state = 8_u64;
    let mut below = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let pieces = ["<", "/", "!", "-", "\\", "\"", "u", "'", "\u{2028}", "\u{2029}", "script", ">", "&", "\0"];
    for _ in 0..5_000 {
        let mut text = String::new();
        for _ in 0..below(12) {
            match below(3) {
                0 => text.extend(char::from_u32(u32::try_from(below(0x11_0000)).expect("small"))),
                1 => text.extend(char::from_u32(u32::try_from(below(0x100)).expect("small"))),
                _ => text.push_str(pieces[usize::try_from(below(14)).expect("small")]),
            }
        }
        let script = jsonp::script("0", &text);
        assert_eq!(page_reads(&script), text);
        assert!(!["</", "<!", "\u{2028}", "\u{2029}"].iter().any(|never| script.contains(never)), "{script}");
        let json = script.strip_prefix("io.j[0](").and_then(|rest| rest.strip_suffix(");")).expect("a call");
        assert_eq!(jsonp::decode_post(form_field("d", json).as_bytes()).as_deref(), Ok(text.as_str()));
    }
}

#[test]
fn a_poll_without_news_is_answered_8_after_the_polling_duration_and_the_close_timeout_runs() {
    let mut rig = rig();
    let session = rig.handshake();
    poll(&mut rig, &session);
    let waiting = poll(&mut rig, &session);
    rig.advance_secs(19);
    assert_eq!(rig.body(waiting), None);
    rig.advance_secs(1);
    assert_eq!(rig.body(waiting), Some("io.j[0](\"8::\");".to_owned()));
    rig.take_events();
    rig.advance_secs(25);
    assert!(rig.take_events().contains(&ServerEvent::Disconnected { session, cause: Cause::CloseTimeout }));
}

#[test]
fn no_heartbeat_is_sent_to_a_poll() {
    let config = ServerConfig::default().polling_duration(std::time::Duration::ZERO);
    let mut rig = Rig::new(config);
    let session = rig.handshake();
    poll(&mut rig, &session);
    let waiting = poll(&mut rig, &session);
    rig.advance_secs(100);
    assert_eq!(rig.body(waiting), None);
}

#[test]
fn forms_are_read_as_recorded() {
    let mut rig = rig();
    let session = rig.polling_session();
    for (body, expected) in [
        ("d=%223%3A%3A%3Aplain%22", "plain"),
        ("d=%223%3A%3A%3A%C3%A9%F0%9F%98%80%5Cn%2B%26%3D%22", "é😀\n+&="),
        ("d=%223%3A%3A%3Aa+b%22", "a b"),
        ("x=1&d=%223%3A%3A%3Asecond%22&y=2", "second"),
        ("d=\"3:::raw unencoded\"", "raw unencoded"),
        ("%64=%223%3A%3A%3Akey%22", "key"),
        ("d=+%0A%223%3A%3A%3Ablanks%22%09", "blanks"),
        ("&&d=\"3:::empty fields\"&", "empty fields"),
        ("d=\"3:::a=b\"", "a=b"),
    ] {
        let exchange = post(&mut rig, &session, body);
        assert_eq!(rig.body(exchange), Some("1".to_owned()), "{body}");
        assert_eq!(received(&mut rig), [expected], "{body}");
    }
}

#[test]
fn a_payload_in_a_form_is_several_packets() {
    let mut rig = rig();
    let session = rig.polling_session();
    post(&mut rig, &session, "d=%22%EF%BF%BD5%EF%BF%BD3%3A%3A%3Aa%EF%BF%BD5%EF%BF%BD3%3A%3A%3Ab%22");
    assert_eq!(received(&mut rig), ["a", "b"]);
}

#[test]
fn null_and_the_empty_string_bring_nothing() {
    let mut rig = rig();
    let session = rig.polling_session();
    for body in ["d=null", "d=%22%22", "d= null "] {
        let exchange = post(&mut rig, &session, body);
        assert_eq!(rig.body(exchange), Some("1".to_owned()), "{body}");
        assert_eq!(rig.take_events(), [], "{body}");
    }
}

#[test]
fn d_of_every_malformed_kind_is_answered_1_reported_and_harmless() {
    let mut rig = rig();
    let session = rig.polling_session();
    let waiting = poll(&mut rig, &session);
    for (body, kind) in [
        ("", PostErrorKind::NoData),
        ("x=1", PostErrorKind::NoData),
        ("D=\"3:::x\"", PostErrorKind::NoData),
        ("d=\"a\"&d=\"b\"", PostErrorKind::TwoData),
        ("d=\"a\"&%64=\"b\"", PostErrorKind::TwoData),
        ("d", PostErrorKind::NotJson),
        ("d=", PostErrorKind::NotJson),
        ("d=3:::x", PostErrorKind::NotJson),
        ("d=nul", PostErrorKind::NotJson),
        ("d='3:::x'", PostErrorKind::NotJson),
        ("d=\"3:::x", PostErrorKind::NotJson),
        ("d=\"3:::x\"y", PostErrorKind::NotJson),
        ("d=\"3:::\\x41\"", PostErrorKind::NotJson),
        ("d=%223%3A%3A%3Aa%0Ab%22", PostErrorKind::NotJson),
        ("d=%E0%A4%A", PostErrorKind::NotJson),
        ("d=5", PostErrorKind::NotString),
        ("d=-1.5e3", PostErrorKind::NotString),
        ("d=true", PostErrorKind::NotString),
        ("d=false", PostErrorKind::NotString),
        ("d={}", PostErrorKind::NotString),
        ("d=[\"3:::x\"]", PostErrorKind::NotString),
    ] {
        let exchange = post(&mut rig, &session, body);
        assert_eq!(rig.body(exchange), Some("1".to_owned()), "{body}");
        match &rig.take_events()[..] {
            [ServerEvent::PeerViolation { session: Some(of), error: Violation::Post(error) }] => {
                assert_eq!((of, error.kind), (&session, kind), "{body}");
            }
            events => panic!("{body}: {events:?}"),
        }
    }
    assert_eq!(rig.body(waiting), None, "the poll still waits");
    post(&mut rig, &session, "d=\"3:::alive\"");
    assert_eq!(received(&mut rig), ["alive"]);
}

#[test]
fn d_of_a_malformed_kind_for_an_unknown_session_is_answered_1() {
    let mut rig = rig();
    let exchange = rig.request(Method::Post, "/socket.io/1/jsonp-polling/123?i=0", "d=oops", &[], false);
    assert_eq!(rig.body(exchange), Some("1".to_owned()));
    assert!(matches!(&rig.take_events()[..], [ServerEvent::UnknownSession { open: false, .. }]));
}

#[test]
fn percent_sequences_that_are_cut_stand_for_themselves() {
    let mut rig = rig();
    let session = rig.polling_session();
    for (body, expected) in [
        ("d=\"3:::100%\"", "100%"),
        ("d=\"3:::%4\"", "%4"),
        ("d=\"3:::%zz%\"", "%zz%"),
        ("d=\"3:::%FF\"", "\u{fffd}"),
    ] {
        post(&mut rig, &session, body);
        assert_eq!(received(&mut rig), [expected], "{body}");
    }
}

#[test]
fn surrogate_escapes_are_joined_and_halves_replaced() {
    let mut rig = rig();
    let session = rig.polling_session();
    for (json, expected) in [
        (r#""3:::\ud83d\ude00""#, "😀"),
        (r#""3:::\ud83d""#, "\u{fffd}"),
        (r#""3:::\ude00\ud83d x""#, "\u{fffd}\u{fffd} x"),
        (r#""3:::\uD83D\uD83D\uDE00""#, "\u{fffd}😀"),
    ] {
        post(&mut rig, &session, &form_field("d", json));
        assert_eq!(received(&mut rig), [expected], "{json}");
    }
}

#[test]
fn a_huge_d_is_answered_413_and_brings_nothing() {
    let limits = Limits::default().payload_len_max(1_000);
    let mut rig = Rig::new(ServerConfig::default().limits(limits));
    let session = rig.polling_session();
    let body = format!("d=\"3:::{}\"", "x".repeat(1_000));
    let exchange = post(&mut rig, &session, &body);
    assert_eq!(rig.status(exchange), Some(413));
    assert_eq!(rig.take_events(), []);
}

#[test]
fn a_d_that_grows_by_replacement_is_still_bounded() {
    let limits = Limits::default().payload_len_max(1_000);
    let mut rig = Rig::new(ServerConfig::default().limits(limits));
    let session = rig.polling_session();
    let mut body = b"d=\"3:::".to_vec();
    body.extend([0xff; 900]);
    body.push(b'"');
    let grown = jsonp::decode_post(&body).expect("a string");
    assert!(grown.len() > limits.payload_len_max && grown.len() < 3 * body.len());
    let request = socketio08::server::Request {
        exchange: ExchangeId(1_000),
        method: Method::Post,
        target: Text::from(target(&session)),
        headers: Vec::new(),
        body: body.into(),
        upgrade: false,
        address: Text::from_static("192.0.2.7"),
        secure: false,
    };
    rig.server.handle_input(rig.now, socketio08::server::ServerInput::Request(request));
    let events = rig.take_events();
    assert!(
        matches!(&events[..], [ServerEvent::PeerViolation { error: Violation::Payload(_), .. }]),
        "{events:?}"
    );
}

#[test]
fn a_post_before_the_first_poll_opens_the_session() {
    let mut rig = rig();
    let session = rig.handshake();
    post(&mut rig, &session, "d=\"3:::early\"");
    let events = rig.take_events();
    assert!(
        matches!(events[0], ServerEvent::Connected { transport: Transport::JsonpPolling, .. }),
        "{events:?}"
    );
    assert!(matches!(events[1], ServerEvent::Received { .. }), "{events:?}");
}

#[test]
fn other_methods_are_refused_and_an_upgrade_is_cut_off() {
    let mut rig = rig();
    let session = rig.polling_session();
    let put = rig.request(Method::Other, &target(&session), "", &[], false);
    assert_eq!(rig.status(put), Some(405));
    for id in [session.0.as_str(), "nobody"] {
        let upgrade = rig.request(Method::Get, &format!("/socket.io/1/jsonp-polling/{id}"), "", &[], true);
        assert!(rig.closed.contains(&upgrade), "{id}");
    }
    assert_eq!(rig.take_events(), []);
}

#[test]
fn a_server_that_does_not_list_it_cuts_it_off() {
    let transports = vec![Transport::Websocket, Transport::XhrPolling];
    let mut rig = Rig::new(ServerConfig::default().transports(transports));
    let session = rig.polling_session();
    for transport in ["jsonp-polling", "htmlfile", "flashsocket"] {
        let target = format!("/socket.io/1/{transport}/{}", session.0);
        let get = rig.get(&target);
        let posted = rig.request(Method::Post, &target, "d=\"3:::x\"", &[], false);
        assert!(rig.closed.contains(&get) && rig.closed.contains(&posted), "{transport}");
    }
    assert_eq!(rig.take_events(), []);
}
