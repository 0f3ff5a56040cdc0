//! Request targets, as the recordings answer them.

use socketio08::Transport;
use socketio08::target::{self, Target};

fn parse(target: &str) -> Target<'_> {
    Target::parse("/socket.io", target)
}

const HANDSHAKE: Target<'_> = Target::Handshake { query: "" };

fn session<'a>(transport: Result<Transport, &'a str>, session: &'a str, query: &'a str) -> Target<'a> {
    Target::Session { transport, session, query }
}

#[test]
fn revision_one_may_be_written_as_any_number_that_equals_it() {
    for revision in ["1", "01", "1.0", "1.", "1e0", "10e-1", ".1e1", "+1", "0x1", "0X01"] {
        assert_eq!(parse(&format!("/socket.io/{revision}/")), HANDSHAKE, "{revision}");
    }
}

#[test]
fn another_revision_is_refused() {
    for path in [
        "2/",
        "2",
        "10/",
        "-1/",
        "2/xhr-polling/123",
        "abc/xhr-polling/123",
        "0/x",
        "1.5/",
        "Infinity",
        "0x10",
    ] {
        assert_eq!(parse(&format!("/socket.io/{path}")), Target::WrongProtocol, "{path}");
    }
}

#[test]
fn no_number_and_zero_without_a_transport_are_welcomed() {
    for path in
        ["", "/", "/0/", "/abc", "/%31/", "//1/", "/0x", "/1e", "/inf", "/nan", "foo", "foo/1/", "/-0"]
    {
        assert_eq!(parse(&format!("/socket.io{path}")), Target::Welcome, "{path}");
    }
}

#[test]
fn a_path_with_more_than_three_segments_is_welcomed() {
    for path in ["/1/xhr-polling/2/3", "/1/a//b", "/1///a", "/1/a/b//"] {
        assert_eq!(parse(&format!("/socket.io{path}")), Target::Welcome, "{path}");
    }
}

#[test]
fn a_path_without_a_session_is_a_handshake() {
    for path in ["/1", "/1/", "/1//", "/1///", "/1/xhr-polling", "/1/xhr-polling/", "/1/nonsense", "/1/a//"] {
        assert_eq!(parse(&format!("/socket.io{path}")), HANDSHAKE, "{path}");
    }
}

#[test]
fn a_path_with_a_session_names_transport_and_session() {
    let xhr = Ok(Transport::XhrPolling);
    assert_eq!(parse("/socket.io/1/xhr-polling/42"), session(xhr, "42", ""));
    assert_eq!(parse("/socket.io/1/xhr-polling/42/?t=1&disconnect#x"), session(xhr, "42", "t=1&disconnect"));
    assert_eq!(parse("/socket.io/1/XHR-polling/42"), session(Err("XHR-polling"), "42", ""));
    assert_eq!(parse("/socket.io/1//42"), session(Err(""), "42", ""));
}

#[test]
fn paths_elsewhere_belong_to_the_application() {
    for path in ["/", "/SOCKET.IO/1/", "/chat/socket.io/1/", "", "*", "http://host/socket.io/1/"] {
        assert_eq!(parse(path), Target::Outside, "{path}");
    }
}

#[test]
fn client_files_are_static_wherever_they_stand() {
    assert_eq!(parse("/socket.io/socket.io.js?x"), Target::Static("socket.io.js"));
    assert_eq!(parse("/socket.io/1/socket.io.js"), Target::Static("socket.io.js"));
    assert_eq!(parse("/socket.io/socket.io.v0.8.7.js"), Target::Static("socket.io.v0.8.7.js"));
    assert_eq!(parse("/socket.io/socket.io+websocket.js"), Target::Static("socket.io+websocket.js"));
    let flash = "static/flashsocket/WebSocketMain.swf";
    assert_eq!(parse(&format!("/socket.io/{flash}")), Target::Static(flash));
    assert_eq!(parse("/socket.io/xsocket.io.js"), Target::Welcome);
}

#[test]
fn an_upgrade_is_a_session_request_of_any_revision() {
    let upgrade = |target| Target::parse_upgrade("/socket.io", target);
    assert_eq!(upgrade("/socket.io/9/websocket/42?a=b"), session(Ok(Transport::Websocket), "42", "a=b"));
    assert_eq!(upgrade("/socket.io/1/websocket"), session(Ok(Transport::Websocket), "", ""));
    assert_eq!(upgrade("/socket.io/"), Target::Welcome);
    assert_eq!(upgrade("/other"), Target::Outside);
}

#[test]
fn query_parameters_are_found_by_their_name() {
    assert_eq!(target::query_parameter("t=1&disconnect", "disconnect"), Some(""));
    assert_eq!(target::query_parameter("t=1&i=3&i=4", "i"), Some("3"));
    assert_eq!(target::query_parameter("disconnected=1", "disconnect"), None);
    assert_eq!(target::query_parameter("", "i"), None);
}

#[test]
fn what_is_written_is_read_back() {
    let written = target::handshake("/socket.io", "t=1");
    assert_eq!(written, "/socket.io/1/?t=1");
    assert_eq!(parse(&written), Target::Handshake { query: "t=1" });
    for transport in Transport::ALL {
        let written = target::session("/socket.io", transport, "42", "");
        assert_eq!(written.as_str(), format!("/socket.io/1/{transport}/42"));
        assert_eq!(parse(&written), session(Ok(transport), "42", ""));
    }
}
