//! Clients of every kind, told and heard alike: commands and reports are those of `peers/drive.js`.

use serde_json::{Value, json};

use crate::chromium::Page;
use crate::genuine::repository;
use crate::peer::Peer;
use crate::reports::Reports;

/// A client that takes commands and reports what happens.
pub(super) trait Talker {
    /// Gives a command.
    fn tell(&mut self, command: &Value);

    /// What happened.
    fn reports(&mut self) -> &mut Reports;

    /// The next report that has all members of `pattern`, skipping others.
    fn wait_for(&mut self, pattern: &Value) -> Value {
        self.reports().wait_for(pattern)
    }
}

impl Talker for Peer {
    fn tell(&mut self, command: &Value) {
        Peer::tell(self, command);
    }

    fn reports(&mut self) -> &mut Reports {
        &mut self.reports
    }
}

impl Talker for Page<'_> {
    fn tell(&mut self, command: &Value) {
        self.evaluate(&format!("take({command})"));
    }

    fn reports(&mut self) -> &mut Reports {
        &mut self.reports
    }
}

/// Loads the script that the page's own server has, and connects with it over one transport.
pub(super) fn connect(page: &Page<'_>, transport: &str) {
    let script = "<script src=\"/socket.io/socket.io.js\"></script>";
    page.until("document.readyState", &json!("complete"));
    page.evaluate(&format!("document.write({}); document.close()", json!(script)));
    page.until("document.readyState + ' ' + typeof io", &json!("complete object"));
    let drive = std::fs::read_to_string(repository().join("peers/drive.js")).unwrap();
    page.evaluate(&drive);
    let report = "function (said) { report(JSON.stringify(said)) }";
    page.evaluate(&format!("take = drive(io, {report}, location.origin, {}); null", json!([transport])));
}
