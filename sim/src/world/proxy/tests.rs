//! What a proxy with several destinations does.

use bytes::Bytes;
use socketio08::server::Method;

use super::*;
use crate::scenario::{self, ServerIx};
use crate::world::balancer::{LinkId, ResponseHead};
use crate::world::seed::Seed;

const CLIENT: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 5);
const CONN: ConnId = ConnId(1);

/// `/socket.io` to the servers, upgrades elsewhere denied, the rest to the application.
fn proxy() -> Proxy {
    let route =
        |path: Option<&str>, upgrade, to| Route { path: path.map(str::to_owned), header: None, upgrade, to };
    let routes = vec![
        route(Some("/socket.io"), None, Destination::Servers),
        route(None, Some(true), Destination::Deny),
    ];
    let backend = |to| Backend {
        to,
        balancer: Balancer::new(&scenario::Balancer::default(), 2, Seed(1).stream("test")),
    };
    let backends = vec![backend(Destination::App), backend(Destination::Servers)];
    let mut proxy = Proxy::new(routes, Destination::App, None, backends);
    proxy.handle_opened(Instant::ZERO, CONN, CLIENT, None);
    proxy
}

fn ask(proxy: &mut Proxy, number: u64, target: &'static str, upgrade: bool) {
    let head = RequestHead { upgrade, ..RequestHead::new(Method::Get, target) };
    proxy.handle_request(Instant::ZERO, CONN, RequestId(number), head);
}

fn outputs(proxy: &mut Proxy) -> Vec<ProxyOutput> {
    std::iter::from_fn(|| proxy.poll_output()).collect()
}

fn connects(outputs: &[ProxyOutput]) -> Vec<(usize, ServerIx)> {
    let connect = |output: &ProxyOutput| match output {
        ProxyOutput::Backend { backend, output: Output::Connect { server, .. } } => Some((*backend, *server)),
        _ => None,
    };
    outputs.iter().filter_map(connect).collect()
}

/// Answers the request that destination `backend` has just asked a connection for.
fn answered(proxy: &mut Proxy, backend: usize, link: u64) {
    let link = LinkId(link);
    proxy.handle_input(Instant::ZERO, backend, Input::Connected { link });
    let head = ResponseHead::new(200, Bytes::new());
    proxy.handle_input(Instant::ZERO, backend, Input::ResponseStarted { link, head });
    proxy.handle_input(Instant::ZERO, backend, Input::ResponseDone { link });
    outputs(proxy);
}

#[test]
fn each_request_of_one_connection_goes_to_its_own_destination() {
    let mut proxy = proxy();
    ask(&mut proxy, 1, "/", false);
    assert_eq!(connects(&outputs(&mut proxy)), [(0, ServerIx(0))]);
    answered(&mut proxy, 0, 0);
    ask(&mut proxy, 2, "/socket.io/1/", false);
    assert_eq!(connects(&outputs(&mut proxy)), [(1, ServerIx(0))]);
}

#[test]
fn destinations_take_their_turns_for_themselves() {
    let mut proxy = proxy();
    ask(&mut proxy, 1, "/", false);
    answered(&mut proxy, 0, 0);
    ask(&mut proxy, 2, "/", false);
    assert_eq!(connects(&outputs(&mut proxy)), [(0, ServerIx(1))]);
    answered(&mut proxy, 0, 1);
    ask(&mut proxy, 3, "/socket.io/1/", false);
    assert_eq!(connects(&outputs(&mut proxy)), [(1, ServerIx(0))]);
}

#[test]
fn what_is_denied_is_answered_403_and_nothing_is_connected() {
    let mut proxy = proxy();
    ask(&mut proxy, 1, "/chat", true);
    assert_eq!(outputs(&mut proxy), [ProxyOutput::Deny { conn: CONN, status: 403 }]);
    ask(&mut proxy, 2, "/", false);
    assert_eq!(outputs(&mut proxy), []);
}

#[test]
fn a_connection_that_one_destination_ends_is_over_for_all() {
    let mut proxy = proxy();
    ask(&mut proxy, 1, "/", false);
    answered(&mut proxy, 0, 0);
    ask(&mut proxy, 2, "/socket.io/1/", false);
    outputs(&mut proxy);
    proxy.handle_input(Instant::ZERO, 1, Input::Connected { link: LinkId(0) });
    proxy.handle_input(Instant::ZERO, 1, Input::LinkClosed { link: LinkId(0) });
    let closes = |output: &ProxyOutput| {
        matches!(output, ProxyOutput::Backend { output: Output::CloseClient { conn: CONN }, .. })
    };
    assert_eq!(outputs(&mut proxy).iter().filter(|output| closes(output)).count(), 1);
    ask(&mut proxy, 3, "/", false);
    assert_eq!(outputs(&mut proxy), []);
}

/// A proxy with one destination that copies bytes, or not.
fn telling(told: Told) -> Proxy {
    let mode = if told.copies { scenario::BalancerMode::Tcp } else { scenario::BalancerMode::Http };
    let config = scenario::Balancer { mode, ..scenario::Balancer::default() };
    let balancer = Balancer::new(&config, 1, Seed(1).stream("test"));
    let backends = vec![Backend { to: Destination::Servers, balancer }];
    Proxy::new(vec![], Destination::Servers, Some(told), backends)
}

fn lines(proxied: Option<Ipv4Addr>, told: Told) -> Vec<Option<Ipv4Addr>> {
    let mut proxy = telling(told);
    proxy.handle_opened(Instant::ZERO, CONN, Ipv4Addr::LOCALHOST, proxied);
    let line = |output: ProxyOutput| match output {
        ProxyOutput::Backend { output: Output::Connect { proxy, .. }, .. } => Some(proxy),
        _ => None,
    };
    outputs(&mut proxy).into_iter().filter_map(line).collect()
}

#[test]
fn a_terminator_hides_the_source_unless_it_sends_it_on() {
    let stunnel = Told { accept: false, send: false, copies: true };
    assert_eq!(lines(None, stunnel), [None]);
    assert_eq!(lines(None, Told { send: true, ..stunnel }), [Some(Ipv4Addr::LOCALHOST)]);
    assert_eq!(lines(Some(CLIENT), Told { accept: true, send: true, ..stunnel }), [Some(CLIENT)]);
}

#[test]
fn who_copies_bytes_passes_a_line_on_that_it_does_not_expect() {
    assert_eq!(lines(Some(CLIENT), Told { accept: false, send: false, copies: true }), [Some(CLIENT)]);
}

#[test]
fn a_line_that_is_not_expected_is_a_bad_request_and_one_that_is_missing_ends_the_connection() {
    let mut deaf = telling(Told::default());
    deaf.handle_opened(Instant::ZERO, CONN, Ipv4Addr::LOCALHOST, Some(CLIENT));
    assert_eq!(outputs(&mut deaf), [ProxyOutput::Deny { conn: CONN, status: 400 }]);
    let mut waiting = telling(Told { accept: true, ..Told::default() });
    waiting.handle_opened(Instant::ZERO, CONN, Ipv4Addr::LOCALHOST, None);
    assert_eq!(outputs(&mut waiting), [ProxyOutput::Close { conn: CONN }]);
}
