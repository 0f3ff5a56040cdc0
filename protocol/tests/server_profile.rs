//! What a server of profile 0.9 does otherwise than one of 0.8.7 (facts 11). Each behaviour is held against both, so that
//! neither takes on the other's.

mod server_rig;

use std::time::Duration;

use server_rig::Rig;
use socketio08::server::{
    AckMode, Audience, Cause, ExchangeId, LocalError, Method, Outgoing, ServerConfig, ServerEvent, SessionId,
};
use socketio08::{Origins, Profile, Text, Timer};

const PAGE: &[(&str, &str)] = &[("Origin", "http://page.example")];

fn rig(profile: Profile) -> Rig {
    let endpoints = vec![Text::from("/chat")];
    Rig::new(ServerConfig::for_profile(profile).endpoints(endpoints))
}

fn send(rig: &mut Rig, session: &SessionId, text: &str) {
    let message = Outgoing::Message(Text::from(text));
    rig.server.send(rig.now, session, &Text::EMPTY, message, AckMode::None).expect("a live session");
    rig.drive();
}

fn ended(session: &SessionId, cause: Cause) -> ServerEvent {
    ServerEvent::Disconnected { session: session.clone(), cause }
}

/// A session whose waiting poll was hung up by the client, cleanly or not.
fn hung_up(profile: Profile, clean: bool) -> (Rig, SessionId) {
    let mut rig = rig(profile);
    let session = rig.polling_session();
    let poll = rig.poll(&session);
    rig.close(poll, clean);
    (rig, session)
}

#[test]
fn the_handshake_advertises_the_timers_of_the_profile() {
    for (profile, timers) in [(Profile::V0_8_7, "15:25"), (Profile::V0_9, "60:60")] {
        let mut rig = rig(profile);
        let handshake = rig.get("/socket.io/1/");
        assert_eq!(
            rig.body(handshake),
            Some(format!("s1:{timers}:websocket,htmlfile,xhr-polling,jsonp-polling"))
        );
    }
}

#[test]
fn heartbeats_of_0_9_come_every_25_s_and_wait_60_s() {
    let mut rig = rig(Profile::V0_9);
    let (session, socket) = rig.socket_session();
    rig.advance_secs(24);
    assert!(rig.take_messages(socket).is_empty());
    rig.advance_secs(1);
    assert_eq!(rig.take_messages(socket), ["2::"]);
    rig.advance_secs(59);
    assert_eq!(rig.take_events(), []);
    rig.advance_secs(1);
    assert_eq!(rig.take_events(), [ended(&session, Cause::HeartbeatTimeout)]);
}

#[test]
fn a_session_of_0_9_lives_60_s_between_polls() {
    let mut rig = rig(Profile::V0_9);
    let session = rig.polling_session();
    rig.advance_secs(59);
    assert_eq!(rig.take_events(), []);
    rig.advance_secs(1);
    assert_eq!(rig.take_events(), [ended(&session, Cause::CloseTimeout)]);
}

#[test]
fn a_poll_that_is_hung_up_ends_a_session_of_0_8_7() {
    for (clean, cause) in [(true, Cause::SocketEnd), (false, Cause::SocketClose)] {
        let (mut rig, session) = hung_up(Profile::V0_8_7, clean);
        assert_eq!(rig.take_events(), [ended(&session, cause)]);
    }
}

#[test]
fn a_poll_that_is_hung_up_leaves_a_session_of_0_9_alive() {
    for clean in [true, false] {
        let (mut rig, session) = hung_up(Profile::V0_9, clean);
        assert_eq!(rig.take_events(), []);
        let next = rig.poll(&session);
        rig.advance_secs(20);
        assert_eq!(rig.body(next), Some("8::".to_owned()));
    }
}

#[test]
fn what_is_sent_after_the_hang_up_waits_for_the_next_poll() {
    let (mut rig, session) = hung_up(Profile::V0_9, true);
    send(&mut rig, &session, "kept");
    let volatile =
        rig.server.send_volatile(rig.now, &session, &Text::EMPTY, Outgoing::Message(Text::from("dropped")));
    assert_eq!(volatile, Ok(false));
    let next = rig.poll(&session);
    assert_eq!(rig.body(next), Some("3:::kept".to_owned()));
}

#[test]
fn nobody_coming_back_after_the_hang_up_ends_the_session_a_close_timeout_after_the_poll_would_have_ended() {
    let (mut rig, session) = hung_up(Profile::V0_9, true);
    assert_eq!(rig.server.poll_timeout().map(|deadline| deadline.timer), Some(Timer::Poll));
    rig.advance_secs(79);
    assert_eq!(rig.take_events(), []);
    rig.advance_secs(1);
    assert_eq!(rig.take_events(), [ended(&session, Cause::CloseTimeout)]);
}

#[test]
fn a_hang_up_without_a_polling_duration_starts_the_close_timeout() {
    let config = ServerConfig::for_profile(Profile::V0_9).polling_duration(Duration::ZERO);
    let mut rig = Rig::new(config);
    let session = rig.polling_session();
    let poll = rig.poll(&session);
    rig.close(poll, true);
    rig.advance_secs(60);
    assert_eq!(rig.take_events(), [ended(&session, Cause::CloseTimeout)]);
}

#[test]
fn a_superseded_poll_that_is_hung_up_changes_nothing() {
    let mut rig = rig(Profile::V0_9);
    let session = rig.polling_session();
    let (older, newer) = (rig.poll(&session), rig.poll(&session));
    rig.close(older, true);
    send(&mut rig, &session, "x");
    assert_eq!(rig.body(newer), Some("3:::x".to_owned()));
}

#[test]
fn a_socket_that_closes_ends_a_session_of_0_9_at_once() {
    let mut rig = rig(Profile::V0_9);
    let (session, socket) = rig.socket_session();
    rig.close(socket, true);
    assert_eq!(rig.take_events(), [ended(&session, Cause::SocketEnd)]);
}

#[test]
fn a_disconnect_by_query_is_answered_by_0_9_and_closed_by_0_8_7() {
    for profile in Profile::ALL {
        let mut rig = rig(profile);
        let session = rig.polling_session();
        let poll = rig.poll(&session);
        let bye = rig.get(&format!("/socket.io/1/xhr-polling/{}?disconnect=1", session.0));
        assert_eq!(rig.body(poll), Some("0::".to_owned()));
        assert_eq!(rig.take_events(), [ended(&session, Cause::Booted)]);
        match profile {
            Profile::V0_8_7 => assert!(rig.closed.contains(&bye) && rig.status(bye).is_none()),
            Profile::V0_9 => assert_eq!((rig.status(bye), rig.body(bye)), (Some(200), Some(String::new()))),
        }
    }
}

#[test]
fn a_disconnect_by_query_is_answered_whatever_it_names() {
    let mut rig = rig(Profile::V0_9);
    let session = rig.polling_session();
    for target in [
        format!("/socket.io/1/xhr-polling/{}?disconnect", session.0),
        "/socket.io/1/xhr-polling/unknown?disconnect=1".to_owned(),
        "/socket.io/1/bogus/unknown?disconnect=1".to_owned(),
        "/socket.io/1//unknown/?disconnect=1".to_owned(),
    ] {
        let bye = rig.get(&target);
        assert_eq!((rig.status(bye), rig.body(bye)), (Some(200), Some(String::new())), "{target}");
    }
    assert_eq!(rig.take_events(), [], "no poll waits: the session lives on");
    let poll = rig.poll(&session);
    assert_eq!(rig.body(poll), None);
}

#[test]
fn an_upgrade_that_asks_for_a_disconnect_is_closed() {
    let mut rig = rig(Profile::V0_9);
    let target = "/socket.io/1/websocket/unknown?disconnect=1";
    let socket = rig.request(Method::Get, target, "", &[], true);
    assert!(rig.closed.contains(&socket) && !rig.upgraded.contains(&socket));
}

#[test]
fn the_answer_to_a_post_names_its_type_in_0_9() {
    for (profile, content_type) in
        [(Profile::V0_8_7, None), (Profile::V0_9, Some("text/plain; charset=UTF-8"))]
    {
        let mut rig = rig(profile);
        let session = rig.polling_session();
        let post = rig.post(&session, "3:::x");
        assert_eq!(rig.body(post), Some("1".to_owned()));
        assert_eq!(rig.header(post, "Content-Type").as_deref(), content_type);
        assert_eq!(rig.header(post, "X-XSS-Protection"), None, "no page of another origin asked");
    }
}

#[test]
fn the_answer_to_a_post_of_another_origin_switches_the_filter_of_old_browsers_off_in_0_9() {
    for (profile, filter) in [(Profile::V0_8_7, None), (Profile::V0_9, Some("0"))] {
        let mut rig = open_to_all(profile);
        let post = rig.request(Method::Post, "/socket.io/1/xhr-polling/unknown", "3:::x", PAGE, false);
        assert_eq!(rig.header(post, "X-XSS-Protection").as_deref(), filter);
    }
}

fn open_to_all(profile: Profile) -> Rig {
    Rig::new(ServerConfig::for_profile(profile).origins(Origins::any()))
}

/// Origin and credentials.
fn cors(rig: &Rig, exchange: ExchangeId) -> [Option<String>; 2] {
    ["Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"].map(|name| rig.header(exchange, name))
}

#[test]
fn where_every_origin_is_allowed_0_9_names_the_one_that_asks_and_lends_no_credentials() {
    for (profile, allowed) in [(Profile::V0_8_7, "*"), (Profile::V0_9, "http://page.example")] {
        let mut rig = open_to_all(profile);
        let handshake = rig.request(Method::Get, "/socket.io/1/", "", PAGE, false);
        let poll = rig.request(Method::Get, "/socket.io/1/xhr-polling/s1", "", PAGE, false);
        for exchange in [handshake, poll] {
            assert_eq!(cors(&rig, exchange), [Some(allowed.to_owned()), None]);
        }
        let plain = rig.get("/socket.io/1/");
        assert_eq!(cors(&rig, plain), [None, None]);
    }
}

#[test]
fn a_named_origin_is_echoed_with_credentials_in_0_9() {
    let origins = Origins::parse(["http://page.example"]).expect("an entry");
    let mut rig = Rig::new(ServerConfig::for_profile(Profile::V0_9).origins(origins));
    let handshake = rig.request(Method::Get, "/socket.io/1/", "", PAGE, false);
    assert_eq!(cors(&rig, handshake), ["http://page.example", "true"].map(|value| Some(value.to_owned())));
}

/// A session over websocket that joined `/chat`.
fn member(profile: Profile) -> (Rig, SessionId, ExchangeId) {
    let mut rig = rig(profile);
    let (session, socket) = rig.socket_session();
    rig.message(socket, "1::/chat");
    assert_eq!(rig.take_messages(socket), ["1::/chat"]);
    rig.take_events();
    (rig, session, socket)
}

#[test]
fn disconnecting_an_endpoint_ends_a_whole_session_of_0_8_7() {
    let (mut rig, session, socket) = member(Profile::V0_8_7);
    rig.server.disconnect_endpoint(rig.now, &session, &Text::from("/chat")).expect("a live session");
    rig.drive();
    assert_eq!(rig.take_messages(socket), ["0::"]);
    assert!(rig.closed.contains(&socket));
    assert_eq!(rig.take_events(), [ended(&session, Cause::Booted)]);
}

#[test]
fn disconnecting_an_endpoint_ends_nothing_else_in_0_9() {
    let (mut rig, session, socket) = member(Profile::V0_9);
    let chat = Text::from("/chat");
    rig.server.disconnect_endpoint(rig.now, &session, &chat).expect("a live session");
    rig.drive();
    assert_eq!(rig.take_messages(socket), ["0::/chat"]);
    assert_eq!(rig.take_events(), [ServerEvent::Left { session: session.clone(), endpoint: chat.clone() }]);
    let audience = Audience::default().endpoint(chat);
    let reached = rig.server.broadcast(rig.now, &audience, &Outgoing::Message(Text::from("x")));
    assert_eq!(reached, Ok(0), "it is a member no more");
    send(&mut rig, &session, "still here");
    assert_eq!(rig.take_messages(socket), ["3:::still here"]);
}

#[test]
fn disconnecting_the_root_ends_the_whole_session_in_both() {
    for profile in Profile::ALL {
        let (mut rig, session, socket) = member(profile);
        rig.server.disconnect_endpoint(rig.now, &session, &Text::EMPTY).expect("a live session");
        rig.drive();
        assert_eq!(rig.take_messages(socket), ["0::"]);
        assert_eq!(rig.take_events(), [ended(&session, Cause::Booted)]);
    }
}

#[test]
fn only_endpoints_of_the_application_and_live_sessions_can_be_disconnected() {
    let (mut rig, session, _) = member(Profile::V0_9);
    let unknown = SessionId(Text::from("unknown"));
    let chat = Text::from("/chat");
    assert_eq!(rig.server.disconnect_endpoint(rig.now, &unknown, &chat), Err(LocalError::UnknownSession));
    let nope = Text::from("/nope");
    assert_eq!(rig.server.disconnect_endpoint(rig.now, &session, &nope), Err(LocalError::BadEndpoint));
}

#[test]
fn a_script_post_that_cannot_be_read_ends_a_session_of_0_9_only() {
    for (profile, ends) in [(Profile::V0_8_7, false), (Profile::V0_9, true)] {
        for body in ["d=3:::x", "x=1", "d=5", "d=%22a%22&d=%22b%22"] {
            let mut rig = rig(profile);
            let session = rig.polling_session();
            let target = format!("/socket.io/1/jsonp-polling/{}", session.0);
            let post = rig.request(Method::Post, &target, body, &[], false);
            assert_eq!(rig.body(post), Some("1".to_owned()), "{body}");
            let mut events = rig.take_events();
            assert!(matches!(events.remove(0), ServerEvent::PeerViolation { .. }), "{body}");
            let expected = if ends { vec![ended(&session, Cause::Error)] } else { Vec::new() };
            assert_eq!(events, expected, "{profile} {body}");
        }
    }
}
