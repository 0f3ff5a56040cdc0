//! The improved profile: what it does better than the genuine client.

mod client_rig;

use client_rig::{Rig, Silent, exchange, handshake_body, improved, millis, polling, secs, show, websocket};
use socketio08::client::{Client, ClientConfig, ClientEvent, ClientState, ClientTransmit, LossCause};
use socketio08::server::ExchangeId;
use socketio08::{AckId, Text, Timer, Transport};

fn lost(cause: LossCause) -> ClientEvent {
    ClientEvent::Disconnected { cause }
}

fn opening() -> (Rig<Silent>, ExchangeId) {
    let mut rig = Rig::silent(improved(ClientConfig::default()));
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, &handshake_body("s1", "websocket,xhr-polling"));
    let socket = exchange(&rig.only_sent());
    rig.told();
    (rig, socket)
}

#[test]
fn one_handshake_at_a_time_however_often_it_is_asked_to_connect() {
    let mut rig = Rig::silent(improved(polling()));
    rig.connect();
    rig.connect();
    rig.only_sent();
}

#[test]
fn a_handshake_without_an_answer_is_given_up_and_made_again() {
    let mut rig = Rig::silent(improved(polling()));
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.run_for(secs(10));
    assert_eq!(rig.only_sent(), ClientTransmit::Close { exchange: handshake });
    rig.run_for(millis(500));
    assert_eq!(show(&rig.only_sent()), "get /socket.io/1/");
}

#[test]
fn a_refusal_at_the_first_connection_is_final_and_an_error_of_the_server_is_not() {
    for (status, again) in [(403, 0), (200, 0), (500, 1), (503, 1)] {
        let mut rig = Rig::silent(improved(polling()));
        rig.connect();
        let handshake = exchange(&rig.only_sent());
        rig.fail(handshake, status, "no");
        rig.run_for(millis(500));
        assert_eq!(rig.sent().len(), again, "{status}");
    }
}

#[test]
fn a_refused_websocket_is_noticed_at_once() {
    let (mut rig, socket) = opening();
    rig.closed(socket);
    assert_eq!(show(&rig.only_sent()), "get /socket.io/1/xhr-polling/s1");
}

#[test]
fn a_client_that_is_to_try_one_transport_goes_to_no_other() {
    let mut rig = Rig::silent(improved(ClientConfig::default().try_multiple_transports(false)));
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, &handshake_body("s1", "websocket,xhr-polling"));
    let socket = exchange(&rig.only_sent());
    rig.closed(socket);
    rig.run_for(secs(30));
    assert!(rig.sent().iter().all(|sent| !show(sent).contains("xhr-polling")));
}

#[test]
fn a_websocket_that_hangs_is_closed_before_the_next_transport_is_tried() {
    let (mut rig, socket) = opening();
    rig.run_for(secs(10));
    let sent = rig.sent();
    assert_eq!(sent[0], ClientTransmit::Close { exchange: socket });
    assert_eq!(show(&sent[1]), "get /socket.io/1/xhr-polling/s1");
}

#[test]
fn another_transport_is_tried_while_reconnecting_too() {
    let (mut rig, socket) = Rig::websocket(improved(ClientConfig::default()));
    rig.closed(socket);
    rig.run_for(millis(500));
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, &handshake_body("s2", "websocket,xhr-polling"));
    let socket = exchange(&rig.only_sent());
    rig.closed(socket);
    assert_eq!(show(&rig.only_sent()), "get /socket.io/1/xhr-polling/s2");
}

#[test]
fn an_unknown_session_while_connecting_leads_to_a_new_handshake_and_no_poll() {
    let mut rig = Rig::silent(improved(polling()));
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, &handshake_body("s1", "xhr-polling"));
    let poll = exchange(&rig.only_sent());
    rig.answer(poll, "7:::1+0");
    assert_eq!(rig.sent(), []);
    rig.run_for(millis(500));
    assert_eq!(show(&rig.only_sent()), "get /socket.io/1/");
}

#[test]
fn an_unknown_session_while_connected_leads_to_a_new_handshake() {
    let (mut rig, poll) = Rig::polling(improved(polling()));
    rig.answer(poll, "7:::1+0");
    assert_eq!(rig.sent(), []);
    assert_eq!(rig.told()[0], lost(LossCause::Booted));
    rig.run_for(millis(500));
    assert_eq!(show(&rig.only_sent()), "get /socket.io/1/");
}

#[test]
fn delays_double_up_to_a_cap_of_thirty_seconds_and_then_it_gives_up() {
    let (mut rig, poll) = Rig::polling(improved(polling()));
    rig.closed(poll);
    let mut delays = Vec::new();
    loop {
        let told = rig.told();
        let delay = told.iter().find_map(|event| match event {
            ClientEvent::ReconnectScheduled { delay, .. } => Some(*delay),
            _ => None,
        });
        let Some(delay) = delay else {
            assert_eq!(told.last(), Some(&ClientEvent::ReconnectFailed));
            break;
        };
        delays.push(u64::try_from(delay.as_millis()).expect("small"));
        rig.run_for(delay);
        let handshake = exchange(&rig.only_sent());
        rig.closed(handshake);
    }
    assert_eq!(delays, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000]);
    assert_eq!(rig.client.state(), ClientState::Idle);
}

#[test]
fn jitter_takes_its_part_off_the_delay() {
    let (mut rig, poll) = Rig::polling(improved(polling()));
    rig.client.set_jitter(250);
    rig.closed(poll);
    assert_eq!(rig.told()[1], ClientEvent::ReconnectScheduled { attempt: 1, delay: millis(375) });
}

#[test]
fn no_timer_of_a_reconnection_outlives_it() {
    let (mut rig, poll) = Rig::polling(improved(polling()));
    rig.closed(poll);
    rig.run_for(millis(500));
    rig.establish_polling("s2");
    let deadline = rig.client.poll_timeout().expect("the watch");
    assert_eq!(deadline.timer, Timer::HeartbeatReply);
}

#[test]
fn a_silent_websocket_is_given_up_after_interval_and_timeout() {
    let (mut rig, socket) = Rig::websocket(improved(websocket()));
    rig.run_for(secs(20));
    rig.message(socket, "2::");
    rig.told();
    rig.run_for(secs(34));
    assert_eq!(rig.told(), []);
    rig.run_for(secs(1));
    assert_eq!(rig.told()[0], lost(LossCause::Silence));
}

#[test]
fn a_poll_without_an_answer_is_given_up_as_well() {
    let (mut rig, poll) = Rig::polling(improved(polling()));
    rig.run_for(secs(20));
    rig.answer(poll, "8::");
    rig.sent();
    rig.run_for(secs(35));
    assert_eq!(rig.told()[0], lost(LossCause::Silence));
    assert!(matches!(rig.sent()[0], ClientTransmit::Close { .. }));
}

#[test]
fn a_post_without_an_answer_is_given_up_though_polls_are_answered() {
    let (mut rig, mut poll) = Rig::polling(improved(polling()));
    rig.message_to("", "a");
    rig.sent();
    rig.run_for(secs(20));
    rig.answer(poll, "8::");
    poll = exchange(&rig.only_sent());
    rig.message_to("", "b");
    rig.run_for(secs(14));
    rig.answer(poll, "8::");
    rig.told();
    rig.sent();
    rig.run_for(secs(1));
    assert_eq!(rig.told()[0], lost(LossCause::Silence));
    rig.sent();
    rig.run_for(millis(500));
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, &handshake_body("s2", "xhr-polling"));
    poll = exchange(&rig.only_sent());
    rig.answer(poll, "1::");
    let body = "\u{FFFD}5\u{FFFD}3:::a\u{FFFD}5\u{FFFD}3:::b";
    assert_eq!(rig.shown()[0], format!("post /socket.io/1/xhr-polling/s2 {body}"));
}

#[test]
fn a_post_that_was_answered_is_not_watched_any_more() {
    let (mut rig, poll) = Rig::polling(improved(polling()));
    rig.message_to("", "a");
    let post = exchange(&rig.only_sent());
    rig.run_for(secs(20));
    rig.answer(post, "1");
    rig.answer(poll, "8::");
    rig.told();
    rig.run_for(secs(34));
    assert_eq!(rig.told(), []);
}

#[test]
fn a_quiet_websocket_without_heartbeats_is_not_given_up() {
    let mut rig = Rig::silent(improved(websocket()));
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, "s1::25:websocket");
    let socket = exchange(&rig.only_sent());
    rig.opened(socket);
    rig.message(socket, "1::");
    rig.run_for(secs(3_600));
    assert_eq!(rig.client.state(), ClientState::Connected);
}

#[test]
fn packets_of_a_failed_post_are_sent_again_in_the_next_session_in_order() {
    let (mut rig, _) = Rig::polling(improved(polling()));
    rig.message_to("", "a");
    rig.message_to("", "b");
    let post = exchange(&rig.only_sent());
    rig.fail(post, 502, "");
    rig.message_to("", "c");
    rig.sent();
    rig.run_for(millis(500));
    rig.told();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, &handshake_body("s2", "xhr-polling"));
    let poll = exchange(&rig.only_sent());
    rig.answer(poll, "1::");
    let body = "\u{FFFD}5\u{FFFD}3:::a\u{FFFD}5\u{FFFD}3:::b\u{FFFD}5\u{FFFD}3:::c";
    assert_eq!(rig.shown()[0], format!("post /socket.io/1/xhr-polling/s2 {body}"));
}

#[test]
fn packets_of_a_confirmed_post_are_not_sent_again() {
    let (mut rig, poll) = Rig::polling(improved(polling()));
    rig.message_to("", "a");
    let post = exchange(&rig.only_sent());
    rig.answer(post, "1");
    rig.closed(poll);
    assert_eq!(rig.client.outbox_len(), 0);
}

#[test]
fn acknowledgements_of_the_old_session_are_not_carried_into_the_new_one() {
    let (mut rig, _) = Rig::polling(improved(polling()));
    rig.message_to("", "a");
    let post = exchange(&rig.only_sent());
    let id = AckId { id: Text::from("1"), with_data: true };
    rig.call(|client, now| client.acknowledge(now, &Text::EMPTY, &id, Text::EMPTY)).expect("room");
    rig.fail(post, 502, "");
    assert_eq!(rig.client.outbox_len(), 1);
}

#[test]
fn namespaces_are_joined_before_what_waits_is_sent_and_those_left_are_not() {
    let (mut rig, socket) = Rig::websocket(improved(websocket()));
    rig.join("/chat");
    rig.join("/left");
    rig.call(|client, now| client.leave(now, &Text::from("/left"))).expect("joined");
    rig.closed(socket);
    rig.message_to("/chat", "queued");
    rig.sent();
    rig.run_for(millis(500));
    rig.told();
    rig.establish_websocket("s2");
    assert_eq!(rig.shown(), ["message 1::/chat", "message 3::/chat:queued"]);
}

#[test]
fn a_disconnect_ends_an_attempt_under_way() {
    let (mut rig, poll) = Rig::polling(improved(polling()));
    rig.closed(poll);
    rig.run_for(millis(500));
    let handshake = exchange(&rig.only_sent());
    rig.call(Client::disconnect);
    assert_eq!(rig.only_sent(), ClientTransmit::Close { exchange: handshake });
    assert_eq!(rig.client.poll_timeout(), None);
    assert_eq!(rig.client.state(), ClientState::Idle);
}

#[test]
fn a_disconnect_is_said_even_while_a_post_is_in_flight() {
    let (mut rig, _) = Rig::polling(improved(polling()));
    rig.message_to("", "a");
    rig.sent();
    rig.call(Client::disconnect);
    assert_eq!(rig.shown()[0], "post /socket.io/1/xhr-polling/s1 0::");
    assert_eq!(rig.told(), [lost(LossCause::Booted)]);
}

#[test]
fn a_disconnect_of_the_server_is_final() {
    let (mut rig, socket) = Rig::websocket(improved(websocket()));
    rig.message(socket, "0::");
    assert_eq!(rig.told(), [lost(LossCause::Booted)]);
    rig.run_for(secs(60));
    assert_eq!(rig.sent(), [ClientTransmit::Close { exchange: socket }]);
}

#[test]
fn what_waits_is_split_into_payloads_that_a_server_takes() {
    let config = improved(polling());
    let max = config.limits.payload_len_max;
    let (mut rig, _) = Rig::polling(config);
    rig.message_to("", "a");
    let post = exchange(&rig.only_sent());
    let big = "x".repeat(max * 2 / 3);
    rig.message_to("", &big);
    rig.message_to("", &big);
    rig.answer(post, "1");
    let ClientTransmit::Post { exchange, body, .. } = rig.only_sent() else { panic!("a POST") };
    assert!(body.len() <= max);
    rig.answer(exchange, "1");
    assert!(matches!(rig.only_sent(), ClientTransmit::Post { .. }));
}

#[test]
fn reconnected_is_told_with_the_new_session() {
    let (mut rig, socket) = Rig::websocket(improved(websocket()));
    rig.closed(socket);
    rig.run_for(millis(500));
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, &handshake_body("s2", "websocket"));
    let socket = exchange(&rig.only_sent());
    rig.opened(socket);
    rig.told();
    rig.message(socket, "1::");
    let connected = ClientEvent::Connected { session: Text::from("s2"), transport: Transport::Websocket };
    assert_eq!(rig.told(), [ClientEvent::Reconnected, connected]);
    assert_eq!(rig.client.live_sessions().count(), 1);
}
