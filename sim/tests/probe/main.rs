//! `sio08 probe`: what it says about deployments that work and about each way not to.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

#[path = "../common/mod.rs"]
mod common;
mod profile;
mod proxy;

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use socketio08::{Profile, Transport};
use socketio08_sim::probe::{Options, probe};

use crate::common::{Sio08, free_port};
use crate::proxy::Proxy;

fn options(address: SocketAddr) -> Options {
    Options {
        url: format!("http://{address}/").parse().unwrap(),
        resource: "/socket.io".to_owned(),
        transport: None,
        patience: Duration::from_secs(5),
        quiet: Duration::from_millis(200),
        handshakes: 8,
    }
}

/// The screen, and whether it worked.
async fn ask(options: &Options) -> (String, bool) {
    let mut screen = Vec::new();
    let worked = probe(options, &mut screen).await.unwrap();
    (String::from_utf8(screen).unwrap(), worked)
}

async fn ask_proxy(proxy: Proxy, change: impl FnOnce(&mut Options)) -> (String, bool) {
    let mut options = options(proxy.start().await);
    change(&mut options);
    ask(&options).await
}

#[track_caller]
fn assert_shows(screen: &str, lines: &[&str]) {
    for line in lines {
        assert!(screen.contains(line), "no {line:?} in:\n{screen}");
    }
}

/// A pool of our servers, as processes.
struct Pool {
    addresses: Vec<SocketAddr>,
    _servers: Vec<Sio08>,
}

impl Pool {
    fn of(count: usize, application: &str) -> Self {
        let ports: Vec<u16> = (0..count).map(|_| free_port()).collect();
        Self {
            addresses: ports.iter().map(|port| SocketAddr::from(([127, 0, 0, 1], *port))).collect(),
            _servers: ports.iter().map(|port| Sio08::serve(*port, application)).collect(),
        }
    }

    /// A server of each profile, the older first.
    fn of_profiles() -> Self {
        let ports = Profile::ALL.map(|_| free_port());
        let serve = |(port, profile): (&u16, Profile)| {
            Sio08::serve_with(*port, "echo", &["--profile", profile.name()])
        };
        Self {
            addresses: ports.iter().map(|port| SocketAddr::from(([127, 0, 0, 1], *port))).collect(),
            _servers: ports.iter().zip(Profile::ALL).map(serve).collect(),
        }
    }
}

#[tokio::test]
async fn a_server_that_echoes_works() {
    let pool = Pool::of(1, "echo");
    let (screen, worked) = ask(&options(pool.addresses[0])).await;
    assert_shows(
        &screen,
        &[
            "  HTTP          200 in ",
            "  handshake     protocol 1 (heartbeat 15 s, close 25 s), transports websocket",
            "  xhr-polling   a b c d e echoed, 0.2 s quiet, last one echoed\n",
            "  websocket     a b c d e echoed, 0.2 s quiet, last one echoed\n",
            "  stickiness    8 handshakes, 8 first polls: none rejected: sticky, or a single server\n",
            "\nIt worked.\n",
        ],
    );
    assert!(worked, "{screen}");
}

#[tokio::test]
async fn a_chat_that_does_not_echo_to_the_sender_is_seen_by_a_second_client() {
    let pool = Pool::of(1, "chat");
    let (screen, worked) = ask(&options(pool.addresses[0])).await;
    let seen = "a b c d e seen by a second client (the application does not echo to the sender)";
    assert_shows(
        &screen,
        &[&format!("  xhr-polling   {seen}"), &format!("  websocket     {seen}"), "It worked.\n"],
    );
    assert!(worked, "{screen}");
}

#[tokio::test]
async fn one_transport_can_be_asked_about() {
    let pool = Pool::of(1, "echo");
    let asked =
        Options { transport: Some(Transport::Websocket), handshakes: 0, ..options(pool.addresses[0]) };
    let (screen, worked) = ask(&asked).await;
    assert_shows(&screen, &["  websocket     a b c d e echoed", "It worked.\n"]);
    assert!(worked && !screen.contains("  xhr-polling ") && !screen.contains("stickiness"), "{screen}");
}

#[tokio::test]
async fn round_robin_over_two_servers_is_not_sticky() {
    let pool = Pool::of(2, "echo");
    let (screen, worked) =
        ask_proxy(Proxy::round_robin(&pool.addresses), |options| options.patience = Duration::from_secs(2))
            .await;
    assert_shows(
        &screen,
        &[
            "  stickiness    8 handshakes, 8 first polls: 8 rejected with 7:::1+0: requests of one session reach different \
             servers\n",
            "It did not work: ",
            "and the pool is not sticky.\n",
        ],
    );
    assert!(!worked);
}

#[tokio::test]
async fn stickiness_by_cookie_is_told_apart() {
    let pool = Pool::of(2, "echo");
    let (screen, worked) = ask_proxy(Proxy::sticky_by_cookie(&pool.addresses), |_| {}).await;
    assert_shows(
        &screen,
        &[
            "  xhr-polling   a b c d e echoed",
            "none rejected: sticky for clients that keep the cookie BACKEND, or a single server\n",
            "It worked.\n",
        ],
    );
    assert!(worked);
}

#[tokio::test]
async fn a_proxy_that_refuses_upgrades_is_named() {
    let pool = Pool::of(1, "echo");
    let (screen, worked) = ask_proxy(Proxy::refusing_upgrades(&pool.addresses), |_| {}).await;
    assert_shows(
        &screen,
        &[
            "  xhr-polling   a b c d e echoed",
            "  websocket     upgrade answered 502 by nginx/1.22.1: the proxy drops the Upgrade header",
            "It did not work: websocket is blocked by the proxy.\n",
        ],
    );
    assert!(!worked);
}

#[tokio::test]
async fn a_proxy_that_cuts_idle_connections_is_found_by_the_silence() {
    let pool = Pool::of(1, "echo");
    let idle = Duration::from_millis(400);
    let (screen, worked) = ask_proxy(Proxy::cutting_idle(&pool.addresses, idle), |options| {
        options.transport = Some(Transport::Websocket);
        options.quiet = Duration::from_secs(5);
    })
    .await;
    assert_shows(&screen, &["  websocket     lost after 0.", "It did not work: websocket does not last.\n"]);
    assert!(!worked);
}

#[tokio::test]
async fn another_web_server_is_not_socket_io() {
    let answer = "HTTP/1.1 404 Not Found\r\nServer: Apache\r\nContent-Length: 3\r\n\r\nno\n";
    let (screen, worked) = ask_proxy(Proxy::answering(answer), |_| {}).await;
    assert_shows(
        &screen,
        &[
            "  HTTP          404 by Apache in ",
            "  handshake     answered 404 by Apache: nothing serves /socket.io/ here: wrong path (--resource), or the proxy does \
             not pass it to Socket.IO\n",
            "It did not work: nothing serves /socket.io/.\n",
        ],
    );
    assert!(!worked);
}

#[tokio::test]
async fn a_later_socket_io_is_recognised() {
    let body = "{\"code\":0,\"message\":\"Transport unknown\"}";
    let answer = format!("HTTP/1.1 400 Bad Request\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let (screen, worked) = ask_proxy(Proxy::answering(&answer), |_| {}).await;
    assert_shows(&screen, &["It did not work: the server is Socket.IO 1.0 or later.\n"]);
    assert!(!worked);
}

#[tokio::test]
async fn a_page_in_place_of_a_handshake_is_quoted() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<html>hi</html>";
    let (screen, worked) = ask_proxy(Proxy::answering(answer), |_| {}).await;
    assert_shows(
        &screen,
        &["  handshake     answered 200, but ", "\"<html>hi</html>\" is something else's answer"],
    );
    assert!(!worked);
}

#[tokio::test]
async fn a_service_that_is_not_http_is_recognised() {
    let (screen, worked) = ask_proxy(Proxy::answering("SSH-2.0-OpenSSH_9.2p1\r\n"), |_| {}).await;
    assert_shows(
        &screen,
        &["  HTTP          the answer is not HTTP/1.1: another service listens on this port"],
    );
    assert!(!worked);
}

#[tokio::test]
async fn a_service_that_never_answers_is_not_waited_for() {
    let (screen, worked) =
        ask_proxy(Proxy::answering(""), |options| options.patience = Duration::from_millis(300)).await;
    assert_shows(&screen, &["  HTTP          connected, but no answer within 300ms"]);
    assert!(!worked);
}

#[test]
fn nothing_listening_is_exit_1_and_says_where() {
    let port = free_port();
    let output = sio08(&["probe", &format!("http://127.0.0.1:{port}")]);
    let screen = String::from_utf8_lossy(&output.stdout);
    assert_shows(&screen, &[&format!("connection refused by 127.0.0.1:{port}: nothing listens there")]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_name_without_an_address_is_exit_1() {
    let output = sio08(&["probe", "http://nowhere.invalid/"]);
    assert_shows(&String::from_utf8_lossy(&output.stdout), &["the name `nowhere.invalid` has no address"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_wrong_command_line_is_exit_64_and_says_the_remedy() {
    for (arguments, remedy) in [
        (
            &["https://example.org"][..],
            "https:// is not supported: probe the plain port behind the TLS terminator",
        ),
        (&["example.org:80"], "did you mean http://example.org:80 ?"),
        (
            &["http://a", "--transport", "flashsocket"],
            "this probe speaks xhr-polling, jsonp-polling, htmlfile, websocket",
        ),
        (&["http://a", "--timeout", "0"], "seconds are 0.01 to 3600"),
        (&["http://a", "--resource", "socket.io"], "a resource is an absolute path, such as /socket.io"),
    ] {
        let output = sio08(&[&["probe"], arguments].concat());
        assert_shows(&String::from_utf8_lossy(&output.stderr), &[remedy]);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
    }
}

fn sio08(arguments: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_sio08")).args(arguments).output().unwrap()
}
