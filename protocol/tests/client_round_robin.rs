//! A polling client behind round robin, each request to the next server: the growth measured on the genuine client.

mod client_rig;

use std::collections::BTreeSet;
use std::time::Duration;

use client_rig::{Happening, Peer, Rig, exchange, path, response, secs};
use socketio08::client::{Client, ClientBehaviour, ClientConfig, ClientEvent, ClientInput, ClientTransmit};
use socketio08::{Instant, Transport};

/// Servers that know only the sessions they issued.
struct Pool {
    servers: Vec<Server>,
    next_server: usize,
    issued: u64,
    random: u64,
}

#[derive(Default)]
struct Server {
    unused: BTreeSet<String>,
    used: BTreeSet<String>,
}

impl Pool {
    fn new(servers: usize, seed: u64) -> Self {
        let servers = (0..servers).map(|_| Server::default()).collect();
        Self { servers, next_server: 0, issued: 0, random: seed }
    }

    /// One to four milliseconds, as on the machine of the recording.
    fn round_trip(&mut self) -> Duration {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_micros(1_000 + (self.random >> 33) % 3_000)
    }
}

impl Peer for Pool {
    fn take(&mut self, _: Instant, transmit: &ClientTransmit) -> Vec<(Duration, ClientInput)> {
        if let ClientTransmit::Close { .. } = transmit {
            return Vec::new();
        }
        let server = self.next_server;
        self.next_server = (server + 1) % self.servers.len();
        let server = &mut self.servers[server];
        let session = path(transmit).rsplit('/').next().unwrap_or_default().to_owned();
        let body = if session.is_empty() {
            self.issued += 1;
            server.unused.insert(self.issued.to_string());
            format!("{}:15:25:xhr-polling", self.issued)
        } else if let ClientTransmit::Post { body, .. } = transmit {
            if body == "0::" {
                server.used.remove(&session);
            }
            String::from("1")
        } else if server.unused.remove(&session) {
            server.used.insert(session);
            String::from("1::")
        } else if server.used.contains(&session) {
            let polling_duration = secs(20);
            return vec![(polling_duration, response(exchange(transmit), 200, "8::"))];
        } else {
            String::from("7:::1+0")
        };
        vec![(self.round_trip(), response(exchange(transmit), 200, &body))]
    }
}

fn run(servers: usize, seed: u64, behaviour: ClientBehaviour, seconds: u64) -> Rig<Pool> {
    let transports = vec![Transport::XhrPolling];
    let config = ClientConfig::default().behaviour(behaviour).transports(transports);
    let mut rig = Rig::new(config, Pool::new(servers, seed));
    rig.call(Client::connect);
    rig.run_for(secs(seconds));
    rig
}

/// How many happenings of a kind each second has.
fn per_second(rig: &Rig<Pool>, wanted: impl Fn(&ClientTransmit) -> bool) -> Vec<usize> {
    let mut counts = Vec::new();
    for happening in &rig.log {
        let Happening::Sent(at, transmit) = happening else { continue };
        if wanted(transmit) {
            let second = usize::try_from(at.as_millis() / 1_000).expect("small");
            counts.resize(counts.len().max(second + 1), 0);
            counts[second] += 1;
        }
    }
    counts
}

fn handshakes_per_second(rig: &Rig<Pool>) -> Vec<usize> {
    per_second(rig, |transmit| path(transmit).ends_with("/1/"))
}

fn polls_per_second(rig: &Rig<Pool>) -> Vec<usize> {
    per_second(rig, |transmit| {
        matches!(transmit, ClientTransmit::Get { .. }) && !path(transmit).ends_with("/1/")
    })
}

/// The counts of each second in the middle of those of sixteen runs that differ in their round trips only. A run ends
/// early, as two of four recorded ones do, when a poll happens to hang on the right server.
fn medians(servers: usize, count: impl Fn(&Rig<Pool>) -> Vec<usize>) -> Vec<usize> {
    let runs: Vec<Vec<usize>> =
        (0..16).map(|seed| count(&run(servers, seed, ClientBehaviour::Genuine, 5))).collect();
    let second = |index: usize| {
        let mut counts: Vec<usize> = runs.iter().map(|run| run.get(index).copied().unwrap_or(0)).collect();
        counts.sort_unstable();
        counts[counts.len() / 2]
    };
    (0..5).map(second).collect()
}

#[test]
fn behind_four_servers_the_handshakes_of_a_genuine_client_grow_as_recorded() {
    // Recorded: 2, 3, 7, 11, 14 and 2, 3, 6, 10, 14.
    let counts = medians(4, handshakes_per_second);
    assert_eq!(counts[..2], [2, 3]);
    assert!((6..=7).contains(&counts[2]), "{counts:?}");
    assert!((8..=11).contains(&counts[3]), "{counts:?}");
    assert!((11..=15).contains(&counts[4]), "{counts:?}");
}

#[test]
fn behind_four_servers_the_polls_of_a_genuine_client_grow_as_recorded() {
    // Recorded: 10, 15, 35, 52, 78 and 10, 15, 30, 47, 67.
    let counts = medians(4, polls_per_second);
    assert_eq!(counts[..2], [10, 15]);
    assert!((30..=35).contains(&counts[2]), "{counts:?}");
    assert!((40..=52).contains(&counts[3]), "{counts:?}");
    assert!((55..=78).contains(&counts[4]), "{counts:?}");
}

#[test]
fn behind_two_servers_the_first_seconds_of_a_genuine_client_are_as_recorded() {
    // Recorded: 2, 3, 6, 12 (polls 6, 9, 18, 36), and 2, 3, 5, 10 (polls 6, 9, 15, 30), then silence.
    assert_eq!(medians(2, handshakes_per_second)[..3], [2, 3, 5]);
    assert_eq!(medians(2, polls_per_second)[..3], [6, 9, 15]);
}

#[test]
fn a_genuine_client_may_stop_when_a_poll_hangs_on_the_right_server() {
    let stopped =
        (0..16).filter(|seed| handshakes_per_second(&run(2, *seed, ClientBehaviour::Genuine, 12)).len() < 8);
    assert!(stopped.count() > 0);
}

#[test]
fn an_improved_client_makes_fewer_attempts_every_time_and_gives_up() {
    let rig = run(4, 0, ClientBehaviour::Improved, 300);
    let gave_up =
        rig.log.iter().any(|happening| matches!(happening, Happening::Told(_, ClientEvent::ReconnectFailed)));
    assert!(gave_up);
    let handshakes: usize = handshakes_per_second(&rig).iter().sum();
    assert_eq!(handshakes, 11);
}
