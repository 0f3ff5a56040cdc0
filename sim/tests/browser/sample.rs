//! The textbook's sample as its reader tries it: two tabs, typing, and a server that goes and comes back.

use serde_json::json;

use crate::artefact;
use crate::chromium::Chromium;
use crate::common::{Sio08, free_port};
use crate::genuine::{Release, switched_on};

const LINES: &str = "[...document.querySelectorAll('#messages li')].map(line => line.textContent)";
const STATE: &str = "document.getElementById('state').textContent.split(/[ ;]/)[0]";
const FIELD: &str = "document.getElementById('text').value";

fn works_in_two_tabs(name: &str, options: &[&str]) {
    let browser = Chromium::start(&format!("sample-{name}"));
    let port = free_port();
    let server = Sio08::serve_with(port, "chat", options);
    let url = format!("http://127.0.0.1:{port}/");
    let here = browser.open(&url);
    let there = here.sibling(&url);
    for tab in [&here, &there] {
        tab.until(STATE, &json!("connected"));
    }

    // The field has the focus, so that one can type at once.
    here.type_text("h\u{e9}llo \u{1f600}");
    here.until(FIELD, &json!("h\u{e9}llo \u{1f600}"));
    here.enter();
    there.type_text("and back \u{1f44d}");
    there.until(LINES, &json!(["h\u{e9}llo \u{1f600}"]));
    there.enter();
    for tab in [&here, &there] {
        tab.until(LINES, &json!(["h\u{e9}llo \u{1f600}", "and back \u{1f44d}"]));
        tab.until(FIELD, &json!(""));
    }
    // Who comes later is told what was said.
    let late = here.sibling(&url);
    late.until(LINES, &json!(["h\u{e9}llo \u{1f600}", "and back \u{1f44d}"]));
    late.screenshot(&artefact(&format!("sample-{name}-connected.png")));

    drop(server);
    for tab in [&here, &there] {
        tab.until(STATE, &json!("disconnected"));
        tab.until(LINES, &json!(["h\u{e9}llo \u{1f600}", "and back \u{1f44d}", "Disconnected"]));
    }
    here.type_text("typed while away");
    here.enter();
    here.screenshot(&artefact(&format!("sample-{name}-disconnected.png")));

    let _server = Sio08::serve_with(port, "chat", options);
    for tab in [&here, &there] {
        tab.until(STATE, &json!("connected"));
        tab.until(LINES, &json!(["typed while away"]));
    }
    there.type_text("again");
    there.enter();
    here.until(LINES, &json!(["typed while away", "again"]));
}

#[test]
fn the_sample_works_in_two_tabs_with_our_own_script() {
    if switched_on() {
        works_in_two_tabs("own", &[]);
    }
}

#[test]
fn the_sample_works_in_two_tabs_with_the_genuine_script() {
    if switched_on() {
        let script = Release::V0_8_7.browser_build();
        works_in_two_tabs("genuine", &["--client-js", script.to_str().unwrap()]);
    }
}
