//! The genuine scripts in the chat page of `sio08 serve`, two tabs of one browser, transport by transport.

use serde_json::json;

use crate::chromium::Chromium;
use crate::common::{Sio08, free_port};
use crate::genuine::{Release, switched_on};
use crate::{TRANSPORTS, artefact, hundred};

/// The lines of the list; those of this tab apart from those that came.
const CAME: &str = "[...document.querySelectorAll('#messages li:not(.own)')].map(line => line.textContent)";
const STATE: &str = "document.getElementById('state').textContent";

/// Two tabs on the chat page talk over one transport.
fn two_tabs_exchange_a_hundred_messages_each_way(browser: &Chromium, release: Release, transport: &str) {
    let port = free_port();
    let script = release.browser_build();
    let _server = Sio08::serve_with(port, "chat", &["--client-js", script.to_str().unwrap()]);
    let url = format!("http://127.0.0.1:{port}/?transport={transport}");
    let connected = json!(format!("connected ({transport})"));
    let ann = browser.open(&url);
    ann.until(STATE, &connected);
    let ben = ann.sibling(&url);
    ben.until(STATE, &connected);
    let (by_ann, by_ben) = (hundred("Ann"), hundred("Ben"));
    for (tab, lines) in [(&ann, &by_ann), (&ben, &by_ben)] {
        tab.evaluate(&format!("{}.forEach(text => {{ say(text); show(text, true) }})", json!(lines)));
    }
    ann.until(CAME, &json!(by_ben));
    ben.until(CAME, &json!(by_ann));
    ben.screenshot(&artefact(&format!("chat-{release:?}-{transport}.png")));
}

fn over_each_transport(release: Release) {
    if !switched_on() {
        return;
    }
    let browser = Chromium::start(&format!("chat-{release:?}"));
    for transport in TRANSPORTS {
        two_tabs_exchange_a_hundred_messages_each_way(&browser, release, transport);
    }
}

#[test]
fn two_tabs_with_the_script_0_8_7_exchange_a_hundred_messages_each_way_over_each_transport() {
    over_each_transport(Release::V0_8_7);
}

#[test]
fn two_tabs_with_the_script_0_9_17_exchange_a_hundred_messages_each_way_over_each_transport() {
    over_each_transport(Release::V0_9_17);
}
