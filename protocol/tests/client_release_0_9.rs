//! The genuine client of 0.9, where it differs from that of 0.8.7 (facts 11).

mod client_rig;

use client_rig::{Rig, Silent, exchange, millis, secs};
use socketio08::client::{
    Client, ClientBehaviour, ClientConfig, ClientEvent, ClientState, ClientTransmit, LossCause,
};
use socketio08::server::ExchangeId;
use socketio08::{Instant, Profile, Text, Transport};

fn config(transports: &[Transport]) -> ClientConfig {
    ClientConfig::for_profile(Profile::V0_9).transports(transports.to_vec())
}

fn polling() -> ClientConfig {
    config(&[Transport::XhrPolling])
}

fn websocket() -> ClientConfig {
    config(&[Transport::Websocket])
}

const LOST: ClientEvent = ClientEvent::Disconnected { cause: LossCause::Transport };

fn events(rig: &mut Rig<Silent>, wanted: impl Fn(&ClientEvent) -> bool) -> usize {
    rig.told().iter().filter(|event| wanted(event)).count()
}

/// Answers the handshake that was just sent; gives the exchange of the transport that is opened.
fn handshake(rig: &mut Rig<Silent>, body: &str) -> ExchangeId {
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, body);
    exchange(&rig.only_sent())
}

// --- watchdogs

#[test]
fn a_websocket_that_brings_nothing_within_the_heartbeat_timeout_is_given_up() {
    let (mut rig, socket) = Rig::websocket(websocket());
    rig.run_until(Instant::from_millis(14_999));
    assert_eq!(rig.told(), []);
    rig.run_for(millis(1));
    assert!(rig.told().contains(&LOST));
    assert_eq!(rig.only_sent(), ClientTransmit::Close { exchange: socket });
}

#[test]
fn any_packet_sets_the_heartbeat_watchdog_anew() {
    let (mut rig, socket) = Rig::websocket(websocket());
    rig.run_until(Instant::ZERO + secs(14));
    rig.message(socket, "8::");
    rig.run_until(Instant::from_millis(28_999));
    assert_eq!(rig.told(), []);
    rig.run_for(millis(1));
    assert!(rig.told().contains(&LOST));
}

#[test]
fn a_poll_without_an_answer_is_given_up_after_the_close_timeout() {
    let (mut rig, _) = Rig::polling(polling());
    rig.run_until(Instant::from_millis(24_999));
    assert_eq!(rig.told(), []);
    rig.run_for(millis(1));
    assert!(rig.told().contains(&LOST));
}

#[test]
fn the_heartbeat_watchdog_of_the_handshake_ends_a_first_poll_without_an_answer() {
    let mut rig = Rig::silent(polling());
    rig.connect();
    let poll = handshake(&mut rig, "s1:1:2:xhr-polling");
    rig.told();
    rig.run_until(Instant::ZERO + secs(1));
    assert_eq!(rig.only_sent(), ClientTransmit::Close { exchange: poll });
    assert_eq!(rig.told(), [], "it was not connected: nothing is said");
    rig.run_until(Instant::ZERO + secs(10));
    assert_eq!(rig.told(), [ClientEvent::ConnectFailed { endpoint: Text::EMPTY }]);
}

#[test]
fn a_timeout_that_is_no_number_is_none_at_all() {
    for body in ["s1:::xhr-polling", "s1:x:y:xhr-polling", "s1", "s1:99999999:-1:xhr-polling"] {
        let mut rig = Rig::silent(polling());
        rig.connect();
        let poll = handshake(&mut rig, body);
        rig.run_for(millis(1));
        assert_eq!(rig.only_sent(), ClientTransmit::Close { exchange: poll }, "{body}");
    }
}

// --- handshakes

#[test]
fn a_pending_handshake_keeps_another_one_from_being_made() {
    let mut rig = Rig::silent(polling());
    rig.connect();
    rig.sent();
    rig.connect();
    assert_eq!(rig.sent(), []);
}

#[test]
fn a_handshake_refused_with_403_counts_as_pending_for_ever() {
    let mut rig = Rig::silent(polling());
    rig.connect();
    let first = exchange(&rig.only_sent());
    rig.fail(first, 403, "handshake unauthorized");
    rig.connect();
    assert_eq!(rig.sent(), []);
    assert_eq!(
        rig.told(),
        [ClientEvent::HandshakeFailed { status: 403, body: "handshake unauthorized".into() }]
    );
}

#[test]
fn a_handshake_that_failed_otherwise_may_be_made_again() {
    let mut rig = Rig::silent(polling());
    rig.connect();
    let first = exchange(&rig.only_sent());
    rig.fail(first, 500, "handshake error");
    rig.connect();
    assert!(matches!(rig.only_sent(), ClientTransmit::Get { .. }));
}

#[test]
fn a_403_is_reported_also_while_reconnecting_and_stops_it() {
    let (mut rig, poll) = Rig::polling(polling());
    rig.closed(poll);
    rig.run_until(Instant::from_millis(500));
    let attempt = exchange(&rig.only_sent());
    rig.told();
    rig.fail(attempt, 403, "no");
    assert_eq!(events(&mut rig, |event| matches!(event, ClientEvent::HandshakeFailed { .. })), 1);
    rig.run_until(Instant::ZERO + secs(1_000));
    assert_eq!(rig.sent(), [], "it looks again every second and finds the handshake pending");
}

#[test]
fn a_200_without_a_list_of_transports_opens_the_clients_own() {
    let mut rig = Rig::silent(config(&[Transport::XhrPolling, Transport::Websocket]));
    rig.connect();
    let first = exchange(&rig.only_sent());
    rig.answer(first, "");
    let ClientTransmit::Get { target, .. } = rig.only_sent() else { panic!("a poll") };
    assert_eq!(target, "/socket.io/1/xhr-polling/?t=0");
}

#[test]
fn a_session_id_that_would_break_the_request_is_no_handshake() {
    for body in ["<html>\r\nX: y", "a/b:15:25:xhr-polling", "a b:15:25:xhr-polling", "a?:1:1:xhr-polling"] {
        let mut rig = Rig::silent(polling());
        rig.connect();
        let first = exchange(&rig.only_sent());
        rig.answer(first, body);
        assert_eq!(rig.sent(), [], "{body}");
        assert_eq!(events(&mut rig, |event| matches!(event, ClientEvent::HandshakeFailed { .. })), 1);
    }
}

// --- transports

#[test]
fn transports_that_were_tried_are_not_tried_again_after_a_reconnection() {
    let both = [Transport::Websocket, Transport::XhrPolling];
    for (release, expected) in [(Profile::V0_8_7, "open"), (Profile::V0_9, "get")] {
        let mut rig = Rig::silent(ClientConfig::for_profile(release).transports(both.to_vec()));
        rig.connect();
        handshake(&mut rig, "s1:15:60:websocket,xhr-polling");
        rig.run_until(Instant::ZERO + secs(10));
        let poll =
            rig.sent().iter().rev().find(|sent| matches!(sent, ClientTransmit::Get { .. })).map(exchange);
        rig.answer(poll.expect("the next transport"), "1::");
        let poll = exchange(&rig.only_sent());
        rig.closed(poll);
        rig.run_for(millis(500));
        let first = exchange(rig.sent().last().expect("a handshake"));
        rig.answer(first, "s2:15:60:websocket,xhr-polling");
        assert!(rig.shown()[0].starts_with(expected), "{release}");
    }
}

#[test]
fn a_handshake_while_the_transports_are_used_up_has_failed() {
    let mut rig = Rig::silent(polling());
    rig.connect();
    handshake(&mut rig, "s1:60:60:xhr-polling");
    rig.run_until(Instant::ZERO + secs(10));
    assert_eq!(events(&mut rig, |event| matches!(event, ClientEvent::ConnectFailed { .. })), 1);
    rig.connect();
    let second = exchange(&rig.only_sent());
    rig.answer(second, "s2:60:60:xhr-polling");
    assert_eq!(rig.sent(), []);
    assert_eq!(events(&mut rig, |event| matches!(event, ClientEvent::ConnectFailed { .. })), 1);
}

// --- an unknown session

#[test]
fn an_unknown_session_while_connecting_leads_to_a_new_handshake_and_no_tight_loop() {
    let mut rig = Rig::silent(polling());
    rig.connect();
    let poll = handshake(&mut rig, "s1:15:25:xhr-polling");
    rig.answer(poll, "7:::1+0");
    assert!(rig.sent().iter().all(|sent| matches!(sent, ClientTransmit::Close { .. })), "no poll follows");
    rig.run_for(millis(500));
    assert_eq!(rig.shown(), ["get /socket.io/1/"]);
}

#[test]
fn an_unknown_session_is_left_alone_if_the_client_may_not_reconnect() {
    let mut rig = Rig::silent(polling().reconnect(false));
    rig.connect();
    let poll = handshake(&mut rig, "s1:15:25:xhr-polling");
    rig.answer(poll, "7:::1+0");
    rig.sent();
    rig.run_until(Instant::ZERO + secs(100));
    assert_eq!(rig.sent(), []);
}

#[test]
fn the_goodbye_to_an_unknown_session_waits_and_ends_the_next_one() {
    let mut rig = Rig::silent(polling());
    rig.connect();
    let poll = handshake(&mut rig, "s1:15:25:xhr-polling");
    rig.answer(poll, "7:::1+0");
    rig.sent();
    rig.run_for(millis(500));
    let poll = handshake(&mut rig, "s2:15:25:xhr-polling");
    rig.answer(poll, "1::");
    assert_eq!(rig.shown(), ["post /socket.io/1/xhr-polling/s2 0::", "get /socket.io/1/xhr-polling/s2"]);
}

#[test]
fn a_reconnection_started_within_another_switches_the_other_transports_off_for_good() {
    const BODY: &str = "s1:60:60:websocket,xhr-polling";
    for (unknown_sessions, falls_back) in [(1, true), (2, false)] {
        let mut rig = Rig::silent(config(&[Transport::Websocket, Transport::XhrPolling]));
        rig.connect();
        let open = |rig: &mut Rig<Silent>, message: &str| {
            let socket = handshake(rig, BODY);
            rig.opened(socket);
            rig.message(socket, message);
            rig.sent();
            socket
        };
        for _ in 0..unknown_sessions {
            open(&mut rig, "7:::1+0");
            rig.run_for(millis(500));
        }
        let socket = open(&mut rig, "1::");
        rig.closed(socket);
        rig.run_for(millis(500));
        open(&mut rig, "1::");
        rig.call(Client::disconnect);
        rig.sent();
        rig.connect();
        handshake(&mut rig, BODY);
        rig.run_for(secs(11));
        let polled = rig.shown().iter().any(|sent| sent.contains("xhr-polling"));
        assert_eq!(polled, falls_back, "{unknown_sessions}");
    }
}

// --- ends

#[test]
fn a_disconnect_while_connecting_ends_the_attempt_without_an_event() {
    let mut rig = Rig::silent(websocket());
    rig.connect();
    let socket = handshake(&mut rig, "s1:60:60:websocket");
    rig.told();
    rig.call(Client::disconnect);
    assert_eq!(rig.only_sent(), ClientTransmit::Close { exchange: socket });
    assert_eq!(rig.told(), []);
}

#[test]
fn a_websocket_that_is_refused_ends_the_attempt_and_the_next_transport_waits_for_the_timeout() {
    let mut rig = Rig::silent(config(&[Transport::Websocket, Transport::XhrPolling]));
    rig.connect();
    let socket = handshake(&mut rig, "s1:60:60:websocket,xhr-polling");
    rig.closed(socket);
    rig.run_until(Instant::from_millis(9_999));
    assert_eq!(rig.sent(), []);
    rig.run_for(millis(1));
    assert_eq!(rig.shown(), ["get /socket.io/1/xhr-polling/s1"], "on the same session id");
}

#[test]
fn the_newest_reconnection_timer_does_not_outlive_its_cycle() {
    let (mut rig, poll) = Rig::polling(polling());
    rig.closed(poll);
    rig.run_for(millis(500));
    let poll = handshake(&mut rig, "s2:60:60:xhr-polling");
    rig.answer(poll, "1::");
    let poll = exchange(&rig.only_sent());
    rig.told();
    rig.closed(poll);
    rig.sent();
    rig.run_for(millis(1_600));
    let attempts = events(&mut rig, |event| matches!(event, ClientEvent::Reconnecting { .. }));
    assert_eq!(attempts, 1, "0.8.7 makes a second one, by the timer of the first cycle");
}

#[test]
fn a_page_that_unloads_says_so_only_if_told_to() {
    for (told, expected) in [(false, vec!["close"]), (true, vec!["get /socket.io/1//s1/", "close"])] {
        let (mut rig, _) = Rig::polling(polling().disconnect_on_unload(told));
        rig.call(Client::abandon);
        assert_eq!(rig.shown(), expected);
        assert_eq!(rig.client.state(), ClientState::Idle);
    }
}

#[test]
fn the_request_of_a_page_that_unloads_asks_for_the_end() {
    let improved = polling().behaviour(ClientBehaviour::Improved).disconnect_on_unload(true);
    let (mut rig, _) = Rig::polling(improved);
    rig.call(Client::abandon);
    let sent = rig.sent();
    let ClientTransmit::Get { target, .. } = &sent[0] else { panic!("{sent:?}") };
    assert_eq!(*target, "/socket.io/1//s1/?disconnect=1");
}
