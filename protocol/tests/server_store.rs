//! What nodes with a Redis store do beyond the recordings: without the faults of 0.8.7, and with publications of strangers.

mod server_rig;

use std::time::Duration;

use server_rig::Rig;
use socketio08::server::{
    AckMode, Audience, Cause, LocalError, Method, Outgoing, RedisConfig, ServerConfig, ServerEvent,
    ServerInput, ServerTransmit, SessionId, Store, StoreError,
};
use socketio08::{Limits, Origins, Text};

fn node(id: u64) -> Rig {
    Rig::new(config(id))
}

fn config(id: u64) -> ServerConfig {
    ServerConfig::default().store(Store::Redis(RedisConfig::new(id, 0)))
}

fn hear(rig: &mut Rig, channel: &str, message: &str) {
    let (channel, message) = (Text::from(channel), Text::from(message));
    rig.server.handle_input(rig.now, ServerInput::Published { channel, message });
    rig.drive();
}

/// What was published since the last call.
fn published(rig: &mut Rig) -> Vec<(String, String)> {
    let told = std::mem::take(&mut rig.store).into_iter();
    told.filter_map(|transmit| match transmit {
        ServerTransmit::Publish { channel, message } => Some((channel.to_string(), message.to_string())),
        _ => None,
    })
    .collect()
}

/// Carries publications both ways until there are none.
fn exchange(one: &mut Rig, other: &mut Rig) {
    loop {
        let (from_one, from_other) = (published(one), published(other));
        if from_one.is_empty() && from_other.is_empty() {
            return;
        }
        for (channel, message) in from_one {
            hear(other, &channel, &message);
        }
        for (channel, message) in from_other {
            hear(one, &channel, &message);
        }
    }
}

fn channels(rig: &mut Rig) -> Vec<String> {
    published(rig).into_iter().map(|(channel, _)| channel).collect()
}

fn message(text: &'static str) -> Outgoing {
    Outgoing::Message(Text::from_static(text))
}

fn text(id: &SessionId) -> String {
    id.0.to_string()
}

#[test]
fn a_handshake_is_published_once_on_opening_and_the_end_is_announced() {
    let mut rig = node(1);
    let (session, socket) = rig.socket_session();
    assert_eq!(channels(&mut rig), ["handshake", "open", "connect", "handshake", "join"]);
    rig.message(socket, "0::");
    assert_eq!(
        published(&mut rig).pop(),
        Some(("disconnect".into(), format!(r#"{{"nodeId":1,"args":["{}"]}}"#, text(&session))))
    );
}

#[test]
fn a_session_that_ended_at_its_home_is_forgotten_everywhere() {
    let (mut one, mut other) = (node(1), node(2));
    let (_, socket) = one.socket_session();
    exchange(&mut one, &mut other);
    assert_eq!(other.server.session_count(), 1);
    assert_eq!(other.server.sessions().count(), 0, "it is not the other application's");
    one.close(socket, true);
    exchange(&mut one, &mut other);
    assert_eq!((one.server.session_count(), other.server.session_count()), (0, 0));
    assert!(other.take_events().is_empty());
}

#[test]
fn nothing_stays_subscribed_to_when_sessions_have_ended() {
    let mut rig = node(1);
    let mut subscribed = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let (_, socket) = rig.socket_session();
        rig.close(socket, true);
        let polling = rig.polling_session();
        rig.post(&polling, "0::");
    }
    for transmit in std::mem::take(&mut rig.store) {
        match transmit {
            ServerTransmit::Subscribe { channel } => assert!(subscribed.insert(channel)),
            ServerTransmit::Unsubscribe { channel } => assert!(subscribed.remove(&channel)),
            _ => {}
        }
    }
    assert_eq!(subscribed.len(), 8, "{subscribed:?}");
}

/// The kinds of channels of `session` that the node listens on now.
fn listened(rig: &mut Rig, session: &SessionId) -> Vec<String> {
    let mut kinds = std::collections::BTreeSet::new();
    for transmit in &rig.store {
        let of = |channel: &Text| channel.strip_suffix(&format!(":{}", session.0)).map(str::to_owned);
        match transmit {
            ServerTransmit::Subscribe { channel } => kinds.extend(of(channel)),
            ServerTransmit::Unsubscribe { channel } => {
                of(channel).inspect(|kind| assert!(kinds.remove(kind)));
            }
            _ => {}
        }
    }
    kinds.into_iter().collect()
}

#[test]
fn a_node_listens_for_all_that_concerns_a_session_that_it_holds_and_is_the_home_of() {
    let mut rig = node(1);
    let (session, _) = rig.socket_session();
    assert_eq!(
        listened(&mut rig, &session),
        ["disconnect", "disconnect-force", "dispatch", "heartbeat-clear", "message"]
    );
}

#[test]
fn a_node_listens_for_what_to_keep_for_a_session_between_polls_at_another_node() {
    let (mut one, mut other) = (node(1), node(2));
    let session = one.polling_session();
    for (channel, message) in published(&mut one) {
        hear(&mut other, &channel, &message);
    }
    assert_eq!(listened(&mut other, &session), ["dispatch"]);
}

#[test]
fn an_unused_handshake_of_another_node_is_forgotten_after_the_handshake_lifetime() {
    let (mut one, mut other) = (node(1), node(2));
    one.handshake();
    exchange(&mut one, &mut other);
    other.advance_secs(29);
    assert_eq!(other.server.session_count(), 1);
    other.advance_secs(11);
    assert_eq!(other.server.session_count(), 0);
    assert_eq!(channels(&mut other), Vec::<String>::new());
}

#[test]
fn a_session_of_a_node_that_says_no_more_is_forgotten_after_an_hour_and_not_ended() {
    let (mut one, mut other) = (node(1), node(2));
    one.socket_session();
    exchange(&mut one, &mut other);
    other.advance(Duration::from_secs(3_599));
    assert_eq!(other.server.session_count(), 1);
    other.advance_secs(1);
    assert_eq!(other.server.session_count(), 0);
    assert_eq!(channels(&mut other), Vec::<String>::new(), "it may live on at its own node");
}

#[test]
fn a_session_of_another_node_is_remembered_for_an_hour_from_the_last_that_was_heard_of_it() {
    let (mut one, mut other) = (node(1), node(2));
    let (session, _) = one.socket_session();
    exchange(&mut one, &mut other);
    other.advance_secs(3_000);
    hear(&mut other, "open", &format!(r#"{{"nodeId":1,"args":["{}"]}}"#, text(&session)));
    other.advance_secs(3_000);
    assert_eq!(other.server.session_count(), 1);
    other.advance_secs(600);
    assert_eq!(other.server.session_count(), 0);
}

#[test]
fn the_home_of_a_session_that_another_node_ends_tells_all_nodes() {
    let mut home = node(1);
    let (session, _) = home.socket_session();
    home.store.clear();
    hear(&mut home, &format!("disconnect:{}", text(&session)), r#"{"nodeId":2,"args":["booted"]}"#);
    assert_eq!(channels(&mut home), ["close", "disconnect"]);
}

#[test]
fn a_node_without_a_part_in_a_session_does_not_end_it() {
    let (mut one, mut other) = (node(1), node(2));
    let (session, _) = one.socket_session();
    exchange(&mut one, &mut other);
    hear(&mut other, &format!("disconnect-force:{}", text(&session)), r#"{"nodeId":3,"args":[]}"#);
    assert_eq!(other.server.session_count(), 1);
    assert_eq!(channels(&mut other), Vec::<String>::new());
}

#[test]
fn a_goodbye_at_a_node_that_knows_a_session_from_its_data_alone_goes_to_who_holds_it() {
    let mut rig = node(2);
    hear(&mut rig, "handshake", r#"{"nodeId":1,"args":["x1",{}]}"#);
    rig.store.clear();
    rig.post(&SessionId(Text::from_static("x1")), "0::");
    let told: Vec<String> = published(&mut rig).into_iter().map(|(channel, _)| channel).collect();
    assert_eq!(told, ["disconnect-force:x1"]);
    assert_eq!(rig.server.session_count(), 1, "it ends where it is held");
}

#[test]
fn a_packet_for_the_home_of_a_session_is_handed_to_no_other_application() {
    let (mut one, mut other) = (node(1), node(2));
    let (session, _) = one.socket_session();
    exchange(&mut one, &mut other);
    other.take_events();
    let packet = r#"{"nodeId":3,"args":[{"type":"message","endpoint":"","data":"x"}]}"#;
    hear(&mut other, &format!("message:{}", text(&session)), packet);
    assert_eq!(other.take_events(), []);
}

/// A node that keeps what is sent to a polling session of another one, and the session.
fn keeper(config: ServerConfig) -> (Rig, SessionId) {
    let (mut one, mut other) = (node(1), Rig::new(config));
    let session = one.polling_session();
    for (channel, message) in published(&mut one) {
        hear(&mut other, &channel, &message);
    }
    other.take_events();
    (other, session)
}

#[test]
fn between_polls_a_packet_is_kept_unless_it_is_volatile() {
    for (volatile, kept) in [("null", 1), ("true", 0)] {
        let (mut other, session) = keeper(config(2));
        let message = format!(r#"{{"nodeId":1,"args":["3:::x",{volatile}]}}"#);
        hear(&mut other, &format!("dispatch:{}", text(&session)), &message);
        assert_eq!(other.server.outbox_len(&session), Some(kept), "{volatile}");
    }
}

#[test]
fn a_packet_of_another_node_that_is_too_long_is_refused() {
    let (mut other, session) = keeper(config(2).limits(Limits::default().payload_len_max(8)));
    hear(&mut other, &format!("dispatch:{}", text(&session)), r#"{"nodeId":1,"args":["3:::123456"]}"#);
    let refused = |event: &ServerEvent| {
        matches!(event, ServerEvent::StoreViolation { error: StoreError::Limit("payload_len_max"), .. })
    };
    assert!(other.take_events().iter().any(refused) && other.server.outbox_len(&session) == Some(0));
}

#[test]
fn a_session_that_another_node_ends_has_the_cause_that_was_told() {
    use Cause::{Booted, CloseTimeout, Error, HeartbeatTimeout, Limit, SocketClose, SocketEnd};
    for (told, expected) in [
        ("close timeout", CloseTimeout),
        ("heartbeat timeout", HeartbeatTimeout),
        ("socket end", SocketEnd),
        ("socket close", SocketClose),
        ("socket error", SocketClose),
        ("limit", Limit),
        ("error", Error),
        ("booted", Booted),
    ] {
        let mut home = node(1);
        let (session, _) = home.socket_session();
        let message = format!(r#"{{"nodeId":2,"args":["{told}"]}}"#);
        hear(&mut home, &format!("disconnect:{}", text(&session)), &message);
        let causes: Vec<Cause> = home.take_events().iter().filter_map(cause).collect();
        assert_eq!(causes, [expected], "{told}");
    }
}

fn cause(event: &ServerEvent) -> Option<Cause> {
    match event {
        ServerEvent::Disconnected { cause, .. } => Some(*cause),
        _ => None,
    }
}

#[test]
fn a_session_that_another_node_lets_join_the_root_is_there_once() {
    let mut rig = node(1);
    let (session, socket) = rig.socket_session();
    hear(&mut rig, "join", &format!(r#"{{"nodeId":2,"args":["{}",""]}}"#, text(&session)));
    rig.message(socket, "0::");
    assert_eq!(rig.take_events().iter().filter_map(cause).collect::<Vec<_>>(), [Cause::Booted]);
}

#[test]
fn only_an_origin_makes_a_handshake_one_of_another_domain() {
    for (header, expected) in [("cookie", false), ("origin", true)] {
        let mut rig = Rig::new(config(1).origins(Origins::any()));
        rig.request(Method::Get, "/socket.io/1/", "", &[(header, "http://a.example")], false);
        let (_, message) = published(&mut rig).remove(0);
        assert!(message.contains(&format!(r#""xdomain":{expected}"#)), "{message}");
    }
}

#[test]
fn a_handshake_of_which_another_node_told_the_time_alone_is_used_without_it() {
    let mut rig = node(1);
    hear(&mut rig, "handshake", r#"{"nodeId":2,"args":["x1",{"issued":1}]}"#);
    rig.poll(&SessionId(Text::from_static("x1")));
    let used = published(&mut rig).into_iter().rfind(|(channel, _)| channel == "handshake");
    assert_eq!(used.map(|(_, message)| message).as_deref(), Some(r#"{"nodeId":1,"args":["x1",{}]}"#));
}

#[test]
fn with_the_faults_of_0_8_7_nothing_of_another_node_is_ever_forgotten() {
    let faulty = |id| {
        let store = Store::Redis(RedisConfig::new(id, 0).faults(true));
        Rig::new(ServerConfig::default().store(store))
    };
    let (mut one, mut other) = (faulty(1), faulty(2));
    let (_, socket) = one.socket_session();
    one.close(socket, true);
    exchange(&mut one, &mut other);
    other.advance(Duration::from_secs(1_000_000));
    assert_eq!((one.server.session_count(), other.server.session_count()), (0, 1));
}

#[test]
fn with_the_faults_of_0_8_7_a_session_that_ended_is_still_counted_at_its_home() {
    let store = Store::Redis(RedisConfig::new(1, 0).faults(true));
    let mut rig = Rig::new(ServerConfig::default().store(store));
    let (_, socket) = rig.socket_session();
    assert_eq!((rig.server.known().ended, rig.server.known().sockets), (0, 1));
    rig.close(socket, true);
    assert_eq!(rig.server.known().ended, 1);
}

#[test]
fn an_application_sends_to_a_session_of_another_node_but_cannot_ask_for_an_acknowledgement() {
    let (mut one, mut other) = (node(1), node(2));
    let (session, socket) = one.socket_session();
    exchange(&mut one, &mut other);
    let asked = other.server.send(other.now, &session, &Text::EMPTY, message("x"), AckMode::Plain);
    assert_eq!(asked, Err(LocalError::OtherNode));
    assert_eq!(
        other.server.send(other.now, &session, &Text::EMPTY, message("hello"), AckMode::None),
        Ok(None)
    );
    other.drive();
    exchange(&mut one, &mut other);
    assert_eq!(one.take_messages(socket), ["3:::hello"]);
}

#[test]
fn rooms_and_broadcasts_reach_sessions_of_both_nodes() {
    let (mut one, mut other) = (node(1), node(2));
    let (session, socket) = one.socket_session();
    exchange(&mut one, &mut other);
    // Joined from the node that is not its home.
    other.server.join_room(&session, &Text::EMPTY, Text::from_static("red")).expect("a known session");
    other.drive();
    exchange(&mut one, &mut other);
    let red = Audience::default().room(Some(Text::from_static("red")));
    other.server.broadcast(other.now, &red, &message("red")).expect("the root");
    other.drive();
    exchange(&mut one, &mut other);
    let others = Audience::default().except(vec![session]);
    other.server.broadcast(other.now, &others, &message("not for it")).expect("the root");
    other.drive();
    exchange(&mut one, &mut other);
    assert_eq!(one.take_messages(socket), ["3:::red"]);
}

#[test]
fn a_get_for_an_unknown_session_tells_other_nodes_nothing() {
    let mut rig = node(1);
    rig.store.clear();
    rig.get("/socket.io/1/xhr-polling/4711?t=1");
    assert_eq!(channels(&mut rig), Vec::<String>::new());
}

#[test]
fn own_publications_that_come_back_change_nothing() {
    let mut rig = node(7);
    let (session, socket) = rig.socket_session();
    let own = format!(r#"{{"nodeId":7,"args":["{}"]}}"#, text(&session));
    for channel in ["open", "close", "disconnect"] {
        hear(&mut rig, channel, &own);
    }
    hear(&mut rig, &format!("disconnect:{}", text(&session)), r#"{"nodeId":"7","args":[]}"#);
    assert!(!rig.closed.contains(&socket));
    assert!(rig.take_events().is_empty());
}

#[test]
fn a_publication_of_a_stranger_is_an_event_and_nothing_else() {
    use StoreError::{Arguments, Channel, Envelope, SessionId as Id};
    let mut rig = node(1);
    let (session, socket) = rig.socket_session();
    let own = |kind: &str| format!("{kind}:{}", text(&session));
    for (channel, sent, expected) in [
        ("open", "", Envelope),
        ("open", "null", Envelope),
        ("open", r#"{"args":["s1"]}"#, Envelope),
        ("open", r#"{"nodeId":2}"#, Envelope),
        ("open", r#"{"nodeId":2,"args":{}}"#, Envelope),
        ("open", r#"{"nodeId":2,"args":[]}"#, Arguments),
        ("open", r#"{"nodeId":2,"args":[1]}"#, Arguments),
        ("open", r#"{"nodeId":2,"args":["a b"]}"#, Id),
        ("open", r#"{"nodeId":2,"args":["\ud800"]}"#, Arguments),
        ("handshake", r#"{"nodeId":2,"args":["s9"]}"#, Arguments),
        ("handshake", r#"{"nodeId":2,"args":["s9",[]]}"#, Arguments),
        ("join", r#"{"nodeId":2,"args":["s1",null]}"#, Arguments),
        ("dispatch", r#"{"nodeId":2,"args":["","3:::x",null,7]}"#, Arguments),
        ("dispatch", r#"{"nodeId":2,"args":["",{}]}"#, Arguments),
        ("other", r#"{"nodeId":2,"args":["s1"]}"#, Channel),
        ("dispatch:a/b", r#"{"nodeId":2,"args":["3:::x"]}"#, Id),
        (&own("other"), r#"{"nodeId":2,"args":["s1"]}"#, Channel),
        (&own("message"), r#"{"nodeId":2,"args":[]}"#, Arguments),
        (&own("message"), r#"{"nodeId":2,"args":[{"type":"toString"}]}"#, Arguments),
        (&own("message"), r#"{"nodeId":2,"args":[{"type":"event","name":7}]}"#, Arguments),
        (&own("message"), r#"{"nodeId":2,"args":["3:::x"]}"#, Arguments),
    ] {
        hear(&mut rig, channel, sent);
        let channel = Text::from(channel);
        assert_eq!(rig.take_events(), [ServerEvent::StoreViolation { channel, error: expected }], "{sent}");
    }
    assert!(rig.take_messages(socket).is_empty() && !rig.closed.contains(&socket));
}

#[test]
fn an_error_about_a_publication_says_which_limit_is_reached() {
    assert_eq!(StoreError::Limit("sessions_max").to_string(), "a limit is reached: sessions_max");
}

#[test]
fn names_of_object_members_are_session_ids_and_rooms_like_others() {
    let mut rig = node(1);
    for name in ["__proto__", "toString", "constructor", "hasOwnProperty"] {
        rig.get(&format!("/socket.io/1/xhr-polling/{name}?t=1"));
        for channel in ["connect", "open", "close", "disconnect"] {
            hear(&mut rig, channel, &format!(r#"{{"nodeId":2,"args":["{name}"]}}"#));
        }
        hear(&mut rig, "join", &format!(r#"{{"nodeId":2,"args":["{name}","/{name}"]}}"#));
    }
    assert_eq!(rig.server.session_count(), 0);
    assert!(rig.take_events().iter().all(|event| matches!(event, ServerEvent::UnknownSession { .. })));
}

#[test]
fn handshakes_of_other_nodes_are_bounded_with_ours() {
    let limits = Limits::default().sessions_max(2);
    let mut rig = Rig::new(config(1).limits(limits));
    for session in ["x1", "x2", "x3"] {
        hear(&mut rig, "handshake", &format!(r#"{{"nodeId":2,"args":["{session}",{{"issued":1}}]}}"#));
    }
    assert_eq!(rig.server.session_count(), 2);
    let error = StoreError::Limit("sessions_max");
    assert_eq!(
        rig.take_events(),
        [ServerEvent::StoreViolation { channel: Text::from_static("handshake"), error }]
    );
}

#[test]
fn too_long_data_of_a_handshake_is_refused() {
    let mut rig = node(1);
    let long = "x".repeat(32_001);
    hear(&mut rig, "handshake", &format!(r#"{{"nodeId":2,"args":["x1",{{"url":"{long}"}}]}}"#));
    assert_eq!(rig.server.session_count(), 0);
    assert!(matches!(
        rig.take_events()[..],
        [ServerEvent::StoreViolation { error: StoreError::Limit(_), .. }]
    ));
}
