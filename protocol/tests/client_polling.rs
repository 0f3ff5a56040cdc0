//! The genuine profile over xhr-polling: handshake, polls, posts, what waits.

mod client_rig;

use client_rig::{Rig, exchange, handshake_body, polling, secs, show};
use socketio08::client::{Client, ClientConfig, ClientEvent, ClientState, ClientTransmit, LossCause};
use socketio08::server::{AckMode, ExchangeId};
use socketio08::{Instant, Reason, Text, Transport, payload};

#[test]
fn the_handshake_carries_the_query_then_the_time() {
    let mut rig = Rig::silent(polling().query(Text::from("token=x")).epoch_millis(1_000));
    rig.run_until(Instant::from_millis(234));
    rig.connect();
    let ClientTransmit::Get { target, .. } = rig.only_sent() else { panic!("a GET") };
    assert_eq!(target, "/socket.io/1/?token=x&t=1234");
}

#[test]
fn polls_and_posts_carry_the_query_and_the_time_as_well() {
    let mut rig = Rig::silent(polling().query(Text::from("token=x")));
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, "s1:15:25:xhr-polling");
    let ClientTransmit::Get { target, .. } = rig.only_sent() else { panic!("a GET") };
    assert_eq!(target, "/socket.io/1/xhr-polling/s1?token=x&t=0");
}

#[test]
fn a_refused_handshake_is_an_error_and_nothing_more() {
    let mut rig = Rig::silent(polling());
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.fail(handshake, 403, "handshake unauthorized");
    let body = Text::from("handshake unauthorized");
    assert_eq!(rig.told(), [ClientEvent::HandshakeFailed { status: 403, body }]);
    assert_eq!(rig.client.poll_timeout(), None);
    assert_eq!(rig.client.state(), ClientState::Idle);
}

#[test]
fn a_handshake_without_an_answer_is_an_error_with_status_zero() {
    let mut rig = Rig::silent(polling());
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.closed(handshake);
    assert_eq!(rig.told(), [ClientEvent::HandshakeFailed { status: 0, body: Text::EMPTY }]);
}

#[test]
fn a_handshake_that_is_none_is_an_error_with_its_body() {
    let mut rig = Rig::silent(polling());
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, "nonsense");
    assert_eq!(rig.told(), [ClientEvent::HandshakeFailed { status: 200, body: Text::from("nonsense") }]);
}

#[test]
fn no_common_transport_is_a_failure_to_connect() {
    let mut rig = Rig::silent(polling());
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, &handshake_body("s1", "htmlfile,jsonp-polling"));
    assert_eq!(rig.sent(), []);
    assert_eq!(rig.told().last(), Some(&ClientEvent::ConnectFailed { endpoint: Text::EMPTY }));
    assert_eq!(rig.client.state(), ClientState::Idle, "nothing polls any more");
}

#[test]
fn a_client_whose_first_poll_failed_is_idle_once_its_connect_timeout_has_passed() {
    let mut rig = Rig::silent(polling());
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, &handshake_body("s1", "xhr-polling"));
    let poll = exchange(&rig.only_sent());
    rig.fail(poll, 500, "");
    rig.run_for(secs(11));
    assert_eq!(rig.client.state(), ClientState::Idle, "nothing polls any more");
}

#[test]
fn the_order_of_the_shorter_list_wins_and_the_servers_on_a_tie() {
    let both = [Transport::Websocket, Transport::XhrPolling];
    let chosen = |ours: &[Transport], theirs: &str| {
        let mut rig = Rig::silent(ClientConfig::default().transports(ours.to_vec()));
        rig.connect();
        let handshake = exchange(&rig.only_sent());
        rig.answer(handshake, &handshake_body("s", theirs));
        show(&rig.only_sent())
    };
    assert_eq!(chosen(&both, "xhr-polling,websocket"), "get /socket.io/1/xhr-polling/s");
    assert_eq!(chosen(&both, "xhr-polling,websocket,unheard-of"), "open /socket.io/1/websocket/s");
    assert_eq!(chosen(&both, "xhr-polling"), "get /socket.io/1/xhr-polling/s");
}

#[test]
fn each_answered_poll_is_followed_by_the_next_at_once() {
    let (mut rig, mut poll) = Rig::polling(polling());
    for body in ["", "8::", "3:::x", "garbage"] {
        rig.answer(poll, body);
        let polls: Vec<ClientTransmit> =
            rig.sent().into_iter().filter(|sent| matches!(sent, ClientTransmit::Get { .. })).collect();
        assert_eq!(polls.len(), 1);
        poll = exchange(&polls[0]);
    }
}

#[test]
fn a_poll_may_stay_open_for_ever() {
    let (mut rig, _) = Rig::polling(polling());
    rig.run_for(secs(3_600));
    assert_eq!(rig.client.poll_timeout(), None);
    assert_eq!(rig.client.state(), ClientState::Connected);
}

#[test]
fn a_first_poll_without_an_answer_is_aborted_after_the_close_timeout_and_not_reported() {
    let mut rig = Rig::silent(polling().try_multiple_transports(false));
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, "s1:1:2:xhr-polling");
    let poll = exchange(&rig.only_sent());
    rig.told();
    rig.run_for(secs(2));
    assert_eq!(rig.only_sent(), ClientTransmit::Close { exchange: poll });
    assert_eq!(rig.told(), []);
}

#[test]
fn a_failed_poll_is_a_loss() {
    let (mut rig, poll) = Rig::polling(polling());
    rig.fail(poll, 502, "");
    assert_eq!(rig.told()[0], ClientEvent::Disconnected { cause: LossCause::Transport });
    assert_eq!(rig.client.state(), ClientState::Reconnecting);
}

#[test]
fn one_post_at_a_time_and_what_waits_follows_as_one_payload() {
    let (mut rig, _) = Rig::polling(polling());
    rig.message_to("", "a");
    let post = rig.only_sent();
    assert_eq!(show(&post), "post /socket.io/1/xhr-polling/s1 3:::a");
    rig.message_to("", "b");
    rig.message_to("", "c");
    assert_eq!(rig.sent(), []);
    rig.answer(exchange(&post), "1");
    assert_eq!(
        show(&rig.only_sent()),
        "post /socket.io/1/xhr-polling/s1 \u{FFFD}5\u{FFFD}3:::b\u{FFFD}5\u{FFFD}3:::c"
    );
}

#[test]
fn everything_before_the_connection_waits_for_it() {
    let mut rig = Rig::silent(polling());
    rig.message_to("/chat", "early");
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, &handshake_body("s1", "xhr-polling"));
    let poll = exchange(&rig.only_sent());
    rig.answer(poll, "1::");
    let body = "\u{FFFD}8\u{FFFD}1::/chat\u{FFFD}14\u{FFFD}3::/chat:early";
    assert_eq!(rig.shown()[0], format!("post /socket.io/1/xhr-polling/s1 {body}"));
}

#[test]
fn a_failed_post_is_a_loss_of_the_connection_and_of_its_packets() {
    let (mut rig, _) = Rig::polling(polling());
    rig.message_to("", "lost");
    let post = exchange(&rig.only_sent());
    rig.fail(post, 500, "");
    assert!(rig.told().contains(&ClientEvent::Disconnected { cause: LossCause::Transport }));
    assert_eq!(rig.client.outbox_len(), 0);
}

#[test]
fn a_heartbeat_is_answered_by_a_post_of_its_own() {
    let (mut rig, poll) = Rig::polling(polling());
    rig.message_to("", "a");
    rig.sent();
    rig.answer(poll, "2::");
    assert_eq!(rig.shown()[0], "post /socket.io/1/xhr-polling/s1 2::");
}

#[test]
fn a_disconnect_says_so_and_aborts_the_poll() {
    let (mut rig, poll) = Rig::polling(polling());
    rig.call(Client::disconnect);
    let sent = rig.sent();
    assert_eq!(show(&sent[0]), "post /socket.io/1/xhr-polling/s1 0::");
    assert_eq!(sent[1], ClientTransmit::Close { exchange: poll });
    assert_eq!(rig.told(), [ClientEvent::Disconnected { cause: LossCause::Booted }]);
    assert_eq!(rig.client.poll_timeout(), None);
}

#[test]
fn a_disconnect_while_a_post_is_in_flight_reaches_the_next_session_instead() {
    let (mut rig, _) = Rig::polling(polling());
    rig.message_to("", "a");
    let post = exchange(&rig.only_sent());
    rig.call(Client::disconnect);
    rig.answer(post, "1");
    rig.sent();
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, &handshake_body("s2", "xhr-polling"));
    let poll = exchange(&rig.only_sent());
    rig.answer(poll, "1::");
    assert_eq!(rig.shown()[0], "post /socket.io/1/xhr-polling/s2 0::");
}

#[test]
fn leaving_the_page_aborts_the_poll_without_a_word() {
    let (mut rig, poll) = Rig::polling(polling());
    rig.call(Client::abandon);
    assert_eq!(rig.only_sent(), ClientTransmit::Close { exchange: poll });
}

#[test]
fn a_disconnect_of_the_server_is_final() {
    let (mut rig, poll) = Rig::polling(polling());
    rig.answer(poll, "0::");
    assert_eq!(rig.told(), [ClientEvent::Disconnected { cause: LossCause::Booted }]);
    assert_eq!(rig.client.poll_timeout(), None);
}

#[test]
fn a_transport_that_closes_while_an_answer_is_handled_aborts_the_request_of_that_answer() {
    let (mut rig, poll) = Rig::polling(polling());
    rig.answer(poll, "0::");
    assert_eq!(rig.sent(), [ClientTransmit::Close { exchange: poll }]);
}

#[test]
fn an_unknown_session_before_the_connection_is_polled_again_at_once_and_only_once_per_answer() {
    let mut rig = Rig::silent(polling());
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, &handshake_body("s1", "xhr-polling"));
    rig.told();
    for _ in 0..100 {
        let poll = rig.only_sent();
        assert_eq!(show(&poll), "get /socket.io/1/xhr-polling/s1");
        rig.answer(exchange(&poll), "7:::1+0");
        assert!(matches!(
            rig.told()[..],
            [ClientEvent::Error { reason: Some(Reason::ClientNotHandshaken), .. }]
        ));
    }
}

#[test]
fn an_acknowledgement_comes_once_and_only_for_an_id_as_it_was_sent() {
    let (mut rig, poll) = Rig::polling(polling());
    assert_eq!(rig.send("", "a", AckMode::Plain), Some(1));
    assert_eq!(rig.send("", "b", AckMode::WithData), Some(2));
    assert_eq!(rig.send("/chat", "c", AckMode::Plain), Some(1));
    rig.answer(poll, &payload::encode(&["6:::01", "6:::3", "6:::2+[\"x\"]", "6:::2"]));
    let args = Text::from("[\"x\"]");
    assert_eq!(rig.told(), [ClientEvent::Acknowledged { endpoint: Text::EMPTY, id: 2, args }]);
}

#[test]
fn input_about_an_exchange_that_is_over_is_ignored() {
    let (mut rig, poll) = Rig::polling(polling());
    rig.answer(poll, "8::");
    let before = rig.client.clone();
    rig.sent();
    rig.answer(poll, "3:::again");
    rig.answer(ExchangeId(999), "3:::never sent");
    assert_eq!(rig.told(), []);
    assert_eq!(rig.sent(), []);
    let mut before = before;
    while before.poll_transmit().is_some() {}
    assert_eq!(rig.client, before);
}
