//! jsonp-polling: answers are scripts that call the page's function, posts are forms, and a script cannot be aborted.

mod client_rig;

use client_rig::{Rig, Silent, exchange, improved, secs, show};
use socketio08::client::{ClientConfig, ClientEvent, ClientState, ClientTransmit, LossCause};
use socketio08::script::ScriptErrorKind;
use socketio08::server::ExchangeId;
use socketio08::{Instant, Profile, Text, Transport, Violation};

fn jsonp() -> ClientConfig {
    ClientConfig::default().transports(vec![Transport::JsonpPolling])
}

/// A page of another origin in a browser without CORS.
fn cross_domain() -> ClientConfig {
    jsonp().script_handshake(true)
}

/// A client that has opened its first poll, and that poll.
fn opened(config: ClientConfig) -> (Rig<Silent>, ExchangeId) {
    let mut rig = Rig::silent(config);
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, "s1:15:25:jsonp-polling");
    let poll = exchange(&rig.only_sent());
    (rig, poll)
}

/// A connected client, and its open poll.
fn connected(config: ClientConfig) -> (Rig<Silent>, ExchangeId) {
    let (mut rig, poll) = opened(config);
    rig.answer(poll, "io.j[0](\"1::\");");
    let poll = exchange(&rig.only_sent());
    rig.told();
    (rig, poll)
}

fn target(transmit: &ClientTransmit) -> &str {
    match transmit {
        ClientTransmit::Get { target, .. } | ClientTransmit::Form { target, .. } => target,
        other => panic!("no request: {other:?}"),
    }
}

#[test]
fn a_poll_names_its_function_after_the_time() {
    let mut rig = Rig::silent(jsonp().query(Text::from("a=b")));
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, "s1:15:25:jsonp-polling");
    assert_eq!(target(&rig.only_sent()), "/socket.io/1/jsonp-polling/s1?a=b&t=0&i=0");
}

#[test]
fn a_handshake_by_script_takes_the_first_function_and_the_transport_the_next() {
    let mut rig = Rig::silent(cross_domain());
    rig.connect();
    let handshake = rig.only_sent();
    assert_eq!(target(&handshake), "/socket.io/1/?t=0&jsonp=0");
    rig.answer(exchange(&handshake), "io.j[0](\"s1:15:25:jsonp-polling\");");
    assert_eq!(target(&rig.only_sent()), "/socket.io/1/jsonp-polling/s1?t=0&i=1");
}

#[test]
fn a_refusal_by_script_gives_its_reason() {
    let mut rig = Rig::silent(cross_domain());
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, "io.j[0](new Error(\"handshake unauthorized\"));");
    let body = Text::from("handshake unauthorized");
    assert_eq!(rig.told(), [ClientEvent::HandshakeFailed { status: 200, body }]);
    assert_eq!(rig.client.state(), ClientState::Idle);
}

#[test]
fn a_handshake_script_that_calls_nothing_is_never_noticed_by_the_genuine_client() {
    for (status, script) in [(200, "oops("), (200, "io.j[7](\"s1:15:25:\")"), (500, ""), (0, "")] {
        let mut rig = Rig::silent(cross_domain());
        rig.connect();
        let handshake = exchange(&rig.only_sent());
        rig.fail(handshake, status, script);
        rig.run_until(Instant::ZERO + secs(100));
        assert_eq!((rig.sent(), rig.told()), (vec![], vec![]), "{script}");
    }
}

#[test]
fn a_handshake_script_that_calls_nothing_is_made_again_by_the_improved_client() {
    let mut rig = Rig::silent(improved(cross_domain()));
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, "oops(");
    rig.run_until(Instant::ZERO + secs(1));
    assert_eq!(target(&rig.only_sent()), "/socket.io/1/?t=500&jsonp=1");
}

#[test]
fn packets_go_out_as_a_form_with_a_quoted_payload() {
    let (mut rig, _) = connected(jsonp());
    rig.message_to("", "a \"b\"\n&");
    let form = rig.only_sent();
    assert_eq!(target(&form), "/socket.io/1/jsonp-polling/s1?t=0&i=0");
    assert_eq!(show(&form), "form /socket.io/1/jsonp-polling/s1 d=%223%3A%3A%3Aa+%5C%22b%5C%22%5Cn%26%22");
}

#[test]
fn one_form_at_a_time_and_what_waits_is_one_payload() {
    let (mut rig, _) = connected(jsonp());
    rig.message_to("", "a");
    rig.message_to("", "b");
    rig.message_to("", "c");
    let form = exchange(&rig.only_sent());
    rig.answer(form, "1");
    let ClientTransmit::Form { body, .. } = rig.only_sent() else { panic!("a form") };
    assert_eq!(body, "d=%22%EF%BF%BD5%EF%BF%BD3%3A%3A%3Ab%EF%BF%BD5%EF%BF%BD3%3A%3A%3Ac%22");
}

#[test]
fn escapes_and_framed_payloads_of_a_script_are_read() {
    let (mut rig, poll) = connected(jsonp());
    rig.answer(poll, "io.j[0](\"\u{fffd}6\u{fffd}3:::\\u00e9\\\"\u{fffd}3\u{fffd}8::\");");
    let received: Vec<ClientEvent> = rig.told();
    assert!(
        matches!(&received[..], [ClientEvent::Received { packet, .. }] if packet.to_text() == "3:::\u{e9}\""),
        "{received:?}"
    );
}

#[test]
fn what_a_form_is_answered_the_genuine_page_cannot_know() {
    let (mut rig, _) = connected(jsonp());
    rig.message_to("", "a");
    rig.message_to("", "b");
    let form = exchange(&rig.only_sent());
    rig.fail(form, 500, "");
    assert_eq!(rig.told(), []);
    assert!(matches!(rig.only_sent(), ClientTransmit::Form { .. }), "b is on its way");
}

#[test]
fn a_form_that_failed_is_sent_again_by_the_improved_client() {
    let (mut rig, _) = connected(improved(jsonp()));
    rig.message_to("", "a");
    let form = exchange(&rig.only_sent());
    rig.fail(form, 500, "");
    assert!(rig.told().contains(&ClientEvent::Disconnected { cause: LossCause::Transport }));
    assert_eq!(rig.client.outbox_len(), 1);
}

#[test]
fn a_script_that_fails_to_load_is_a_loss() {
    for config in [jsonp(), improved(jsonp())] {
        let (mut rig, poll) = connected(config);
        rig.closed(poll);
        assert!(rig.told().contains(&ClientEvent::Disconnected { cause: LossCause::Transport }));
    }
}

#[test]
fn a_script_that_calls_nothing_leaves_the_genuine_client_waiting_for_ever() {
    let (mut rig, poll) = connected(jsonp());
    rig.answer(poll, "io.j[0](\"2::");
    let told = rig.told();
    let [ClientEvent::PeerViolation { error: Violation::Script(error) }] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!((error.kind, error.offset), (ScriptErrorKind::Unterminated, 8));
    rig.run_until(Instant::ZERO + secs(1_000));
    assert_eq!(rig.sent(), []);
}

#[test]
fn a_script_for_another_function_does_not_reach_this_one() {
    let (mut rig, poll) = connected(improved(jsonp()));
    rig.answer(poll, "io.j[1](\"3:::x\");");
    let told = rig.told();
    assert!(
        matches!(&told[0], ClientEvent::PeerViolation { error: Violation::Script(error) } if error.kind == ScriptErrorKind::Index)
    );
    assert_eq!(told[1], ClientEvent::Disconnected { cause: LossCause::Transport });
}

#[test]
fn a_script_cannot_be_aborted_and_what_it_brings_is_still_taken() {
    let (mut rig, poll) = connected(jsonp());
    rig.call(socketio08::client::Client::disconnect);
    let sent = rig.shown();
    assert_eq!(sent, ["form /socket.io/1/jsonp-polling/s1 d=%220%3A%3A%22"], "no close");
    assert_eq!(rig.client.state(), ClientState::Idle);
    rig.told();
    rig.answer(poll, "io.j[0](\"3:::late\");");
    assert!(matches!(&rig.told()[..], [ClientEvent::Received { .. }]));
    assert_eq!(rig.sent(), [], "and no poll follows");
}

#[test]
fn each_session_has_a_function_of_its_own() {
    let (mut rig, poll) = connected(jsonp());
    rig.closed(poll);
    rig.run_until(Instant::from_millis(500));
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, "s2:15:25:jsonp-polling");
    assert_eq!(target(&rig.only_sent()), "/socket.io/1/jsonp-polling/s2?t=500&i=1");
}

#[test]
fn a_refusal_by_script_frees_the_client_of_0_9_to_try_again() {
    let config = ClientConfig::for_profile(Profile::V0_9)
        .script_handshake(true)
        .transports(vec![Transport::JsonpPolling]);
    let mut rig = Rig::silent(config);
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, "io.j[0](new Error(\"handshake error\"));");
    rig.connect();
    assert_eq!(target(&rig.only_sent()), "/socket.io/1/?t=0&jsonp=1");
}
