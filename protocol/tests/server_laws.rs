//! The laws of the machines (`lib.rs`), held by the server under any sequence of calls.
//!
//! Sequences come from a small generator with a seed; a failure prints the seed, and the same seed gives the same sequence.

mod server_rig;

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use server_rig::Rig;
use socketio08::server::{
    AckMode, Audience, ExchangeId, JoinRefusal, Method, Outgoing, Server, ServerConfig, ServerEvent,
    ServerInput, SessionId,
};
use socketio08::{AckId, Instant, Limits, Text};

const SEEDS: u64 = 50;
const STEPS: u64 = 250;

const PACKETS: &[&str] = &[
    "0::",
    "0::/chat",
    "0::/vip",
    "1::",
    "1::/chat",
    "1::/chat:?x=1",
    "1::/nope",
    "1::/vip",
    "1::/vip:?x=1",
    "2::",
    "3:1::x",
    "3:2+:/chat:x",
    "3:1:/vip:x",
    "4:::{\"a\":1}",
    "5:::{\"name\":\"disconnect\"}",
    "5:7+::{\"name\":\"echo\",\"args\":[1]}",
    "5:::{\"name\":",
    "6:::1",
    "6::/chat:1+[1]",
    "6:::18446744073709551616",
    "7:::1+0",
    "8::",
    "9:1::",
    "",
    "\u{FFFD}5\u{FFFD}3:::a\u{FFFD}3\u{FFFD}2::",
    "\u{FFFD}3\u{FFFD}0::\u{FFFD}5\u{FFFD}3:::b",
    "\u{FFFD}-4\u{FFFD}3:::a",
    "\u{FFFD}99\u{FFFD}3:::a",
    "3:::0123456789012345678901234567890123456789012345678901234567890123456789",
];

const TARGETS: &[&str] = &[
    "/socket.io/1/",
    "/socket.io/1/?jsonp=1",
    "/socket.io/2/",
    "/socket.io/1/xhr-polling/nobody",
    "/socket.io/1/websocket/nobody",
    "/socket.io/1/jsonp-polling/s1",
    "/socket.io/1/xhr-polling/s1?disconnect",
    "/socket.io/1/xhr-polling/s2?disconnect=1",
    "/socket.io/socket.io.js",
    "/",
    "",
    "%\u{0}\u{FFFD}",
];

/// A linear congruential generator (the constants of Knuth's MMIX); its high bits are good enough to draw from.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn one_of(&mut self, list: &[&'static str]) -> &'static str {
        list[usize::try_from(self.below(list.len() as u64)).expect("a small number")]
    }

    fn session(&mut self) -> SessionId {
        SessionId(Text::from(format!("s{}", 1 + self.below(6))))
    }

    fn endpoint(&mut self) -> Text {
        Text::from(self.one_of(&["", "", "/chat", "/nope", "/vip"]))
    }
}

fn config() -> ServerConfig {
    let limits = Limits::default()
        .payload_len_max(60)
        .payload_packets_max(3)
        .outbox_packets_max(4)
        .outbox_len_max(200)
        .pending_acks_max(2)
        .endpoints_max(1)
        .rooms_max(2)
        .sessions_max(4)
        .session_exchanges_max(3);
    let endpoints = vec![Text::from("/chat"), Text::from("/news")];
    let guarded_endpoints = vec![Text::from("/vip")];
    ServerConfig::default().endpoints(endpoints).guarded_endpoints(guarded_endpoints).limits(limits)
}

fn step(rig: &mut Rig, draw: &mut Draw) {
    let session = draw.session();
    match draw.below(14) {
        0 => {
            rig.handshake();
        }
        1 | 2 => {
            rig.poll(&session);
        }
        3 => {
            rig.upgrade(&session);
        }
        4 => {
            rig.post(&session, draw.one_of(PACKETS));
        }
        5 | 6 => {
            let exchange = ExchangeId(draw.below(STEPS));
            rig.message(exchange, draw.one_of(PACKETS));
        }
        7 => {
            let open = open(rig);
            if let Some(&exchange) = open.get(usize::try_from(draw.below(8)).expect("a small number")) {
                rig.close(exchange, draw.below(2) == 0);
            }
        }
        8 => rig.advance(Duration::from_millis(draw.below(20_000))),
        9 => {
            let methods = [Method::Get, Method::Post, Method::Options, Method::Other];
            let method = methods[usize::try_from(draw.below(4)).expect("a small number")];
            let (target, body) = (draw.one_of(TARGETS), draw.one_of(PACKETS));
            let headers =
                [("Origin", draw.one_of(&["null", "http://io.example.com"])), ("Host", "io.example.com")];
            rig.request(method, target, body, &headers, draw.below(3) == 0);
        }
        _ => application_step(rig, draw, &session),
    }
}

fn application_step(rig: &mut Rig, draw: &mut Draw, session: &SessionId) {
    let (now, endpoint) = (rig.now, draw.endpoint());
    let message = Outgoing::Message(Text::from("from the application"));
    let room = Text::from(draw.one_of(&["r1", "r2", "r3"]));
    // Errors are the point of some of these calls; what they leave behind is checked with everything else.
    let _ = match draw.below(10) {
        0 => rig.server.send(now, session, &endpoint, message, AckMode::None).map(drop),
        1 => rig.server.send(now, session, &endpoint, message, AckMode::Plain).map(drop),
        2 => rig.server.send_volatile(now, session, &endpoint, message).map(drop),
        3 => rig.server.broadcast(now, &Audience::default().endpoint(endpoint), &message).map(drop),
        4 => {
            let audience = Audience::default().endpoint(endpoint).room(Some(room)).volatile(true);
            rig.server.broadcast(now, &audience, &message).map(drop)
        }
        5 => rig.server.join_room(session, &endpoint, room),
        6 => {
            let id = AckId { id: Text::from("1"), with_data: true };
            rig.server.acknowledge(now, session, &endpoint, &id, Text::from("[1]"))
        }
        7 => rig.server.accept_join(now, session, &Text::from("/vip")),
        8 => rig.server.refuse_join(now, session, &Text::from("/vip"), JoinRefusal::Unauthorized),
        _ if draw.below(4) == 0 => rig.server.disconnect(now, session),
        _ => rig.server.leave_room(session, &endpoint, &room),
    };
    rig.drive();
}

fn hash(server: &Server) -> u64 {
    let mut hasher = DefaultHasher::new();
    server.hash(&mut hasher);
    hasher.finish()
}

/// Runs the sequence of a seed; `check` sees the rig after every step.
fn run(seed: u64, mut check: impl FnMut(&mut Rig)) -> Rig {
    let mut rig = Rig::new(config());
    let mut draw = Draw(seed);
    for _ in 0..STEPS {
        step(&mut rig, &mut draw);
        check(&mut rig);
    }
    rig
}

#[test]
fn equal_calls_give_equal_outputs_and_states_and_a_clone_goes_on_as_its_original() {
    for seed in 0..SEEDS {
        let mut first = run(seed, |_| {});
        let mut second = run(seed, |rig| rig.server = rig.server.clone());
        assert_eq!(first.take_events(), second.take_events(), "seed {seed}");
        assert!(first.responses == second.responses && first.messages == second.messages, "seed {seed}");
        assert_eq!(first.closed, second.closed, "seed {seed}");
        assert!(first.server == second.server, "seed {seed}");
        assert_eq!(hash(&first.server), hash(&second.server), "seed {seed}");
    }
}

#[test]
fn after_a_timeout_every_deadline_is_later_and_repeated_or_early_calls_change_nothing() {
    for seed in 0..SEEDS {
        run(seed, |rig| {
            rig.server.handle_timeout(rig.now);
            rig.drive();
            assert!(rig.server.poll_timeout().is_none_or(|deadline| deadline.at > rig.now), "seed {seed}");
            let before = rig.server.clone();
            rig.server.handle_timeout(rig.now);
            rig.server.handle_timeout(Instant::ZERO);
            assert!(rig.server == before, "seed {seed}");
        });
    }
}

#[test]
fn time_that_goes_back_counts_as_the_last_one_seen() {
    let mut rig = Rig::new(config());
    rig.advance_secs(100);
    let session = rig.handshake();
    let poll = rig.poll(&session);
    let mut twin = rig.server.clone();
    let input = || ServerInput::Closed { exchange: poll, clean: true };
    rig.server.handle_input(rig.now, input());
    twin.handle_input(Instant::from_millis(5), input());
    assert!(rig.server == twin);
    rig.now = Instant::from_millis(5);
    let session = rig.handshake();
    rig.poll(&session);
    let due = rig.server.poll_timeout().expect("the close timeout");
    assert_eq!(due.at, Instant::from_millis(125_000));
}

#[test]
fn limits_hold_and_what_is_over_leaves_nothing_behind() {
    let config = config();
    for seed in 0..SEEDS {
        let mut open_max = 0;
        let mut rig = run(seed, |rig| {
            assert!(rig.server.session_count() <= config.limits.sessions_max, "seed {seed}");
            open_max = open_max.max(open(rig).len());
        });
        let events = rig.take_events();
        let outside = events.iter().filter(|event| matches!(event, ServerEvent::Outside(_))).count();
        let bound = config.limits.sessions_max * config.limits.session_exchanges_max + outside;
        assert!(open_max <= bound, "seed {seed}: {open_max} exchanges open");
        for exchange in open(&rig) {
            rig.close(exchange, true);
        }
        rig.advance_secs(200);
        let mut fresh = Server::new(config.clone(), Instant::ZERO);
        fresh.handle_timeout(rig.now);
        assert!(rig.server == fresh, "seed {seed}: {:?}", rig.server);
    }
}

/// The exchanges that a carrier still holds.
fn open(rig: &Rig) -> Vec<ExchangeId> {
    let over = |exchange: &ExchangeId| rig.responses.contains_key(exchange) || rig.closed.contains(exchange);
    rig.exchanges().filter(|exchange| !over(exchange)).collect()
}
