//! The genuine server and client in Node, run by the scripts in `peers/`.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::channel;

use serde_json::{Value, json};

use crate::genuine::{Release, packages, repository};
use crate::reports::Reports;

/// A genuine peer: takes commands and reports what happens, one JSON object a line.
pub(crate) struct Peer {
    child: Child,
    commands: ChildStdin,
    pub(crate) reports: Reports,
}

impl Peer {
    /// A genuine client that connects to `url`.
    pub(crate) fn client(release: Release, url: &str, transport: &str) -> Self {
        Self::spawn(release, &["client.js", &release.package("socket.io-client"), url, transport])
    }

    /// A genuine server that listens on `port` and offers `transports`, separated by commas.
    pub(crate) fn server(release: Release, port: u16, transports: &str) -> Self {
        let package = release.package("socket.io");
        let mut server = Self::spawn(release, &["server.js", &package, &port.to_string(), transports]);
        server.wait_for(&json!({"on": "listening"}));
        server
    }

    fn spawn(release: Release, arguments: &[&str]) -> Self {
        let mut child = Command::new(node(release))
            .args(arguments)
            .current_dir(repository().join("peers"))
            .env("SOCKETIO08_PEERS_DIR", packages())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (report, reports) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or_else(|_| json!({"unexpected": line}));
                if report.send(value).is_err() {
                    break;
                }
            }
        });
        Self { commands: child.stdin.take().unwrap(), child, reports: Reports::new(reports) }
    }

    /// Gives a command.
    pub(crate) fn tell(&mut self, command: &Value) {
        writeln!(self.commands, "{command}").unwrap();
    }

    /// The next report that has all members of `pattern`, skipping others.
    pub(crate) fn wait_for(&mut self, pattern: &Value) -> Value {
        self.reports.wait_for(pattern)
    }

    /// Everything reported so far that has all members of `pattern`.
    pub(crate) fn seen(&mut self, pattern: &Value) -> Vec<Value> {
        self.reports.seen(pattern)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The Node a release was written for, or for 0.9 the one that is installed.
fn node(release: Release) -> PathBuf {
    match release {
        Release::V0_8_7 => packages().join("node-v0.8.28-linux-x64/bin/node"),
        Release::V0_9_17 | Release::V0_9_19 => PathBuf::from("node"),
    }
}
