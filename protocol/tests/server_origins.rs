//! The allow-list of origins in the server: what a page of another origin is answered.

mod server_rig;

use server_rig::Rig;
use socketio08::server::{ExchangeId, Method, ServerConfig, ServerEvent};
use socketio08::{Origins, Text};

const EVIL: &[(&str, &str)] = &[("Host", "io.example.com"), ("Origin", "http://evil.example")];
const FRIEND: &[(&str, &str)] = &[("Host", "io.example.com"), ("Origin", "http://app.example.com")];

fn rig(origins: Origins) -> Rig {
    Rig::new(ServerConfig::default().origins(origins))
}

fn restricted() -> Rig {
    rig(Origins::parse(["http://app.example.com"]).expect("an entry"))
}

/// The CORS headers of a response: origin, credentials, `Vary`.
fn cors(rig: &Rig, exchange: ExchangeId) -> [Option<String>; 3] {
    ["Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Vary"]
        .map(|name| rig.header(exchange, name))
}

fn named() -> [Option<String>; 3] {
    ["http://app.example.com", "true", "Origin"].map(|value| Some(value.to_owned()))
}

fn refused(origin: &str) -> ServerEvent {
    ServerEvent::OriginRefused { origin: Text::from(origin), address: Text::from("192.0.2.7") }
}

#[test]
fn a_named_origin_is_echoed_with_credentials_on_every_response() {
    let mut rig = restricted();
    let handshake = rig.request(Method::Get, "/socket.io/1/", "", FRIEND, false);
    let target = "/socket.io/1/xhr-polling/s1";
    let answered = rig.request(Method::Get, target, "", FRIEND, false);
    let held = rig.request(Method::Get, target, "", FRIEND, false);
    let post = rig.request(Method::Post, target, "0::", FRIEND, false);
    let unknown = rig.request(Method::Get, target, "", FRIEND, false);
    let preflight = rig.request(Method::Options, target, "", FRIEND, false);
    for exchange in [handshake, answered, held, post, unknown, preflight] {
        assert_eq!((rig.status(exchange), cors(&rig, exchange)), (Some(200), named()), "{exchange:?}");
    }
    assert_eq!((rig.body(held), rig.body(unknown)), (Some("0::".to_owned()), Some("7:::1+0".to_owned())));
}

#[test]
fn every_origin_is_allowed_by_a_wildcard_and_never_with_credentials() {
    let mut rig = rig(Origins::any());
    let session = rig.handshake();
    let headers = [("ORIGIN", "http://example.com"), ("Cookie", "a=b")];
    let target = format!("/socket.io/1/xhr-polling/{}", session.0);
    for method in [Method::Get, Method::Post, Method::Options] {
        let exchange = rig.request(method, &target, "", &headers, false);
        assert_eq!(cors(&rig, exchange), [Some("*".to_owned()), None, None]);
    }
}

#[test]
fn a_request_without_an_origin_gets_no_cors_header() {
    let mut rig = restricted();
    let handshake = rig.get("/socket.io/1/");
    assert_eq!((rig.status(handshake), cors(&rig, handshake)), (Some(200), [None, None, None]));
}

#[test]
fn a_handshake_of_a_foreign_page_is_refused_before_the_application_is_asked() {
    let mut rig = restricted();
    let handshake = rig.request(Method::Get, "/socket.io/1/", "", EVIL, false);
    assert_eq!(rig.status(handshake), Some(403));
    assert_eq!(rig.body(handshake), Some("handshake bad origin".to_owned()));
    assert_eq!(cors(&rig, handshake), [None, None, None]);
    assert_eq!(rig.take_events(), [refused("http://evil.example")]);
    assert_eq!(rig.server.session_count(), 0);
}

#[test]
fn a_handshake_by_a_script_of_a_foreign_page_is_refused_by_a_script() {
    let mut rig = restricted();
    let headers = [("Host", "io.example.com"), ("Referer", "http://evil.example/page")];
    let handshake = rig.request(Method::Get, "/socket.io/1/?jsonp=0", "", &headers, false);
    assert_eq!(rig.status(handshake), Some(200));
    assert_eq!(rig.body(handshake), Some("io.j[0](new Error(\"handshake bad origin\"));".to_owned()));
    assert_eq!(rig.take_events(), [refused("http://evil.example/page")]);
}

#[test]
fn a_websocket_of_a_foreign_page_is_cut_off_and_the_session_stays_usable() {
    let mut rig = restricted();
    let session = rig.handshake();
    for id in [session.0.as_str(), "unknown"] {
        let socket = rig.request(Method::Get, &format!("/socket.io/1/websocket/{id}"), "", EVIL, true);
        assert!(rig.closed.contains(&socket) && !rig.upgraded.contains(&socket));
        assert_eq!(rig.take_events(), [refused("http://evil.example")]);
    }
    let poll = rig.poll(&session);
    assert_eq!(rig.body(poll), Some("1::".to_owned()));
}

#[test]
fn a_foreign_page_cannot_read_a_poll_although_it_is_answered() {
    let mut rig = restricted();
    let session = rig.handshake();
    let target = format!("/socket.io/1/xhr-polling/{}", session.0);
    let poll = rig.request(Method::Get, &target, "", EVIL, false);
    assert_eq!((rig.body(poll), cors(&rig, poll)), (Some("1::".to_owned()), [None, None, None]));
}

#[test]
fn a_preflight_is_answered_by_the_same_rule_and_opens_nothing() {
    let mut rig = restricted();
    let session = rig.handshake();
    let target = format!("/socket.io/1/xhr-polling/{}", session.0);
    let friend = rig.request(Method::Options, &target, "", FRIEND, false);
    assert_eq!((rig.status(friend), cors(&rig, friend)), (Some(200), named()));
    assert_eq!(rig.header(friend, "Access-Control-Allow-Methods"), Some("GET, POST, OPTIONS".to_owned()));
    let evil = rig.request(Method::Options, &target, "", EVIL, false);
    assert_eq!((rig.status(evil), cors(&rig, evil)), (Some(403), [None, None, None]));
    assert_eq!(rig.take_events(), []);
    let poll = rig.poll(&session);
    assert_eq!(rig.body(poll), Some("1::".to_owned()));
}

#[test]
fn an_options_request_on_a_handshake_is_a_preflight_if_a_browser_asks_by_it() {
    let mut rig = restricted();
    let asks = [FRIEND, &[("Access-Control-Request-Method", "GET")]].concat();
    let preflight = rig.request(Method::Options, "/socket.io/1/", "", &asks, false);
    assert_eq!((rig.status(preflight), rig.body(preflight)), (Some(200), Some(String::new())));
    assert_eq!(rig.server.session_count(), 0);
    let handshake = rig.request(Method::Options, "/socket.io/1/", "", FRIEND, false);
    assert_eq!(rig.body(handshake), Some("s1:15:25:websocket,htmlfile,xhr-polling,jsonp-polling".to_owned()));
}
