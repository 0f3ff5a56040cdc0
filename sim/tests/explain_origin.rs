//! `sio08 explain origin`: pages, servers and browsers, word for word.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sio08"));
    command.args(["explain", "origin"]).args(arguments).output().unwrap()
}

#[track_caller]
fn assert_explains(arguments: &[&str], expected: &str) {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

#[track_caller]
fn assert_refused(arguments: &[&str], wanted: &[&str]) {
    let output = run(arguments);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{text}");
    for part in wanted {
        assert!(text.contains(part), "no {part:?} in: {text}");
    }
}

#[test]
fn same_origin_in_a_browser_of_today_needs_no_entry_and_takes_a_websocket() {
    assert_explains(
        &["http://app.example/", "http://app.example/chat"],
        "\
a browser of today, a page of http://app.example, a server at http://app.example
same origin

handshake      yes  XMLHttpRequest; sends Referer: http://app.example/, cookies
websocket      yes  version 13; sends Origin: http://app.example, cookies
flashsocket    no   no Flash player for this browser
htmlfile       no   no ActiveX htmlfile object here
xhr-polling    yes  XMLHttpRequest; sends Referer: http://app.example/, cookies
jsonp-polling  yes  script elements and forms; sends Referer: http://app.example/, cookies

the client picks websocket
the server's allow-list needs no entry for it
",
    );
}

#[test]
fn internet_explorer_8_refuses_https_to_a_page_over_http_and_the_client_is_stuck_there() {
    assert_explains(&["http://app.example/index.html", "https://app.example:8000", "--browser", "ie8"], "\
Internet Explorer 8, a page of http://app.example, a server at https://app.example:8000
another scheme, another port; for the client another domain

handshake      yes  script elements and forms; sends Referer: http://app.example/, cookies
websocket      no   no WebSocket here
flashsocket    no   no Flash player (--flash)
htmlfile       no   the client keeps it to the page's own host and port
xhr-polling    no   XDomainRequest refuses another scheme than the page's
jsonp-polling  yes  script elements and forms; sends Referer: http://app.example/, cookies

the client picks xhr-polling, which fails, and stops there; before io.connect write: io.transports = ['jsonp-polling']
all this if the server allows the page: --origin http://app.example
");
}

#[test]
fn internet_explorer_8_refuses_http_to_a_page_over_https_and_hides_the_page() {
    assert_explains(&["https://app.example/", "http://app.example", "--browser", "ie8"], "\
Internet Explorer 8, a page of https://app.example, a server at http://app.example
another scheme, another port; for the client another domain

handshake      yes  script elements and forms, if the user accepts mixed content; sends cookies
websocket      no   no WebSocket here
flashsocket    no   no Flash player (--flash)
htmlfile       no   the client keeps it to the page's own host and port
xhr-polling    no   XDomainRequest refuses another scheme than the page's
jsonp-polling  yes  script elements and forms, if the user accepts mixed content; sends cookies

the client picks xhr-polling, which fails, and stops there; before io.connect write: io.transports = ['jsonp-polling']
the server's allow-list needs no entry for it
");
}

#[test]
fn internet_explorer_8_polls_another_port_by_xdomainrequest_without_cookies() {
    assert_explains(
        &["http://app.example/", "http://app.example:8000", "--browser", "ie8"],
        "\
Internet Explorer 8, a page of http://app.example, a server at http://app.example:8000
another port; for the client another domain

handshake      yes  script elements and forms; sends Referer: http://app.example/, cookies
websocket      no   no WebSocket here
flashsocket    no   no Flash player (--flash)
htmlfile       no   the client keeps it to the page's own host and port
xhr-polling    yes  XDomainRequest; sends Origin: http://app.example, no cookies
jsonp-polling  yes  script elements and forms; sends Referer: http://app.example/, cookies

the client picks xhr-polling
all this if the server allows the page: --origin http://app.example
",
    );
}

#[test]
fn safari_5_reaches_another_domain_by_hixie_76_and_by_cors() {
    assert_explains(
        &["http://app.example/", "http://io.example", "--browser", "safari5"],
        "\
Safari 5, a page of http://app.example, a server at http://io.example
another host; for the client another domain

handshake      yes  XMLHttpRequest; sends Origin: http://app.example, no cookies
websocket      yes  hixie-76, if the server enables it; sends Origin: http://app.example, cookies
flashsocket    no   no Flash player (--flash)
htmlfile       no   no ActiveX htmlfile object here
xhr-polling    yes  XMLHttpRequest with CORS; sends Origin: http://app.example, no cookies
jsonp-polling  yes  script elements and forms; sends Referer: http://app.example/, cookies

the client picks websocket
all this if the server allows the page: --origin http://app.example
",
    );
}

#[test]
fn opera_11_has_no_websocket_as_delivered_and_only_scripts_towards_another_domain() {
    assert_explains(
        &["http://app.example/", "http://io.example", "--browser", "opera11"],
        "\
Opera 11, a page of http://app.example, a server at http://io.example
another host; for the client another domain

handshake      yes  script elements and forms; sends Referer: http://app.example/, cookies
websocket      no   WebSocket is switched off as delivered
flashsocket    no   no Flash player (--flash)
htmlfile       no   no ActiveX htmlfile object here
xhr-polling    no   no requests to other hosts or ports: XMLHttpRequest without CORS
jsonp-polling  yes  script elements and forms; sends Referer: http://app.example/, cookies

the client picks jsonp-polling
all this if the server allows the page: --origin http://app.example
",
    );
}

#[test]
fn firefox_4_has_no_websocket_as_delivered_but_cors() {
    assert_explains(
        &["http://app.example/", "http://io.example", "--browser", "firefox4"],
        "\
Firefox 4, a page of http://app.example, a server at http://io.example
another host; for the client another domain

handshake      yes  XMLHttpRequest; sends Origin: http://app.example, no cookies
websocket      no   WebSocket is switched off as delivered
flashsocket    no   no Flash player (--flash)
htmlfile       no   no ActiveX htmlfile object here
xhr-polling    yes  XMLHttpRequest with CORS; sends Origin: http://app.example, no cookies
jsonp-polling  yes  script elements and forms; sends Referer: http://app.example/, cookies

the client picks xhr-polling
all this if the server allows the page: --origin http://app.example
",
    );
}

#[test]
fn firefox_4_takes_flash_where_there_is_a_player() {
    assert_explains(&["http://app.example/", "http://io.example", "--browser", "firefox4", "--flash"], "\
Firefox 4, a page of http://app.example, a server at http://io.example
another host; for the client another domain

handshake      yes  XMLHttpRequest; sends Origin: http://app.example, no cookies
websocket      no   WebSocket is switched off as delivered
flashsocket    yes  Flash, if the server has it and its policy file names the page's host; sends Origin: http://app.example, no cookies
htmlfile       no   no ActiveX htmlfile object here
xhr-polling    yes  XMLHttpRequest with CORS; sends Origin: http://app.example, no cookies
jsonp-polling  yes  script elements and forms; sends Referer: http://app.example/, cookies

the client picks flashsocket
all this if the server allows the page: --origin http://app.example
");
}

#[test]
fn an_allow_list_without_the_page_stops_the_handshake() {
    assert_explains(
        &[
            "http://app.example/",
            "http://io.example",
            "--browser",
            "firefox4",
            "--origin",
            "http://other.example",
        ],
        "\
Firefox 4, a page of http://app.example, a server at http://io.example
another host; for the client another domain

handshake      no   XMLHttpRequest; the server refuses the origin (Origin: http://app.example)
websocket      no   WebSocket is switched off as delivered
flashsocket    no   no Flash player (--flash)
htmlfile       no   no ActiveX htmlfile object here
xhr-polling    no   XMLHttpRequest with CORS; the server refuses the origin (Origin: http://app.example)
jsonp-polling  no   script elements and forms; the server refuses the origin (Referer: http://app.example/)

the client gets no handshake: nothing works
the server does not allow the page: it needs --origin http://app.example
",
    );
}

#[test]
fn an_allow_list_with_the_page_has_what_it_needs() {
    assert_explains(
        &[
            "http://app.example/",
            "http://io.example",
            "--browser",
            "chrome",
            "--origin",
            "http://app.example",
        ],
        "\
Chrome 14 (2011), a page of http://app.example, a server at http://io.example
another host; for the client another domain

handshake      yes  XMLHttpRequest; sends Origin: http://app.example, no cookies
websocket      yes  version 8; sends Sec-WebSocket-Origin: http://app.example, cookies
flashsocket    no   no Flash player (--flash)
htmlfile       no   no ActiveX htmlfile object here
xhr-polling    yes  XMLHttpRequest with CORS; sends Origin: http://app.example, no cookies
jsonp-polling  yes  script elements and forms; sends Referer: http://app.example/, cookies

the client picks websocket
the server's allow-list has what it needs
",
    );
}

#[test]
fn a_file_has_the_origin_null_which_names_nobody() {
    assert_explains(
        &["file:///x.html", "https://io.example"],
        "\
a browser of today, a page from a file (its origin is null), a server at https://io.example
another scheme, another host; for the client another domain

handshake      yes  XMLHttpRequest; sends Origin: null, no cookies
websocket      yes  version 13; sends Origin: null, cookies
flashsocket    no   no Flash player for this browser
htmlfile       no   no ActiveX htmlfile object here
xhr-polling    yes  XMLHttpRequest with CORS; sends Origin: null, no cookies
jsonp-polling  no   script elements and forms; the server refuses a page that hides its origin

the client picks websocket
all this if the server allows the page: --origin null, which every file and every sandboxed frame has
",
    );
}

#[test]
fn a_file_in_internet_explorer_8_has_only_scripts() {
    assert_explains(&["file:///x.html", "http://io.example", "--browser", "ie8", "--flash"], "\
Internet Explorer 8, a page from a file (its origin is null), a server at http://io.example
another scheme, another host; for the client another domain

handshake      yes  script elements and forms; sends cookies
websocket      no   no WebSocket here
flashsocket    no   Flash refuses it to files, unless its security settings name them
htmlfile       no   the client keeps it to the page's own host and port
xhr-polling    no   XDomainRequest refuses another scheme, and that of a file is always another
jsonp-polling  yes  script elements and forms; sends cookies

the client tries flashsocket in vain, for 10 s, then picks xhr-polling, which fails, and stops there; before io.connect write: io.transports = ['jsonp-polling']
the server's allow-list needs no entry for it
");
}

#[test]
fn mixed_content_stops_a_browser_of_today() {
    assert_explains(
        &["https://app.example/", "http://io.example"],
        "\
a browser of today, a page of https://app.example, a server at http://io.example
another scheme, another host, another port; for the client another domain

handshake      no   mixed content: a page over https may not ask a server without TLS
websocket      no   mixed content: a page over https may not ask a server without TLS
flashsocket    no   no Flash player for this browser
htmlfile       no   no ActiveX htmlfile object here
xhr-polling    no   mixed content: a page over https may not ask a server without TLS
jsonp-polling  no   mixed content: a page over https may not ask a server without TLS

the client gets no handshake: nothing works
no entry of the server's allow-list helps
",
    );
}

#[test]
fn mixed_content_does_not_stop_a_browser_of_today_from_the_machine_itself() {
    assert_explains(
        &["https://app.example/", "http://localhost:8080"],
        "\
a browser of today, a page of https://app.example, a server at http://localhost:8080
another scheme, another host, another port; for the client another domain

handshake      yes  XMLHttpRequest; sends Origin: https://app.example, no cookies
websocket      yes  version 13; sends Origin: https://app.example, cookies
flashsocket    no   no Flash player for this browser
htmlfile       no   no ActiveX htmlfile object here
xhr-polling    yes  XMLHttpRequest with CORS; sends Origin: https://app.example, no cookies
jsonp-polling  yes  script elements and forms; sends Referer: https://app.example/, cookies

the client picks websocket
all this if the server allows the page: --origin https://app.example
",
    );
}

#[test]
fn internet_explorer_10_in_another_scheme_is_its_own_domain_for_the_client_but_not_for_a_frame() {
    assert_explains(
        &["http://app.example:8000/", "https://app.example:8000", "--browser", "ie10"],
        "\
Internet Explorer 10, a page of http://app.example:8000, a server at https://app.example:8000
another scheme; for the client its own domain: it compares host and port only

handshake      yes  XMLHttpRequest; sends Origin: http://app.example:8000, no cookies
websocket      yes  version 13; sends Origin: http://app.example:8000, cookies
flashsocket    no   no Flash player (--flash)
htmlfile       no   a frame of another scheme may not call the page
xhr-polling    yes  XMLHttpRequest; sends Origin: http://app.example:8000, no cookies
jsonp-polling  yes  script elements and forms; sends Referer: http://app.example:8000/, cookies

the client picks websocket
all this if the server allows the page: --origin http://app.example:8000
",
    );
}

#[test]
fn node_has_no_origin_and_waits_for_its_websocket() {
    assert_explains(
        &["http://app.example/", "http://io.example", "--browser", "node"],
        "\
Node, a page of http://app.example, a server at http://io.example
no page, no origin: it may ask every server

handshake      yes  XMLHttpRequest; sends no cookies
websocket      no   hixie-76 of a module that never opens under Node 0.8
flashsocket    no   no Flash player for this browser
htmlfile       no   no ActiveX htmlfile object here
xhr-polling    yes  XMLHttpRequest; sends no cookies
jsonp-polling  no   no script elements outside of documents

the client tries websocket in vain, for 10 s, then picks xhr-polling
the server's allow-list needs no entry for it
",
    );
}

#[test]
fn all_browsers_towards_another_domain() {
    assert_explains(
        &["http://app.example/", "http://io.example", "--browser", "all"],
        "\
a page of http://app.example, a server at http://io.example

modern      picks websocket                 can use websocket, xhr-polling, jsonp-polling
chrome      picks websocket                 can use websocket, xhr-polling, jsonp-polling
firefox3.6  picks xhr-polling               can use xhr-polling, jsonp-polling
firefox4    picks xhr-polling               can use xhr-polling, jsonp-polling
firefox6    picks websocket                 can use websocket, xhr-polling, jsonp-polling
safari5     picks websocket                 can use websocket, xhr-polling, jsonp-polling
ie6         picks jsonp-polling             can use jsonp-polling
ie7         picks jsonp-polling             can use jsonp-polling
ie8         picks xhr-polling               can use xhr-polling, jsonp-polling
ie9         picks xhr-polling               can use xhr-polling, jsonp-polling
ie10        picks websocket                 can use websocket, xhr-polling, jsonp-polling
opera11     picks jsonp-polling             can use jsonp-polling
ios4        picks websocket                 can use websocket, xhr-polling, jsonp-polling
android2    picks xhr-polling               can use xhr-polling, jsonp-polling
node        picks xhr-polling after 10 s    can use xhr-polling

all this if the server allows the page: --origin http://app.example
",
    );
}

#[test]
fn all_browsers_of_a_page_over_https_towards_http() {
    assert_explains(
        &["https://app.example/", "http://io.example", "--browser", "all"],
        "\
a page of https://app.example, a server at http://io.example

modern      picks nothing                   can use nothing
chrome      picks websocket                 can use websocket, xhr-polling, jsonp-polling
firefox3.6  picks xhr-polling               can use xhr-polling, jsonp-polling
firefox4    picks xhr-polling               can use xhr-polling, jsonp-polling
firefox6    picks websocket                 can use websocket, xhr-polling, jsonp-polling
safari5     picks websocket                 can use websocket, xhr-polling, jsonp-polling
ie6         picks jsonp-polling             can use jsonp-polling
ie7         picks jsonp-polling             can use jsonp-polling
ie8         picks xhr-polling (fails)       can use jsonp-polling
ie9         picks xhr-polling (fails)       can use jsonp-polling
ie10        picks websocket                 can use websocket, jsonp-polling
opera11     picks jsonp-polling             can use jsonp-polling
ios4        picks websocket                 can use websocket, xhr-polling, jsonp-polling
android2    picks xhr-polling               can use xhr-polling, jsonp-polling
node        picks xhr-polling after 10 s    can use xhr-polling

all this if the server allows the page: --origin https://app.example
",
    );
}

#[test]
fn an_address_that_is_none_is_refused_with_the_place_and_the_remedy() {
    assert_refused(
        &["http://app.example:0x/", "http://io.example"],
        &["error: `http://app.example:0x/`: no port at byte 19: a port is a number from 1 to 65535"],
    );
    assert_refused(
        &["app.example", "http://io.example"],
        &["`app.example`: no scheme at byte 0: write http:// or https://"],
    );
    assert_refused(
        &["http://app.example/", "ws://io.example"],
        &["`ws://io.example`: ws:// at byte 0", "write http:// or https://"],
    );
    assert_refused(&["http://app.example/", "http://io.example", "--origin", "io.example"], &["--origin: "]);
}

#[test]
fn an_unknown_browser_is_told_the_nearest_and_the_known_ones() {
    let pages = ["http://app.example/", "http://io.example", "--browser"];
    let named = |name| [pages[0], pages[1], pages[2], name];
    assert_refused(
        &named("ie88"),
        &["no browser is called `ie88`; did you mean `ie8`? Known are modern, chrome,", "node and all"],
    );
    assert_refused(&named("netscape"), &["no browser is called `netscape`; known are modern, chrome,"]);
}
