//! What the server machine costs: one poll cycle, one POST, one heartbeat, a broadcast, and the index of deadlines.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use socketio08::server::{
    AckMode, Audience, ExchangeId, Method, Outgoing, Request, Server, ServerConfig, ServerEvent, ServerInput,
    SessionId,
};
use socketio08::{Instant, Text};

/// A machine with its next exchange number.
#[derive(Clone)]
struct Node {
    server: Server,
    now: Instant,
    exchanges: u64,
}

impl Node {
    fn new() -> Self {
        Self { server: Server::new(ServerConfig::default(), Instant::ZERO), now: Instant::ZERO, exchanges: 0 }
    }

    fn request(&mut self, method: Method, target: String, body: &'static str, upgrade: bool) -> ExchangeId {
        self.exchanges += 1;
        let exchange = ExchangeId(self.exchanges);
        self.server.handle_input(
            self.now,
            ServerInput::Request(Request {
                exchange,
                method,
                target: Text::from(target),
                headers: Vec::new(),
                body: Bytes::from_static(body.as_bytes()),
                upgrade,
                address: Text::EMPTY,
                secure: false,
            }),
        );
        self.drain();
        exchange
    }

    fn session(&mut self) -> SessionId {
        self.request(Method::Get, "/socket.io/1/".to_owned(), "", false);
        let id = SessionId(Text::from(format!("{:020}", self.exchanges)));
        let exchange = ExchangeId(self.exchanges);
        self.server.accept(self.now, exchange, id.clone()).expect("a fresh id");
        id
    }

    fn poll(&mut self, id: &SessionId) -> ExchangeId {
        self.request(Method::Get, format!("/socket.io/1/xhr-polling/{}?t=1", id.0), "", false)
    }

    fn open(&mut self, id: &SessionId) -> ExchangeId {
        self.request(Method::Get, format!("/socket.io/1/websocket/{}", id.0), "", true)
    }

    fn drain(&mut self) -> usize {
        let mut count = 0;
        loop {
            while let Some(transmit) = self.server.poll_transmit() {
                black_box(transmit);
                count += 1;
            }
            let Some(event) = self.server.poll_event() else { return count };
            if !matches!(event, ServerEvent::HandshakeRequested { .. }) {
                black_box(event);
            }
        }
    }

    /// `count` sessions over websocket.
    fn with_sockets(count: usize) -> (Self, Vec<ExchangeId>) {
        let mut node = Self::new();
        let sockets = (0..count)
            .map(|_| {
                let id = node.session();
                node.open(&id)
            })
            .collect();
        (node, sockets)
    }
}

fn message() -> Outgoing {
    Outgoing::Message(Text::from_static("hello, everybody"))
}

/// One session among 10,000 polls, is sent a message, and gets it; then posts one.
fn polling(c: &mut Criterion) {
    let (mut node, _) = Node::with_sockets(10_000);
    let id = node.session();
    node.poll(&id);
    c.bench_function("server/poll cycle", |b| {
        b.iter(|| {
            node.poll(&id);
            node.server.send(node.now, &id, &Text::EMPTY, message(), AckMode::None).expect("a live session");
            node.drain()
        });
    });
    let target = format!("/socket.io/1/xhr-polling/{}", id.0);
    c.bench_function("server/post of one message", |b| {
        b.iter(|| node.request(Method::Post, target.clone(), "3:::hello", false));
    });
}

/// All of 10,000 sockets are sent a heartbeat and answer it, each at its own instant.
fn heartbeats(c: &mut Criterion) {
    let mut node = Node::new();
    let mut sockets = Vec::new();
    for index in 0..10_000 {
        node.now = Instant::from_micros(index * 1_000);
        let id = node.session();
        sockets.push(node.open(&id));
    }
    let mut group = c.benchmark_group("server");
    group.throughput(Throughput::Elements(10_000));
    group.sample_size(20);
    group.bench_function("heartbeats of 10,000 sockets", |b| {
        b.iter(|| {
            for &socket in &sockets {
                let due = node.server.poll_timeout().expect("a heartbeat");
                node.now = due.at;
                node.server.handle_timeout(node.now);
                node.drain();
                let answer = ServerInput::Message { exchange: socket, text: Text::from_static("2::") };
                node.server.handle_input(node.now, answer);
                node.drain();
            }
        });
    });
    group.finish();
}

fn broadcast(c: &mut Criterion) {
    let mut group = c.benchmark_group("server");
    group.throughput(Throughput::Elements(10_000));
    group.sample_size(20);
    let (mut sockets, _) = Node::with_sockets(10_000);
    group.bench_function("broadcast to 10,000 sockets", |b| {
        b.iter(|| {
            let reached = sockets.server.broadcast(sockets.now, &Audience::default(), &message());
            assert_eq!(reached, Ok(10_000));
            sockets.drain()
        });
    });
    let mut polls = Node::new();
    for _ in 0..10_000 {
        let id = polls.session();
        polls.poll(&id);
        polls.poll(&id);
    }
    group.bench_function("broadcast to 10,000 polls", |b| {
        b.iter_batched_ref(
            || polls.clone(),
            |polls| {
                let reached = polls.server.broadcast(polls.now, &Audience::default(), &message());
                assert_eq!(reached, Ok(10_000));
                polls.drain()
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// Finding the next deadline, waking up for nothing, and a poll that takes over and moves its deadline, by the number of
/// sessions (law 7).
fn deadlines(c: &mut Criterion) {
    for count in [100, 10_000, 100_000] {
        let (mut node, _) = Node::with_sockets(count);
        c.bench_function(&format!("server/next deadline of {count}"), |b| {
            b.iter(|| {
                node.server.handle_timeout(node.now);
                black_box(node.server.poll_timeout())
            });
        });
        let id = node.session();
        node.poll(&id);
        c.bench_function(&format!("server/poll and its deadline among {count}"), |b| {
            b.iter(|| {
                node.now = node.now + Duration::from_micros(1);
                node.poll(&id)
            });
        });
    }
}

criterion_group!(benches, polling, heartbeats, broadcast, deadlines);
criterion_main!(benches);
