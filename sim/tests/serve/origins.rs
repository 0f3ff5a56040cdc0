//! Pages of other origins, over the wire.

use crate::process::{Answer, Serve, refused};

const APP: &str = "https://app.example.com";

fn handshake(serve: &Serve, origin: &str) -> Answer {
    serve.connect().request_with("GET", "/socket.io/1/", &format!("Origin: {origin}\r\nCookie: a=b\r\n"))
}

fn preflight(serve: &Serve, target: &str, origin: &str) -> Answer {
    let asks = "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n";
    serve.connect().request_with("OPTIONS", target, &format!("Origin: {origin}\r\n{asks}"))
}

#[test]
fn without_options_only_pages_of_the_server_itself_are_served() {
    let serve = Serve::start(&[]);
    assert_eq!(handshake(&serve, "http://test").status, 200);
    let answer = handshake(&serve, "http://other.example");
    assert_eq!((answer.status, answer.body.as_str()), (403, "handshake bad origin"));
    assert!(!answer.head.contains("access-control"), "{}", answer.head);
}

#[test]
fn a_named_origin_is_answered_with_its_name_and_credentials() {
    let serve = Serve::start(&["--origin", APP, "--origin", "http://*.example.org:*"]);
    for origin in [APP, "http://a.example.org:8080"] {
        let head = handshake(&serve, origin).head;
        assert!(head.contains(&format!("access-control-allow-origin: {origin}\r\n")), "{head}");
        assert!(head.contains("access-control-allow-credentials: true\r\n"), "{head}");
        assert!(head.contains("vary: origin\r\n"), "{head}");
    }
    assert_eq!(handshake(&serve, "http://app.example.com").status, 403);
}

#[test]
fn a_preflight_is_answered_by_the_same_rule() {
    let serve = Serve::start(&["--origin", APP]);
    for target in ["/socket.io/1/", "/socket.io/1/xhr-polling/nobody"] {
        let allowed = preflight(&serve, target, APP);
        assert_eq!(allowed.status, 200, "{target}");
        assert!(
            allowed.head.contains(&format!("access-control-allow-origin: {APP}\r\n")),
            "{}",
            allowed.head
        );
        assert!(
            allowed.head.contains("access-control-allow-methods: get, post, options\r\n"),
            "{}",
            allowed.head
        );
        assert!(allowed.head.contains("access-control-allow-headers: content-type\r\n"), "{}", allowed.head);
        let foreign = preflight(&serve, target, "https://evil.example");
        assert_eq!(foreign.status, 403, "{target}");
        assert!(!foreign.head.contains("access-control-allow"), "{}", foreign.head);
    }
}

#[cfg(unix)]
#[test]
fn a_wildcard_is_warned_of_and_gives_no_credentials() {
    let serve = Serve::start(&["--origin", "*", "--quiet"]);
    let head = handshake(&serve, "http://anybody.example").head;
    assert!(head.contains("access-control-allow-origin: *\r\n"), "{head}");
    assert!(!head.contains("credentials"), "{head}");
    let (_, log) = serve.signal("TERM");
    assert!(log.contains("warning: pages of every origin may use this server"), "{log}");
}

#[cfg(unix)]
#[test]
fn a_refused_origin_is_logged_with_the_option_that_allows_it() {
    let serve = Serve::start(&[]);
    handshake(&serve, "http://other.example");
    serve.connect().request_with("GET", "/socket.io/1/?jsonp=0", "Referer: http://third.example/page\r\n");
    let (_, log) = serve.signal("TERM");
    assert!(log.contains("a page of http://other.example; --origin http://other.example allows it"), "{log}");
    assert!(log.contains("--origin http://third.example allows it"), "{log}");
}

#[test]
fn an_origin_that_is_none_is_shown_with_its_place() {
    let output = refused(&["--origin", "https://app.example.com/"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{text}");
    assert!(text.contains("at byte 23") && text.contains("a final slash too"), "{text}");
}
