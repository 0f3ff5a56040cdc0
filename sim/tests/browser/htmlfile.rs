//! The htmlfile stream in a frame of a real browser. The genuine script reads it with Internet Explorer's `ActiveXObject`, which
//! Chromium has not, so a page of ours does.

use serde_json::{Value, json};

use crate::chromium::Chromium;
use crate::common::{Sio08, free_port};
use crate::genuine::switched_on;
use crate::{artefact, hundred};

/// What could end a script, or a string in it, beside what is in every message.
const MARKED: &str = "</script><script>alert(1)</script><!-- \" ' \\ \u{2028}\u{2029} \u{1f600}";

#[test]
fn a_hundred_messages_each_way_over_htmlfile_in_a_frame() {
    if !switched_on() {
        return;
    }
    let port = free_port();
    let _server = Sio08::serve(port, "echo");
    let browser = Chromium::start("htmlfile");
    let mut page = browser.open(&format!("http://127.0.0.1:{port}/a-page-that-is-not-there"));
    page.evaluate(include_str!("htmlfile.js"));
    page.evaluate("open()");
    page.reports.wait_for(&json!({"on": "packet", "packet": "1::"}));
    let mut texts = hundred("frame");
    texts.push(MARKED.to_owned());
    page.evaluate(&format!("{}.forEach(say)", json!(texts)));
    page.reports.wait_for(&json!({"on": "packet", "packet": format!("3:::{MARKED}")}));
    let echoed = page.reports.seen(&json!({"on": "packet"}));
    let echoed: Vec<Value> =
        echoed.iter().map(|report| report["packet"].clone()).filter(|packet| packet != "1::").collect();
    let sent: Vec<String> = texts.iter().map(|text| format!("3:::{text}")).collect();
    assert_eq!(json!(echoed), json!(sent));
    assert_eq!(page.reports.seen(&json!({"on": "end"})), Vec::<Value>::new(), "the stream has ended");
    page.screenshot(&artefact("htmlfile.png"));
}
