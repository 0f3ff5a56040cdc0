//! What the clients lived through: how often they came back, how hard the servers were hit, what outlived whom.

mod sessions;
mod storm;

use std::collections::BTreeMap;

use serde::Serialize;
use socketio08::Instant;

use super::figures::Spread;
use super::tally::Tally;
use crate::scenario::{Harm, Scenario, format_duration};
use crate::trace::{ClientId, TraceEvent};
use sessions::Sessions;
pub use sessions::{Ghosts, Load};
use storm::Storm;
pub use storm::{Episode, Storms};

/// How many clients came back how often.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Bar {
    /// Times back after a loss.
    pub reconnects: u32,
    /// How many clients.
    pub clients: u32,
}

/// A fault that ended no server.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct HarmFigures {
    /// When, from the start of the run.
    pub at_ms: u64,
    /// What, as in the file: `pause`, `slow`, `delay`, `lose`, `cut` or `disconnect`.
    pub verb: &'static str,
    /// It touched something; a fault that did not proves nothing.
    pub bitten: bool,
    /// Connections lost while it lasted.
    pub lost: u32,
}

/// What was on the wire between clients and balancer, by the stated sizes of heads (`docs/REPORT.md`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Traffic {
    /// HTTP requests, upgrades included.
    pub requests: u64,
    /// Connections opened.
    pub connections: u64,
    /// From clients.
    pub bytes_up: u64,
    /// To clients.
    pub bytes_down: u64,
    /// Requests for each numbered message received, either way.
    pub requests_per_message: Option<f64>,
    /// Bytes, both ways, for each of them.
    pub bytes_per_message: Option<f64>,
}

/// Everything of this module.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LifeFigures {
    /// How often clients came back.
    pub reconnects_per_client: Vec<Bar>,
    /// Handshakes over time, and how long storms took.
    pub storm: Storms,
    /// Sessions on the servers over time.
    pub load: Load,
    /// Sessions that outlived their clients.
    pub ghosts: Ghosts,
    /// Numbered messages of clients that arrived after a later one of the same client.
    pub up_out_of_order: u64,
    /// The same of ticks.
    pub down_out_of_order: u64,
    /// From a client's application to a server's, in microseconds.
    pub up_delay_us: Option<Spread>,
    /// From a server's application to a client's, in microseconds.
    pub down_delay_us: Option<Spread>,
    /// What was on the wire; `None` where the engine does not say.
    pub traffic: Option<Traffic>,
    /// Faults that ended no server.
    pub harms: Vec<HarmFigures>,
}

/// Takes events, gives [`LifeFigures`].
#[derive(Clone, Debug)]
pub(super) struct Life {
    end: Instant,
    reconnects: Vec<u32>,
    storm: Storm,
    sessions: Sessions,
    up: Flow,
    down: Flow,
    /// When each tick was sent first.
    ticks: BTreeMap<u64, Instant>,
    traffic: Option<Traffic>,
    harms: Vec<(HarmFigures, bool)>,
}

/// One direction.
#[derive(Clone, Debug, Default)]
struct Flow {
    delays: Tally,
    received: u64,
    out_of_order: u64,
    /// The last number each client's flow brought.
    last: Vec<u64>,
    /// When each message of each client was sent, until it arrives.
    sent: BTreeMap<(ClientId, u64), Instant>,
}

impl Flow {
    fn new(clients: usize) -> Self {
        Self { last: vec![0; clients], ..Self::default() }
    }

    fn received(&mut self, at: Instant, client: ClientId, number: u64, sent: Option<Instant>) {
        let Some(last) = self.last.get_mut(client.index()) else { return };
        self.received += 1;
        if number < *last {
            self.out_of_order += 1;
        }
        *last = number.max(*last);
        if let Some(sent) = sent {
            self.delays.add(u64::try_from((at - sent).as_micros()).unwrap_or(u64::MAX));
        }
    }
}

impl Life {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let clients = scenario.clients.count as usize;
        let harm = |harm: &Harm| HarmFigures {
            at_ms: u64::try_from(harm.at.as_millis()).unwrap_or(u64::MAX),
            verb: harm.kind.verb(),
            bitten: false,
            lost: 0,
        };
        Self {
            end: Instant::ZERO + scenario.duration,
            reconnects: vec![0; clients],
            storm: Storm::new(clients),
            sessions: Sessions::new(scenario),
            up: Flow::new(clients),
            down: Flow::new(clients),
            ticks: BTreeMap::new(),
            traffic: None,
            harms: scenario.harms.iter().map(|one| (harm(one), false)).collect(),
        }
    }

    pub(super) fn record(&mut self, at: Instant, event: &TraceEvent) {
        self.storm.record(at, event);
        self.sessions.record(at, event);
        match event {
            TraceEvent::Reconnected { client } => {
                if let Some(count) = self.reconnects.get_mut(client.index()) {
                    *count += 1;
                }
            }
            TraceEvent::UpSent { client, number } => {
                self.up.sent.insert((*client, *number), at);
            }
            TraceEvent::UpReceived { client, number, .. } => {
                let sent = self.up.sent.remove(&(*client, *number));
                self.up.received(at, *client, *number, sent);
            }
            TraceEvent::TickSent { number, .. } => {
                self.ticks.entry(*number).or_insert(at);
            }
            TraceEvent::TickReceived { client, number, .. } => {
                let sent = self.ticks.get(number).copied();
                self.down.received(at, *client, *number, sent);
            }
            TraceEvent::Traffic { requests, connections, bytes_up, bytes_down, .. } => {
                let traffic = self.traffic.get_or_insert_default();
                traffic.requests += requests;
                traffic.connections += connections;
                traffic.bytes_up += bytes_up;
                traffic.bytes_down += bytes_down;
            }
            event => self.harm_record(event),
        }
    }

    fn harm_record(&mut self, event: &TraceEvent) {
        match event {
            TraceEvent::HarmBegan { fault, .. } => self.harm(*fault, |_, running| *running = true),
            TraceEvent::HarmEnded { fault } => self.harm(*fault, |_, running| *running = false),
            TraceEvent::HarmBit { fault } => self.harm(*fault, |harm, _| harm.bitten = true),
            TraceEvent::Disconnected { .. } => {
                for (harm, _) in self.harms.iter_mut().filter(|(_, running)| *running) {
                    harm.lost += 1;
                }
            }
            _ => {}
        }
    }

    fn harm(&mut self, fault: usize, change: impl FnOnce(&mut HarmFigures, &mut bool)) {
        if let Some((harm, running)) = self.harms.get_mut(fault) {
            change(harm, running);
        }
    }

    pub(super) fn finish(self) -> LifeFigures {
        let mut bars: BTreeMap<u32, u32> = BTreeMap::new();
        for count in &self.reconnects {
            *bars.entry(*count).or_default() += 1;
        }
        let messages = self.up.received + self.down.received;
        let each = |amount: u64| (messages > 0).then(|| super::figures::fraction(amount, messages));
        let traffic = self.traffic.map(|traffic| Traffic {
            requests_per_message: each(traffic.requests),
            bytes_per_message: each(traffic.bytes_up + traffic.bytes_down),
            ..traffic
        });
        LifeFigures {
            reconnects_per_client: bars
                .into_iter()
                .map(|(reconnects, clients)| Bar { reconnects, clients })
                .collect(),
            storm: self.storm.finish(self.end),
            load: self.sessions.load(self.end),
            ghosts: self.sessions.ghosts(),
            up_out_of_order: self.up.out_of_order,
            down_out_of_order: self.down.out_of_order,
            up_delay_us: self.up.delays.spread(),
            down_delay_us: self.down.delays.spread(),
            traffic,
            harms: self.harms.into_iter().map(|(harm, _)| harm).collect(),
        }
    }
}

impl HarmFigures {
    /// The fault in a few words.
    pub(super) fn title(&self) -> String {
        format!("{} at {}", self.verb, format_duration(std::time::Duration::from_millis(self.at_ms)))
    }
}
