//! What the machines cost: a poll cycle, a POST, a heartbeat, a broadcast, the index of deadlines; and the client's part.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use socketio08::Instant;
use socketio08_benches::{Node, Visitor};

/// One session among 10,000 polls, is sent a message, and gets it; then posts one.
fn polling(c: &mut Criterion) {
    let (mut node, _) = Node::with_sockets(10_000);
    let id = node.session();
    node.poll(&id);
    c.bench_function("server/poll cycle", |b| b.iter(|| node.poll_cycle(&id)));
    c.bench_function("server/post of one message", |b| b.iter(|| node.post(&id, "3:::hello")));
}

/// All of 10,000 sockets are sent a heartbeat and answer it, each at its own instant.
fn heartbeats(c: &mut Criterion) {
    let mut node = Node::default();
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
        b.iter(|| sockets.iter().map(|socket| node.heartbeat(*socket)).sum::<usize>());
    });
    group.finish();
}

fn broadcast(c: &mut Criterion) {
    let mut group = c.benchmark_group("server");
    group.throughput(Throughput::Elements(10_000));
    group.sample_size(20);
    let (mut sockets, _) = Node::with_sockets(10_000);
    group.bench_function("broadcast to 10,000 sockets", |b| {
        b.iter(|| assert_eq!(sockets.broadcast(), 10_000));
    });
    let polls = Node::with_polls(10_000);
    group.bench_function("broadcast to 10,000 polls", |b| {
        b.iter_batched_ref(
            || polls.clone(),
            |polls| assert_eq!(polls.broadcast(), 10_000),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// Sessions among which a deadline is looked for. A million takes seconds to set up, which a test run without optimisation need
/// not wait for.
const COUNTS: &[usize] =
    if cfg!(debug_assertions) { &[1_000, 10_000] } else { &[1_000, 10_000, 100_000, 1_000_000] };

/// Finding the next deadline, waking up for nothing, and a poll that takes over and moves its deadline, by the number of
/// sessions (law 7).
fn deadlines(c: &mut Criterion) {
    for &count in COUNTS {
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

/// A poll is answered by a message, and the client polls again; it answers a heartbeat; it sends a message.
fn client(c: &mut Criterion) {
    let mut polling = Visitor::polling();
    c.bench_function("client/poll cycle", |b| b.iter(|| polling.poll_cycle("3:::hello")));
    let mut socket = Visitor::websocket();
    c.bench_function("client/heartbeat", |b| b.iter(|| assert_eq!(socket.receive("2::"), 1)));
    c.bench_function("client/message sent", |b| b.iter(|| assert_eq!(socket.send(), 1)));
}

criterion_group!(benches, polling, heartbeats, broadcast, deadlines, client);
criterion_main!(benches);
