//! Every genuine peer, over every transport it has, against our other half. The table of what works is in
//! `docs/COMPATIBILITY.md`, and the test fails if it is not what was run.

mod cells;
mod client;
mod ours;
mod relay;
mod table;

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::thread::ScopedJoinHandle;

use serde_json::json;
use socketio08::{Profile, Transport};
use tokio::runtime::{Builder, Handle};

use self::cells::COLUMNS;
use self::client::Talker;
use self::ours::Ours;
use self::table::{Line, Missing, Outcome};
use crate::chromium::Chromium;
use crate::common::{Sio08, free_port};
use crate::genuine::{Release, switched_on};
use crate::peer::Peer;

/// What clients are connected to.
#[derive(Clone, Copy)]
enum Host {
    Genuine(Release),
    Ours(Profile),
}

/// A running host, ended when dropped.
enum Running {
    Genuine(#[expect(dead_code, reason = "held until it is to end")] Peer),
    Ours(#[expect(dead_code, reason = "held until it is to end")] Sio08),
}

impl Host {
    fn start(self, port: u16, script: Option<Release>) -> Running {
        match self {
            Host::Genuine(release) => Running::Genuine(Peer::server(release, port, &TRANSPORTS.join(","))),
            Host::Ours(profile) => {
                let script = script.map(|release| release.browser_build().to_str().unwrap().to_owned());
                let mut options = vec!["--profile", profile.name()];
                options.extend(script.iter().flat_map(|script| ["--client-js", script]));
                Running::Ours(Sio08::serve_with(port, "echo", &options))
            }
        }
    }
}

/// Who connects.
#[derive(Clone, Copy)]
enum Kind {
    Ours,
    Node(Release),
    Page(Release),
}

impl Kind {
    fn name(self) -> String {
        match self {
            Kind::Ours => "our client".to_owned(),
            Kind::Node(release) => format!("client {} in Node", release.number()),
            Kind::Page(release) => format!("client {} in Chromium", release.number()),
        }
    }
}

/// What all rows share.
struct Rig {
    runtime: Handle,
    browser: Chromium,
}

/// One peer over one transport.
struct Row<'a> {
    rig: &'a Rig,
    kind: Kind,
    host: Host,
    transport: &'static str,
    /// Where a server for all cells listens.
    port: u16,
}

impl<'a> Row<'a> {
    fn new(rig: &'a Rig, kind: Kind, host: Host, transport: &'static str) -> Self {
        Self { rig, kind, host, transport, port: free_port() }
    }

    /// The peer, and our side of it.
    fn sides(&self) -> (String, String) {
        match self.host {
            Host::Genuine(release) => {
                (format!("server {}", release.number()), format!("client, {}", self.release()))
            }
            Host::Ours(profile) => (self.kind.name(), format!("server, {profile}")),
        }
    }

    /// The release that our side behaves as.
    fn release(&self) -> Profile {
        match self.host {
            Host::Genuine(Release::V0_8_7) => Profile::V0_8_7,
            Host::Genuine(Release::V0_9_17 | Release::V0_9_19) => Profile::V0_9,
            Host::Ours(profile) => profile,
        }
    }

    /// The script that the server has for pages.
    fn script(&self) -> Option<Release> {
        match self.kind {
            Kind::Page(release) => Some(release),
            Kind::Ours | Kind::Node(_) => None,
        }
    }

    /// A server beside the one of all cells.
    fn own_server(&self) -> (Running, u16) {
        let port = free_port();
        (self.host.start(port, self.script()), port)
    }

    /// A client that starts to connect.
    fn client(&self, port: u16) -> Box<dyn Talker + '_> {
        let url = format!("http://127.0.0.1:{port}");
        match self.kind {
            Kind::Ours => {
                let transport = *Transport::ALL.iter().find(|one| one.to_string() == self.transport).unwrap();
                Box::new(Ours::connect(&self.rig.runtime, port, self.release(), transport))
            }
            Kind::Node(release) => Box::new(Peer::client(release, &url, self.transport)),
            Kind::Page(_) => {
                let page = self.rig.browser.open(&format!("{url}/a-page-that-is-not-there"));
                client::connect(&page, self.transport);
                Box::new(page)
            }
        }
    }

    /// A client that is connected.
    fn connected(&self, port: u16) -> Box<dyn Talker + '_> {
        let mut client = self.client(port);
        client.wait_for(&json!({"on": "connect", "endpoint": ""}));
        client
    }

    /// Whether the client makes a new handshake if it is refused as unknown before it is connected.
    fn recovers_while_connecting(&self) -> bool {
        !matches!(self.kind, Kind::Node(Release::V0_8_7) | Kind::Page(Release::V0_8_7))
    }

    /// Whether the server's silence between two heartbeats is longer than what the client takes for its end.
    fn hangs_up_between_heartbeats(&self) -> bool {
        let watching = matches!(self.kind, Kind::Node(Release::V0_9_17) | Kind::Page(Release::V0_9_17));
        watching && self.transport == "websocket" && matches!(self.host, Host::Ours(Profile::V0_8_7))
    }

    /// Tries every cell: the long one beside the others, which take turns.
    fn run(&self) -> Line {
        let _server = self.host.start(self.port, self.script());
        let turn = Mutex::new(());
        let attempt = |cells::Column { long, attempt, .. }: cells::Column| {
            let turn = (!long).then(|| turn.lock().unwrap_or_else(PoisonError::into_inner));
            let outcome = attempt(self);
            drop(turn);
            outcome
        };
        let outcomes = std::thread::scope(|scope| {
            let attempt = &attempt;
            let attempts = COLUMNS.map(|column| scope.spawn(move || attempt(column)));
            attempts.map(outcome).into()
        });
        let (peer, ours) = self.sides();
        Line { peer, ours, transport: self.transport, outcomes }
    }
}

fn outcome(attempt: ScopedJoinHandle<'_, Outcome>) -> Outcome {
    attempt.join().unwrap_or_else(|panic| Outcome::Failed(said(&*panic)))
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}

/// Every transport there is.
const TRANSPORTS: [&str; 5] = ["websocket", "flashsocket", "htmlfile", "xhr-polling", "jsonp-polling"];

/// Why a genuine client cannot be tried over a transport.
fn missing(kind: Kind, transport: &str) -> Option<&'static str> {
    Some(match (kind, transport) {
        (Kind::Page(_), "flashsocket") => {
            "The script's flashsocket needs Adobe Flash, which browsers have dropped."
        }
        (Kind::Page(_), "htmlfile") => {
            "The script's htmlfile needs the `ActiveXObject` of Internet Explorer; `sim/tests/browser` reads the stream in a frame \
             of its own instead."
        }
        (Kind::Node(Release::V0_8_7), "websocket") => {
            "Its websocket never opens on the Node it was written for, with the genuine server neither."
        }
        (Kind::Node(_), "flashsocket" | "htmlfile" | "jsonp-polling") => {
            "The client has this transport in pages only."
        }
        _ => return None,
    })
}

/// What can be tried, and what cannot.
fn rows(rig: &Rig) -> (Vec<Row<'_>>, BTreeSet<Missing>) {
    let servers = [Release::V0_8_7, Release::V0_9_17, Release::V0_9_19];
    let servers = servers.into_iter().map(|release| (Kind::Ours, Host::Genuine(release)));
    let clients = [
        Kind::Node(Release::V0_8_7),
        Kind::Page(Release::V0_8_7),
        Kind::Node(Release::V0_9_17),
        Kind::Page(Release::V0_9_17),
    ];
    let clients =
        clients.into_iter().flat_map(|kind| Profile::ALL.map(|profile| (kind, Host::Ours(profile))));
    let (mut rows, mut none) = (Vec::new(), BTreeSet::new());
    for (kind, host) in servers.chain(clients) {
        for transport in TRANSPORTS {
            match missing(kind, transport) {
                None => rows.push(Row::new(rig, kind, host, transport)),
                Some(why) => drop(none.insert(Missing { peer: kind.name(), transport, why })),
            }
        }
    }
    (rows, none)
}

#[test]
fn every_peer_over_every_transport_it_has_does_what_the_table_says() {
    if !switched_on() {
        return;
    }
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let rig = Rig { runtime: runtime.handle().clone(), browser: Chromium::start("matrix") };
    let (rows, missing) = rows(&rig);
    let lines: Vec<Line> = std::thread::scope(|scope| {
        let running: Vec<_> = rows.iter().map(|row| scope.spawn(|| row.run())).collect();
        running.into_iter().map(|row| row.join().unwrap()).collect()
    });
    let titles = COLUMNS.map(|column| column.title);
    let text = table::render(&titles, &lines, &missing);
    println!("{text}");
    for line in &lines {
        for (title, outcome) in titles.iter().zip(&line.outcomes) {
            if let Outcome::Failed(why) = outcome {
                println!("{} over {}, {title}: {why}\n", line.peer, line.transport);
            }
        }
    }
    table::check(&text);
    let failed = |outcome: &&Outcome| matches!(outcome, Outcome::Failed(_));
    assert_eq!(lines.iter().flat_map(|line| &line.outcomes).filter(failed).count(), 0, "cells that failed");
}
