//! The genuine server and client, run by the scripts in `peers/`.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Longer than anything a peer does here: its reconnection takes 0.5 to 3.5 s.
const PATIENCE: Duration = Duration::from_secs(20);

/// Whether the tests of this file are switched on; says so if they are not. Written past the test harness, which would
/// keep it to itself.
pub(crate) fn switched_on() -> bool {
    let on = std::env::var("SOCKETIO08_GENUINE").is_ok_and(|value| value == "1");
    if !on {
        let test = std::thread::current().name().unwrap_or("a genuine-peer test").to_owned();
        let line = format!(
            "SKIPPED {test}: genuine peers are switched off (run peers/install, then set SOCKETIO08_GENUINE=1)\n"
        );
        std::io::stderr().write_all(line.as_bytes()).ok();
    }
    on
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Where `peers/install` puts the genuine packages.
fn packages() -> PathBuf {
    let dir = match std::env::var_os("SOCKETIO08_PEERS_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => repository().join("target/peers"),
    };
    assert!(
        dir.join("installed").exists(),
        "the genuine peers are not in {}: run peers/install first (SOCKETIO08_PEERS_DIR chooses the place)",
        dir.display()
    );
    dir
}

/// A genuine peer: takes commands and reports what happens, one JSON object a line.
pub(crate) struct Peer {
    child: Child,
    commands: ChildStdin,
    reports: Receiver<Value>,
    seen: Vec<Value>,
}

impl Peer {
    /// A genuine client that connects to `url` over xhr-polling.
    pub(crate) fn client(url: &str) -> Self {
        Self::spawn(&["client.js", url])
    }

    /// A genuine server that listens on `port`.
    pub(crate) fn server(port: u16) -> Self {
        let mut server = Self::spawn(&["server.js", &port.to_string()]);
        server.wait_for(&json!({"on": "listening"}));
        server
    }

    fn spawn(arguments: &[&str]) -> Self {
        let packages = packages();
        let mut child = Command::new(packages.join("node-v0.8.28-linux-x64/bin/node"))
            .args(arguments)
            .current_dir(repository().join("peers"))
            .env("SOCKETIO08_PEERS_DIR", std::path::absolute(&packages).unwrap())
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
        Self { commands: child.stdin.take().unwrap(), child, reports, seen: Vec::new() }
    }

    /// Gives a command.
    pub(crate) fn tell(&mut self, command: &Value) {
        writeln!(self.commands, "{command}").unwrap();
    }

    /// The next report that has all members of `pattern`, skipping others.
    pub(crate) fn wait_for(&mut self, pattern: &Value) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(report) = self.reports.recv_timeout(left) else {
                panic!("no {pattern} within {PATIENCE:?}; the peer reported: {:#?}", self.seen);
            };
            self.seen.push(report.clone());
            if matches(&report, pattern) {
                return report;
            }
        }
    }

    /// Everything reported so far that has all members of `pattern`.
    pub(crate) fn seen(&self, pattern: &Value) -> Vec<Value> {
        self.seen.iter().filter(|report| matches(report, pattern)).cloned().collect()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn matches(report: &Value, pattern: &Value) -> bool {
    pattern.as_object().unwrap().iter().all(|(key, value)| report.get(key) == Some(value))
}
