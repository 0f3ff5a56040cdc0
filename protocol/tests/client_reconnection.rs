//! Reconnection of the genuine profile: its schedule, and its faults as mechanisms.

mod client_rig;

use std::time::Duration;

use client_rig::{Happening, Rig, Silent, exchange, handshake_body, millis, polling, secs, show, websocket};
use socketio08::client::{ClientConfig, ClientEvent, ClientState, ClientTransmit, LossCause};
use socketio08::server::ExchangeId;
use socketio08::{Instant, Limits, Text};

/// Lets time pass while every request is refused; gives the times of the handshakes.
fn refuse_for(rig: &mut Rig<Silent>, duration: Duration) -> Vec<u64> {
    let end = rig.now + duration;
    let mut times = Vec::new();
    loop {
        let next = rig.client.poll_timeout().map(|deadline| deadline.at).filter(|at| *at <= end);
        rig.run_until(next.unwrap_or(end));
        for transmit in rig.sent() {
            assert_eq!(show(&transmit), "get /socket.io/1/");
            times.push(rig.now.as_millis());
            rig.closed(exchange(&transmit));
        }
        if next.is_none() {
            return times;
        }
    }
}

/// Answers a handshake and gives the exchange of the transport that it opens.
fn handshaken(rig: &mut Rig<Silent>, handshake: ExchangeId, session: &str, transports: &str) -> ExchangeId {
    rig.answer(handshake, &handshake_body(session, transports));
    exchange(&rig.only_sent())
}

#[test]
fn attempts_come_after_half_a_second_then_twice_as_late_each_time() {
    let (mut rig, poll) = Rig::polling(polling());
    rig.closed(poll);
    let waves = refuse_for(&mut rig, secs(40));
    assert_eq!(waves, [500, 1_500, 3_500, 7_500, 15_500, 31_500]);
}

#[test]
fn an_attempt_is_told_with_the_doubled_delay_before_the_next() {
    let (mut rig, poll) = Rig::polling(polling());
    rig.closed(poll);
    let delay = millis(500);
    let lost = ClientEvent::Disconnected { cause: LossCause::Transport };
    assert_eq!(rig.told(), [lost, ClientEvent::ReconnectScheduled { attempt: 1, delay }]);
    rig.run_for(delay);
    let delay = secs(1);
    let expected =
        [ClientEvent::Reconnecting { attempt: 1 }, ClientEvent::ReconnectScheduled { attempt: 2, delay }];
    assert_eq!(rig.told(), expected);
}

#[test]
fn the_delay_may_exceed_its_limit_by_less_than_twice() {
    let limit = Some(millis(100));
    let config = polling().reconnection_delay(millis(20)).reconnection_limit(limit);
    let (mut rig, poll) = Rig::polling(config);
    rig.closed(poll);
    assert_eq!(refuse_for(&mut rig, millis(700)), [20, 60, 140, 300, 460, 620]);
}

#[test]
fn a_refused_handshake_is_not_reported_while_reconnecting() {
    let (mut rig, poll) = Rig::polling(polling());
    rig.closed(poll);
    rig.run_for(millis(500));
    rig.told();
    let handshake = exchange(&rig.only_sent());
    rig.fail(handshake, 500, "handshake error");
    assert_eq!(rig.told(), []);
}

#[test]
fn after_ten_attempts_and_a_last_one_it_is_stuck_without_a_word() {
    let (mut rig, poll) = Rig::polling(polling().reconnection_delay(millis(1)));
    rig.closed(poll);
    assert_eq!(refuse_for(&mut rig, secs(60)).len(), 11);
    assert!(!rig.told().contains(&ClientEvent::ReconnectFailed));
    assert_eq!(rig.client.poll_timeout(), None);
    assert_eq!(rig.client.state(), ClientState::Reconnecting);
}

#[test]
fn with_handshakes_that_succeed_and_no_transport_that_connects_it_fails_in_the_end() {
    let config = websocket().max_reconnection_attempts(3);
    let (mut rig, socket) = Rig::websocket(config);
    rig.closed(socket);
    for _ in 0..600 {
        rig.run_for(millis(500));
        for transmit in rig.sent() {
            match transmit {
                ClientTransmit::Get { exchange, .. } => {
                    rig.answer(exchange, &handshake_body("s", "websocket"));
                }
                ClientTransmit::Open { exchange, .. } => rig.closed(exchange),
                other => panic!("{other:?}"),
            }
        }
    }
    let told = rig.told();
    assert!(told.contains(&ClientEvent::ReconnectFailed));
    assert!(told.contains(&ClientEvent::ConnectFailed { endpoint: Text::EMPTY }));
    assert_eq!(rig.client.poll_timeout(), None);
}

#[test]
fn no_other_transport_is_tried_while_reconnecting() {
    let (mut rig, socket) = Rig::websocket(ClientConfig::default());
    rig.closed(socket);
    rig.run_for(millis(500));
    let handshake = exchange(&rig.only_sent());
    let socket = handshaken(&mut rig, handshake, "s2", "websocket,xhr-polling");
    rig.closed(socket);
    let mut opened = Vec::new();
    for _ in 0..60 {
        rig.run_for(secs(1));
        for transmit in rig.sent() {
            opened.push(show(&transmit));
            if let ClientTransmit::Get { exchange, .. } = transmit {
                rig.answer(exchange, &handshake_body("s3", "websocket,xhr-polling"));
            } else {
                rig.closed(exchange(&transmit));
            }
        }
    }
    assert!(opened.iter().any(|sent| sent.starts_with("open")));
    assert!(!opened.iter().any(|sent| sent.contains("xhr-polling")), "{opened:?}");
}

#[test]
fn with_the_websocket_blocked_seven_attempts_fit_into_the_first_two_minutes() {
    // Recorded with default options: 7 of the 10 attempts in 115 s, their delays 1 to 64 s, none of 20 clients back.
    let (mut rig, socket) = Rig::websocket(ClientConfig::default());
    rig.closed(socket);
    let mut attempts = 0;
    while rig.now < Instant::from_millis(115_000) {
        rig.run_for(millis(100));
        for transmit in rig.sent() {
            if let ClientTransmit::Get { exchange, .. } = transmit {
                attempts += 1;
                rig.answer(exchange, &handshake_body("s", "websocket,xhr-polling"));
            } else {
                rig.closed(exchange(&transmit));
            }
        }
    }
    assert_eq!(attempts, 7);
    assert_eq!(rig.client.state(), ClientState::Reconnecting);
    let last = rig.told().into_iter().filter_map(|event| match event {
        ClientEvent::ReconnectScheduled { delay, .. } => Some(delay),
        _ => None,
    });
    assert_eq!(last.last(), Some(secs(64)));
}

#[test]
fn while_a_transport_is_opening_the_attempt_looks_again_every_second() {
    let (mut rig, socket) = Rig::websocket(websocket());
    rig.closed(socket);
    rig.run_for(millis(500));
    let handshake = exchange(&rig.only_sent());
    handshaken(&mut rig, handshake, "s2", "websocket");
    rig.run_for(millis(9_999));
    assert_eq!(rig.sent(), []);
    // The connect timeout lets go at ten seconds, the look after it makes the second attempt.
    rig.run_for(millis(1_001));
    assert_eq!(show(&rig.only_sent()), "get /socket.io/1/");
}

#[test]
fn an_unknown_session_while_connected_is_a_disconnect_and_a_new_handshake_half_a_second_later() {
    let (mut rig, poll) = Rig::polling(polling().reconnect(false));
    rig.answer(poll, "7:::1+0");
    assert_eq!(rig.shown(), ["post /socket.io/1/xhr-polling/s1 0::", "close"]);
    let told = rig.told();
    assert_eq!(told[0], ClientEvent::Disconnected { cause: LossCause::Booted });
    assert!(matches!(told[2], ClientEvent::Error { .. }));
    rig.run_for(millis(500));
    assert_eq!(show(&rig.only_sent()), "get /socket.io/1/");
}

#[test]
fn without_the_option_a_loss_is_final() {
    let (mut rig, poll) = Rig::polling(polling().reconnect(false));
    rig.closed(poll);
    rig.run_for(secs(60));
    assert_eq!(rig.sent(), []);
}

#[test]
fn a_handshake_held_for_more_than_a_second_ends_in_two_live_sessions() {
    // A server that restarts inside the check window: the balancer holds the handshake, the timer makes a second one.
    let (mut rig, socket) = Rig::websocket(websocket());
    rig.closed(socket);
    rig.run_for(millis(1_600));
    let handshakes: Vec<ExchangeId> = rig.sent().iter().map(exchange).collect();
    assert_eq!(handshakes.len(), 2);
    let first = handshaken(&mut rig, handshakes[0], "s2", "websocket");
    let second = handshaken(&mut rig, handshakes[1], "s3", "websocket");
    for socket in [first, second] {
        rig.opened(socket);
        rig.message(socket, "1::");
    }
    assert_eq!(rig.client.live_sessions().collect::<Vec<_>>(), ["s2", "s3"]);

    rig.told();
    rig.message(first, "3:::tick");
    rig.message(second, "3:::tick");
    assert_eq!(rig.told().len(), 2);
    rig.message_to("", "x");
    let ClientTransmit::Message { exchange, .. } = rig.only_sent() else { panic!("a message") };
    assert_eq!(exchange, second);
}

/// A polling client with two sessions, and the polls of both.
fn two_polling_sessions() -> (Rig<Silent>, ExchangeId, ExchangeId) {
    let (mut rig, poll) = Rig::polling(polling());
    rig.closed(poll);
    rig.run_for(millis(1_600));
    let handshakes: Vec<ExchangeId> = rig.sent().iter().map(exchange).collect();
    let mut polls = Vec::new();
    for (handshake, session) in handshakes.into_iter().zip(["s2", "s3"]) {
        let poll = handshaken(&mut rig, handshake, session, "xhr-polling");
        rig.answer(poll, "1::");
        polls.push(exchange(&rig.only_sent()));
    }
    rig.told();
    (rig, polls[0], polls[1])
}

#[test]
fn the_older_session_goes_on_polling() {
    let (mut rig, first, _) = two_polling_sessions();
    rig.answer(first, "8::");
    assert_eq!(show(&rig.only_sent()), "get /socket.io/1/xhr-polling/s2");
}

#[test]
fn a_loss_of_the_older_session_closes_the_newer_one() {
    let (mut rig, first, second) = two_polling_sessions();
    rig.closed(first);
    assert_eq!(rig.only_sent(), ClientTransmit::Close { exchange: second });
    assert_eq!(rig.told()[0], ClientEvent::Disconnected { cause: LossCause::Transport });
}

#[test]
fn a_rejection_of_the_older_session_ends_the_newer_one_and_the_older_polls_on_for_ever() {
    let (mut rig, first, second) = two_polling_sessions();
    rig.answer(first, "7:::1+0");
    let sent = rig.sent();
    assert_eq!(show(&sent[0]), "post /socket.io/1/xhr-polling/s3 0::");
    assert_eq!(sent[1], ClientTransmit::Close { exchange: second });
    assert_eq!(show(&sent[2]), "get /socket.io/1/xhr-polling/s2");
    let mut poll = exchange(&sent[2]);
    for _ in 0..10 {
        rig.answer(poll, "7:::1+0");
        poll = exchange(&rig.only_sent());
    }
    assert_eq!(rig.client.live_sessions().count(), 0);
}

#[test]
fn a_timer_left_over_from_one_cycle_drives_the_next() {
    let (mut rig, poll) = Rig::polling(polling());
    rig.closed(poll);
    rig.run_for(millis(500));
    // Connected again at once: the timer of the second attempt, due a second later, stays.
    let poll = rig.establish_polling("s2");
    rig.run_for(millis(600));
    rig.closed(poll);
    let handshakes = refuse_for(&mut rig, millis(600));
    assert_eq!(handshakes, [1_500, 1_600], "the stale timer, then the new one");
}

#[test]
fn the_stale_timer_counts_as_an_attempt_and_doubles_the_delay() {
    let (mut rig, poll) = Rig::polling(polling());
    rig.closed(poll);
    rig.run_for(millis(500));
    let poll = rig.establish_polling("s2");
    rig.run_for(millis(600));
    rig.told();
    rig.closed(poll);
    rig.run_for(millis(600));
    let attempts: Vec<ClientEvent> =
        rig.told().into_iter().filter(|event| matches!(event, ClientEvent::Reconnecting { .. })).collect();
    assert_eq!(
        attempts,
        [ClientEvent::Reconnecting { attempt: 1 }, ClientEvent::Reconnecting { attempt: 2 }]
    );
}

#[test]
fn links_beyond_their_limit_are_closed_the_oldest_first() {
    let limits = Limits::default().client_links_max(2);
    let (mut rig, poll) = Rig::polling(polling().limits(limits));
    rig.closed(poll);
    rig.run_for(millis(3_600));
    let handshakes: Vec<ExchangeId> = rig.sent().iter().map(exchange).collect();
    let first = handshaken(&mut rig, handshakes[0], "s2", "xhr-polling");
    handshaken(&mut rig, handshakes[1], "s3", "xhr-polling");
    rig.told();
    rig.answer(handshakes[2], &handshake_body("s4", "xhr-polling"));
    assert_eq!(rig.sent()[0], ClientTransmit::Close { exchange: first });
    assert!(rig.told().contains(&ClientEvent::Overflow { limit: "client_links_max" }));
}

#[test]
fn handshakes_beyond_their_limit_are_aborted_the_oldest_first() {
    let mut rig = Rig::silent(polling());
    let max = rig.client.config().limits.session_exchanges_max;
    for _ in 0..=max {
        rig.connect();
    }
    let sent = rig.sent();
    assert_eq!(sent[max], ClientTransmit::Close { exchange: exchange(&sent[0]) });
    assert_eq!(rig.told(), [ClientEvent::Overflow { limit: "session_exchanges_max" }]);
}

#[test]
fn a_connection_made_by_the_application_while_away_ends_the_reconnection() {
    let (mut rig, poll) = Rig::polling(polling());
    rig.closed(poll);
    rig.connect();
    rig.told();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, &handshake_body("s2", "xhr-polling"));
    let poll = exchange(&rig.only_sent());
    rig.answer(poll, "1::");
    assert!(rig.told().contains(&ClientEvent::Reconnected));
    assert_eq!(rig.client.state(), ClientState::Connected);
    rig.sent();
    rig.run_until(Instant::from_millis(60_000));
    assert_eq!(rig.sent(), []);
    assert!(!rig.log.iter().any(|happening| matches!(happening, Happening::Sent(..))));
}
