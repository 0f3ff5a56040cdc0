//! Portable sessions: three servers, one store, and messages between them that come late, out of order or not at all.
#![allow(clippy::unwrap_used, reason = "tests")]

mod server_rig;

use std::collections::BTreeMap;
use std::time::Duration;

use server_rig::Rig;
use socketio08::server::{
    AckMode, ExchangeId, Outgoing, PortableConfig, ServerConfig, ServerEvent, ServerInput, ServerTransmit,
    SessionId, SharedKey, Store, StoreAnswer,
};
use socketio08::{Body, Text};

fn config(node_id: u64) -> ServerConfig {
    let key = SharedKey::new(&[3; 32]).unwrap();
    ServerConfig::default().store(Store::Portable(PortableConfig::new(node_id, 1_322_000_000_000, key)))
}

/// Something on its way to a server or to the store.
enum Flying {
    Operation(usize, ServerTransmit),
    Answer(usize, u64, StoreAnswer),
    Publication(String, String),
}

struct World {
    servers: Vec<Rig>,
    records: BTreeMap<String, (u64, Text)>,
    flying: Vec<Flying>,
    operations: usize,
    down: bool,
    random: u64,
    dead: Vec<bool>,
    /// How many of a hundred publications are lost.
    lost: u64,
}

impl World {
    fn new(count: usize) -> Self {
        let servers = (0..count).map(|number| Rig::new(config(number as u64))).collect();
        let dead = vec![false; count];
        let flying = Vec::new();
        let mut world = Self {
            servers,
            records: BTreeMap::new(),
            flying,
            operations: 0,
            down: false,
            random: 1,
            dead,
            lost: 0,
        };
        world.settle();
        world
    }

    fn draw(&mut self, below: usize) -> usize {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) as usize % below
    }

    fn collect(&mut self) {
        for number in 0..self.servers.len() {
            let rig = &mut self.servers[number];
            rig.drive();
            for transmit in std::mem::take(&mut rig.store) {
                if self.dead[number] {
                    continue;
                }
                match transmit {
                    ServerTransmit::Publish { channel, message } => {
                        self.flying.push(Flying::Publication(channel.to_string(), message.to_string()));
                    }
                    ServerTransmit::Subscribe { .. } | ServerTransmit::Unsubscribe { .. } => {}
                    operation => self.flying.push(Flying::Operation(number, operation)),
                }
            }
        }
    }

    fn hear(&mut self, number: usize, input: ServerInput) {
        if !self.dead[number] {
            let rig = &mut self.servers[number];
            rig.server.handle_input(rig.now, input);
        }
    }

    /// Lets one thing arrive; anything may overtake anything but the operations and answers of one server.
    fn step(&mut self) -> bool {
        self.collect();
        if self.flying.is_empty() {
            return false;
        }
        let pick = self.draw(self.flying.len());
        let of = |flying: &Flying| match flying {
            Flying::Operation(number, _) => Some((0, *number)),
            Flying::Answer(number, ..) => Some((1, *number)),
            Flying::Publication(..) => None,
        };
        let lane = of(&self.flying[pick]);
        let first =
            self.flying.iter().position(|flying| lane.is_some() && of(flying) == lane).unwrap_or(pick);
        match self.flying.remove(first) {
            Flying::Operation(number, operation) => self.operate(number, operation),
            Flying::Answer(number, ticket, answer) => {
                self.hear(number, ServerInput::Stored { ticket, answer });
            }
            Flying::Publication(channel, message) => {
                let number: usize = channel.rsplit(':').next().unwrap().parse().unwrap();
                if self.draw(100) as u64 >= self.lost {
                    let (channel, message) = (Text::from(channel), Text::from(message));
                    self.hear(number, ServerInput::Published { channel, message });
                }
            }
        }
        true
    }

    fn operate(&mut self, number: usize, operation: ServerTransmit) {
        self.operations += 1;
        let version =
            |world: &Self, key: &Text| world.records.get(key.as_str()).map_or(0, |(version, _)| *version);
        let (ticket, answer) = match operation {
            ServerTransmit::StoreGet { ticket, .. }
            | ServerTransmit::StorePut { ticket, .. }
            | ServerTransmit::StoreDelete { ticket, .. }
                if self.down =>
            {
                (ticket, StoreAnswer::Failed)
            }
            ServerTransmit::StoreGet { ticket, key } => match self.records.get(key.as_str()).cloned() {
                Some((version, record)) => (ticket, StoreAnswer::Record { version, record }),
                None => (ticket, StoreAnswer::Absent),
            },
            ServerTransmit::StorePut { ticket, key, expected, .. }
            | ServerTransmit::StoreDelete { ticket, key, expected }
                if version(self, &key) != expected =>
            {
                (ticket, StoreAnswer::Conflict)
            }
            ServerTransmit::StorePut { ticket, key, expected, record, .. } => {
                self.records.insert(key.to_string(), (expected + 1, record));
                (ticket, StoreAnswer::Done)
            }
            ServerTransmit::StoreDelete { ticket, key, .. } => {
                self.records.remove(key.as_str());
                (ticket, StoreAnswer::Done)
            }
            other => panic!("no operation: {other:?}"),
        };
        self.flying.push(Flying::Answer(number, ticket, answer));
    }

    fn settle(&mut self) {
        while self.step() {}
    }

    fn advance(&mut self, duration: Duration) {
        for (rig, dead) in self.servers.iter_mut().zip(&self.dead) {
            if !dead {
                rig.advance(duration);
            }
        }
        self.settle();
    }

    /// Handshakes at a server; the id.
    fn handshake(&mut self, number: usize) -> SessionId {
        let exchange = self.servers[number].get("/socket.io/1/?t=1");
        self.settle();
        let body = self.servers[number].body(exchange).unwrap();
        SessionId(Text::from(body.split(':').next().unwrap()))
    }

    fn poll(&mut self, number: usize, id: &SessionId) -> ExchangeId {
        let exchange = self.servers[number].poll(id);
        self.settle();
        exchange
    }

    fn post(&mut self, number: usize, id: &SessionId, body: &str) -> ExchangeId {
        let exchange = self.servers[number].post(id, body);
        self.settle();
        exchange
    }

    fn body(&self, number: usize, exchange: ExchangeId) -> Option<String> {
        self.servers[number].body(exchange)
    }

    fn send(&mut self, number: usize, id: &SessionId, text: &str) {
        let rig = &mut self.servers[number];
        let message = Outgoing::Message(Text::from(text));
        rig.server.send(rig.now, id, &Text::EMPTY, message, AckMode::None).unwrap();
        self.settle();
    }

    /// How many servers have the session in their memory.
    fn owners(&self, id: &SessionId) -> usize {
        let alive = self.servers.iter().zip(&self.dead).filter(|(_, dead)| !**dead);
        alive.filter(|(rig, _)| rig.server.handshake_data(id).is_some()).count()
    }
}

#[test]
fn a_handshake_is_answered_when_the_store_has_the_session_and_no_server_does() {
    let mut world = World::new(2);
    let exchange = world.servers[0].get("/socket.io/1/");
    assert_eq!(world.body(0, exchange), None);
    world.settle();
    assert!(
        world.body(0, exchange).unwrap().ends_with(":15:25:websocket,htmlfile,xhr-polling,jsonp-polling")
    );
    assert_eq!((world.records.len(), world.servers[0].server.session_count()), (1, 0));
}

#[test]
fn any_server_opens_the_session_of_a_handshake() {
    let mut world = World::new(2);
    let id = world.handshake(0);
    let poll = world.poll(1, &id);
    assert_eq!(world.body(1, poll).unwrap(), "1::");
    assert_eq!(world.servers[1].server.handshake_data(&id).unwrap().address, "192.0.2.7");
}

#[test]
fn what_waited_at_one_server_is_delivered_by_the_next_one() {
    let mut world = World::new(2);
    let id = world.handshake(0);
    world.poll(0, &id);
    world.send(0, &id, "one");
    world.send(0, &id, "two");
    let poll = world.poll(1, &id);
    assert_eq!(world.body(1, poll).unwrap(), "\u{FFFD}7\u{FFFD}3:::one\u{FFFD}7\u{FFFD}3:::two");
    assert_eq!(world.owners(&id), 1);
    let handed = |event: &ServerEvent| matches!(event, ServerEvent::HandedOver { session } if *session == id);
    assert!(world.servers[0].take_events().iter().any(handed));
    let adopted =
        |event: &ServerEvent| matches!(event, ServerEvent::Adopted { session, .. } if *session == id);
    assert!(world.servers[1].take_events().iter().any(adopted));
}

#[test]
fn a_post_takes_the_session_along_and_the_waiting_poll_is_let_go() {
    let mut world = World::new(2);
    let id = world.handshake(0);
    world.poll(0, &id);
    let waiting = world.poll(0, &id);
    let post = world.post(1, &id, "3:::hello");
    assert_eq!(world.body(1, post).unwrap(), "1");
    assert_eq!(world.body(0, waiting).unwrap(), "8::");
    let received = |event: &&ServerEvent| matches!(event, ServerEvent::Received { .. });
    assert_eq!(world.servers[1].take_events().iter().filter(received).count(), 1);
    assert_eq!(world.servers[0].take_events().iter().filter(received).count(), 0);
}

#[test]
fn a_socket_moves_too() {
    let mut world = World::new(2);
    let id = world.handshake(0);
    let first = world.servers[0].upgrade(&id);
    world.settle();
    assert_eq!(world.servers[0].take_messages(first), ["1::"]);
    let second = world.servers[1].upgrade(&id);
    world.settle();
    assert!(world.servers[0].closed.contains(&first));
    world.send(1, &id, "here");
    assert_eq!(world.servers[1].take_messages(second), ["3:::here"]);
}

#[test]
fn endpoints_rooms_and_acknowledgements_move_along() {
    let mut world = World::new(2);
    let id = world.handshake(0);
    world.poll(0, &id);
    let rig = &mut world.servers[0];
    rig.server.join_room(&id, &Text::EMPTY, Text::from_static("kitchen")).unwrap();
    let message = || Outgoing::Message(Text::from_static("x"));
    assert_eq!(rig.server.send(rig.now, &id, &Text::EMPTY, message(), AckMode::Plain).unwrap(), Some(1));
    world.poll(1, &id);
    let rig = &mut world.servers[1];
    let room = socketio08::server::Audience::default().room(Some(Text::from_static("kitchen")));
    assert_eq!(rig.server.broadcast(rig.now, &room, &message()).unwrap(), 1);
    assert_eq!(rig.server.send(rig.now, &id, &Text::EMPTY, message(), AckMode::Plain).unwrap(), Some(2));
    world.post(1, &id, "6:::1");
    let acknowledged = |event: &ServerEvent| matches!(event, ServerEvent::Acknowledged { id: 1, .. });
    assert!(world.servers[1].take_events().iter().any(acknowledged));
}

#[test]
fn an_id_that_nobody_signed_never_reaches_the_store() {
    let mut world = World::new(1);
    let id = world.handshake(0);
    let before = world.operations;
    let mut forged = id.0.to_string();
    let last = forged.pop().unwrap();
    forged.push(if last == 'A' { 'E' } else { 'A' });
    for id in [forged.as_str(), "s1", "x-ffffffffff-AAAAAAAAAAAAAAAAAAAAAA"] {
        let poll = world.poll(0, &SessionId(Text::from(id)));
        assert_eq!(world.body(0, poll).unwrap(), "7:::1+0");
    }
    assert_eq!(world.operations, before);
}

#[test]
fn an_id_expires() {
    let mut world = World::new(2);
    let id = world.handshake(0);
    world.advance(Duration::from_secs(86_400));
    let before = world.operations;
    let poll = world.poll(1, &id);
    assert_eq!(world.body(1, poll).unwrap(), "7:::1+0");
    assert_eq!(world.operations, before);
}

#[test]
fn a_session_that_ended_is_unknown_everywhere() {
    let mut world = World::new(2);
    let id = world.handshake(0);
    world.poll(0, &id);
    world.post(1, &id, "0::");
    assert!(world.records.is_empty());
    let poll = world.poll(0, &id);
    assert_eq!(world.body(0, poll).unwrap(), "7:::1+0");
}

#[test]
fn a_session_dies_with_its_owner_within_the_handover_timeout() {
    let mut world = World::new(2);
    let id = world.handshake(0);
    world.poll(0, &id);
    world.dead[0] = true;
    let poll = world.poll(1, &id);
    assert_eq!(world.body(1, poll), None);
    world.advance(Duration::from_secs(2));
    assert_eq!(world.body(1, poll).unwrap(), "7:::1+0");
    assert!(world.records.is_empty());
}

#[test]
fn a_session_outlives_a_server_that_takes_its_leave() {
    let mut world = World::new(2);
    let id = world.handshake(0);
    world.poll(0, &id);
    world.send(0, &id, "kept");
    let rig = &mut world.servers[0];
    rig.server.hand_over_all(rig.now);
    world.settle();
    world.dead[0] = true;
    let poll = world.poll(1, &id);
    assert_eq!(world.body(1, poll).unwrap(), "3:::kept");
}

#[test]
fn a_session_outlives_a_server_that_takes_its_leave_while_the_session_is_on_its_way_there() {
    for steps in 0..12 {
        let mut world = World::new(3);
        let id = world.handshake(0);
        world.poll(0, &id);
        world.send(0, &id, "kept");
        let asked = world.servers[1].poll(&id);
        for _ in 0..steps {
            world.step();
        }
        let rig = &mut world.servers[1];
        rig.server.hand_over_all(rig.now);
        world.settle();
        assert!(world.servers[1].status(asked).is_some(), "{steps}: the client is left waiting");
        assert_eq!(world.servers[1].server.store_operations_waiting(), 0, "{steps}");
        world.dead[1] = true;
        let told = world.body(1, asked).filter(|body| body == "3:::kept");
        let poll = world.poll(2, &id);
        // It may be kept for the server that is gone.
        world.advance(Duration::from_secs(2));
        assert_eq!(told.or(world.body(2, poll)).as_deref(), Some("3:::kept"), "{steps}");
        assert_eq!(world.owners(&id), 1, "{steps}");
    }
}

#[test]
fn a_server_that_takes_its_leave_takes_no_session_and_makes_none() {
    let mut world = World::new(2);
    let id = world.handshake(0);
    let begun = world.servers[1].get("/socket.io/1/");
    let rig = &mut world.servers[1];
    rig.server.hand_over_all(rig.now);
    world.settle();
    assert_eq!(
        world.servers[1].status(begun),
        Some(503),
        "a handshake whose session was on its way to the store"
    );
    let post = world.post(1, &id, "3:::unhandled");
    let handshake = world.servers[1].get("/socket.io/1/");
    world.settle();
    assert_eq!([post, handshake].map(|exchange| world.servers[1].status(exchange)), [Some(503); 2]);
    let poll = world.poll(0, &id);
    assert_eq!(world.body(0, poll).unwrap(), "1::");
}

#[test]
fn a_store_that_fails_is_answered_503_and_sessions_stay_where_they_are() {
    let mut world = World::new(2);
    let id = world.handshake(0);
    world.poll(0, &id);
    world.down = true;
    let post = world.post(1, &id, "3:::lost");
    assert_eq!(world.servers[1].status(post), Some(503));
    let post = world.post(0, &id, "3:::here");
    assert_eq!(world.body(0, post).unwrap(), "1");
    let handshake = world.servers[1].get("/socket.io/1/");
    world.settle();
    assert_eq!(world.servers[1].status(handshake), Some(503));
}

#[test]
fn a_store_that_says_nothing_is_answered_503_in_time() {
    let mut world = World::new(2);
    let id = world.handshake(0);
    let poll = world.servers[1].poll(&id);
    world.servers[1].advance(Duration::from_secs(5));
    assert_eq!(world.servers[1].status(poll), Some(503));
    world.settle();
    let poll = world.poll(0, &id);
    assert_eq!(world.body(0, poll).unwrap(), "1::", "what was given up elsewhere is here");
}

/// One client that polls and posts at random servers while everything between them arrives in any order.
fn at_random(seed: u64, lost: u64) {
    let mut world = World::new(3);
    world.random = seed;
    world.lost = lost;
    let id = world.handshake(0);
    let mut waiting: Option<(usize, ExchangeId)> = None;
    let mut posting: Option<(usize, ExchangeId)> = None;
    let (mut received, mut posted, mut heard, mut sent) = (Vec::new(), 0, Vec::new(), 0);
    for round in 0..3_000 {
        assert!(world.owners(&id) <= 1, "seed {seed}: two owners");
        if let Some((number, exchange)) = waiting
            && let Some(body) = world.body(number, exchange)
        {
            assert_eq!(world.servers[number].status(exchange), Some(200), "seed {seed}");
            let packets = body.split("3:::").skip(1);
            received.extend(packets.map(|text| text.split('\u{FFFD}').next().unwrap().to_owned()));
            assert!(!body.contains("7:::"), "seed {seed}: {body}");
            waiting = None;
        }
        if waiting.is_none() {
            let number = world.draw(3);
            waiting = Some((number, world.servers[number].poll(&id)));
        }
        if let Some((number, exchange)) = posting
            && world.body(number, exchange).is_some()
        {
            assert_eq!(world.servers[number].status(exchange), Some(200), "seed {seed}");
            posting = None;
        }
        if posting.is_none() && round % 40 == 20 {
            posted += 1;
            let number = world.draw(3);
            posting = Some((number, world.servers[number].post(&id, &format!("3:::p{posted}"))));
        }
        for number in 0..3 {
            for event in world.servers[number].take_events() {
                match event {
                    ServerEvent::Received { packet, .. } => {
                        let Body::Message { data } = packet.body else { panic!("no message") };
                        heard.push(data.to_string());
                        // The application answers where it heard.
                        sent += 1;
                        let message = Outgoing::Message(Text::from(format!("m{sent}")));
                        let rig = &mut world.servers[number];
                        rig.server.send(rig.now, &id, &Text::EMPTY, message, AckMode::None).unwrap();
                    }
                    ServerEvent::Disconnected { .. } => panic!("seed {seed}: it ended"),
                    _ => {}
                }
            }
        }
        if !world.step() {
            world.servers.iter_mut().for_each(|rig| rig.advance(Duration::from_millis(100)));
        }
    }
    for _ in 0..50 {
        world.advance(Duration::from_millis(200));
    }
    let number = waiting.map_or(0, |(number, _)| number);
    if let Some(body) = waiting.and_then(|(_, exchange)| world.body(number, exchange)) {
        let packets = body.split("3:::").skip(1);
        received.extend(packets.map(|text| text.split('\u{FFFD}').next().unwrap().to_owned()));
    }
    let expected =
        |letter: char, count: usize| (1..=count).map(|n| format!("{letter}{n}")).collect::<Vec<_>>();
    assert_eq!(heard, expected('p', heard.len()), "seed {seed}: posts out of order or twice");
    assert!(heard.len() + 1 >= posted, "seed {seed}: a post was lost");
    assert_eq!(
        received,
        expected('m', received.len()),
        "seed {seed}: messages out of order, twice or lost between"
    );
    assert!(received.len() > 5, "seed {seed}: only {} messages came", received.len());
}

#[test]
fn nothing_is_lost_doubled_or_out_of_order_whatever_overtakes_what() {
    (1..=60).for_each(|seed| at_random(seed, 0));
}

#[test]
fn rebase_numbers_the_operations_that_wait_from_one_again() {
    let mut world = World::new(1);
    let (one, two) = (world.handshake(0), world.handshake(0));
    let rig = &mut world.servers[0];
    let polls = [rig.poll(&one), rig.poll(&two)];
    rig.drive();
    let asked = |transmit: &ServerTransmit| match transmit {
        ServerTransmit::StoreGet { ticket, .. } => Some(*ticket),
        _ => None,
    };
    let tickets: Vec<u64> = std::mem::take(&mut rig.store).iter().filter_map(asked).collect();
    assert_eq!(tickets, [3, 4], "after those of the handshakes");
    assert_eq!(rig.server.rebase(rig.now), [(3, 1), (4, 2)]);
    rig.server.handle_input(rig.now, ServerInput::Stored { ticket: 2, answer: StoreAnswer::Absent });
    rig.drive();
    assert_eq!((rig.body(polls[0]), rig.body(polls[1]).as_deref()), (None, Some("7:::1+0")));
}

#[test]
fn a_server_speaks_of_a_session_as_long_as_it_waits_for_it() {
    let mut world = World::new(2);
    let id = world.handshake(0);
    assert!(!world.servers[1].server.speaks_of(&id), "the store has it");
    world.servers[1].poll(&id);
    assert!(world.servers[1].server.speaks_of(&id), "a request waits for it");
    world.settle();
    assert!(world.servers[1].server.speaks_of(&id), "it is here");
    world.post(0, &id, "0::");
    assert!(!world.servers[1].server.speaks_of(&id) && !world.servers[0].server.speaks_of(&id), "it ended");
}
