//! The genuine scripts in a page of another origin than the server's.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};

use crate::chromium::{Chromium, Page};
use crate::common::{Sio08, free_port};
use crate::genuine::{Release, repository, switched_on};
use crate::{TRANSPORTS, artefact, hundred};

/// A page that has the script of `server` and tells what comes, at an origin of its own: another port. Gives its origin. It is served as
/// long as the process lives.
fn page_elsewhere(server: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let drive = std::fs::read_to_string(repository().join("peers/drive.js")).unwrap();
    let page = format!(
        "<!doctype html><meta charset=\"utf-8\"><title>elsewhere</title><h1>A page of {origin}</h1><p>It talks to {server}.</p>\
         <ul id=\"messages\"></ul><script src=\"{server}/socket.io/socket.io.js\"></script><script>{drive}</script>"
    );
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    std::thread::spawn(move || {
        for mut visitor in listener.incoming().map_while(Result::ok) {
            let request = BufReader::new(visitor.try_clone().unwrap()).lines().map_while(Result::ok);
            request.take_while(|line| !line.is_empty()).for_each(drop);
            visitor.write_all(answer.as_bytes()).ok();
        }
    });
    origin
}

fn connect(page: &Page<'_>, server: &str, transport: &str) {
    let said = "said => { if (said.on === 'message') messages.innerHTML += '<li>' + said.data; report(JSON.stringify(said)) }";
    page.evaluate(&format!("take = drive(io, {said}, {}, {}); null", json!(server), json!([transport])));
}

fn exchanges_a_hundred_messages_each_way(browser: &Chromium, release: Release, transport: &str) {
    let port = free_port();
    let server = format!("http://127.0.0.1:{port}");
    let elsewhere = page_elsewhere(&server);
    let script = release.browser_build();
    let options = ["--client-js", script.to_str().unwrap(), "--origin", &elsewhere];
    let _server = Sio08::serve_with(port, "echo", &options);
    let mut page = browser.open(&elsewhere);
    connect(&page, &server, transport);
    page.reports.wait_for(&json!({"on": "connect", "transport": transport}));
    let texts = hundred("elsewhere");
    page.evaluate(&format!("{}.forEach(text => take({{do: 'send', data: text}}))", json!(texts)));
    page.reports.wait_for(&json!({"on": "message", "data": texts[99]}));
    let echoed = page.reports.seen(&json!({"on": "message"}));
    let echoed: Vec<Value> = echoed.iter().map(|report| report["data"].clone()).collect();
    assert_eq!(json!(echoed), json!(texts), "{release:?} over {transport}");
    page.evaluate("scrollTo(0, 1e9)");
    page.screenshot(&artefact(&format!("elsewhere-{release:?}-{transport}.png")));
}

fn over_each_transport(release: Release) {
    if !switched_on() {
        return;
    }
    let browser = Chromium::start(&format!("elsewhere-{release:?}"));
    for transport in TRANSPORTS {
        exchanges_a_hundred_messages_each_way(&browser, release, transport);
    }
}

#[test]
fn a_page_of_another_origin_with_the_script_0_8_7_exchanges_a_hundred_messages_over_each_transport() {
    over_each_transport(Release::V0_8_7);
}

#[test]
fn a_page_of_another_origin_with_the_script_0_9_17_exchanges_a_hundred_messages_over_each_transport() {
    over_each_transport(Release::V0_9_17);
}

#[test]
fn a_page_of_an_origin_that_the_server_does_not_name_is_refused() {
    if !switched_on() {
        return;
    }
    let port = free_port();
    let server = format!("http://127.0.0.1:{port}");
    let elsewhere = page_elsewhere(&server);
    let script = Release::V0_9_17.browser_build();
    let options = ["--client-js", script.to_str().unwrap(), "--origin", "http://named.example"];
    let _server = Sio08::serve_with(port, "echo", &options);
    let browser = Chromium::start("refused");
    let mut page = browser.open(&elsewhere);
    connect(&page, &server, "xhr-polling");
    page.reports.wait_for(&json!({"on": "error"}));
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(page.reports.seen(&json!({"on": "connect"})), Vec::<Value>::new());
}
