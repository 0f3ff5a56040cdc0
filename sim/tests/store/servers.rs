//! The servers: `sio08 serve --redis`, and the genuine 0.8.7 with its Redis store.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::common::free_port;
use crate::genuine::{packages, repository};
use crate::redis::Redis;
use crate::reports::Reports;

const PATIENCE: Duration = Duration::from_secs(30);

/// `sio08 serve`, its log kept.
pub(crate) struct Ours {
    pub(crate) port: u16,
    log: PathBuf,
    child: Child,
}

impl Ours {
    /// Returns when it listens and is connected to Redis.
    pub(crate) fn start(app: &str, redis: &Redis) -> Self {
        Self::start_with(app, &["--redis", &redis.url()])
    }

    /// With options that name a Redis.
    pub(crate) fn start_with(app: &str, options: &[&str]) -> Self {
        let port = free_port();
        let log = std::env::temp_dir().join(format!("sio08-log-{}-{port}", std::process::id()));
        let child = Command::new(env!("CARGO_BIN_EXE_sio08"))
            .args(["serve", "--app", app, "--listen", &port.to_string()])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let ours = Self { port, log, child };
        ours.wait_for_log("redis         connected");
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "sio08 serve does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        ours
    }

    /// Waits until the log has `text`.
    pub(crate) fn wait_for_log(&self, text: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            let log = std::fs::read_to_string(&self.log).unwrap();
            if log.contains(text) {
                return;
            }
            assert!(Instant::now() < end, "no {text:?} in the log:\n{log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        std::fs::remove_file(&self.log).ok();
    }
}

/// A genuine node (`peers/store-node.js`).
pub(crate) struct Genuine {
    pub(crate) port: u16,
    child: Child,
    commands: ChildStdin,
    reports: Reports,
}

impl Genuine {
    pub(crate) fn start(redis: &Redis) -> Self {
        let port = free_port();
        let mut child = Command::new(packages().join("node-v0.8.28-linux-x64/bin/node"))
            .args(["store-node.js", &port.to_string(), "1002", &redis.port().to_string()])
            .current_dir(repository().join("peers"))
            .env("SOCKETIO08_PEERS_DIR", packages())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (report, coming) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or_else(|_| json!({"unexpected": line}));
                if report.send(value).is_err() {
                    break;
                }
            }
        });
        let commands = child.stdin.take().unwrap();
        let mut genuine = Self { port, child, commands, reports: Reports::new(coming) };
        genuine.wait_for(&json!({"on": "listening"}));
        // It listens before it is subscribed.
        crate::settle();
        genuine
    }

    pub(crate) fn tell(&mut self, command: &Value) {
        writeln!(self.commands, "{command}").unwrap();
    }

    pub(crate) fn wait_for(&mut self, pattern: &Value) -> Value {
        self.reports.wait_for(pattern)
    }
}

impl Drop for Genuine {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
