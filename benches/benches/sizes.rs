//! Time against size, which `benches/compare.sh` plots: messages by their length, payloads by the number of their packets, of ASCII,
//! of mixed text and of emoji.
#![expect(missing_docs, reason = "criterion's macro makes a public function")]

use std::hint::black_box;
use std::time::Duration;

use bytes::BytesMut;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use socketio08::payload::{self, PayloadRef};
use socketio08::{Limits, PacketRef, Text};
use socketio08_benches::{Kind, sweeps};

fn messages(criterion: &mut Criterion) {
    let sweeps = sweeps();
    for (group, run) in [("size_decode_message", decode as Run), ("size_encode_message", encode)] {
        let mut group = criterion.benchmark_group(group);
        for (kind, &length) in product(&sweeps.kinds, &sweeps.lengths) {
            let text = kind.message(length);
            let packet = PacketRef::decode(&text).unwrap_or_else(|error| panic!("{error}"));
            let mut out = BytesMut::with_capacity(text.len());
            group.throughput(Throughput::Bytes(text.len() as u64));
            group.bench_function(BenchmarkId::new(&kind.name, length), |bencher| {
                bencher.iter(|| run(black_box(&text), black_box(&packet), &mut out));
            });
        }
        group.finish();
    }
}

type Run = fn(&Text, &PacketRef<'_>, &mut BytesMut) -> usize;

fn decode(text: &Text, _: &PacketRef<'_>, _: &mut BytesMut) -> usize {
    usize::from(black_box(PacketRef::decode(text).as_ref()).is_ok())
}

fn encode(_: &Text, packet: &PacketRef<'_>, out: &mut BytesMut) -> usize {
    out.clear();
    packet.encode(out);
    out.len()
}

fn payloads(criterion: &mut Criterion) {
    let sweeps = sweeps();
    let limits = Limits::default().payload_len_max(usize::MAX).payload_packets_max(usize::MAX);
    let mut group = criterion.benchmark_group("size_decode_payload");
    for (kind, &count) in product(&sweeps.kinds, &sweeps.counts) {
        let text = payload::encode(&vec![kind.message(sweeps.message_len); count]);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::new(&kind.name, count), |bencher| {
            bencher.iter(|| {
                let parts = PayloadRef::new(black_box(&text), &limits).flatten();
                assert_eq!(parts.filter(|packet| PacketRef::decode(packet).is_ok()).count(), count);
            });
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("size_encode_payload");
    for (kind, &count) in product(&sweeps.kinds, &sweeps.counts) {
        let packets = vec![kind.message(sweeps.message_len); count];
        let mut out = BytesMut::with_capacity(payload::encoded_len(&packets));
        group.throughput(Throughput::Bytes(out.capacity() as u64));
        group.bench_function(BenchmarkId::new(&kind.name, count), |bencher| {
            bencher.iter(|| {
                out.clear();
                payload::encode_into(black_box(&packets), &mut out);
                out.len()
            });
        });
    }
    group.finish();
}

/// Splitting alone, by the length of the packets: finding where each ends, without decoding it.
fn splitting(criterion: &mut Criterion) {
    const PACKETS: usize = 16;
    let sweeps = sweeps();
    let limits = Limits::default().payload_len_max(usize::MAX);
    let mut group = criterion.benchmark_group("split_payload");
    for (kind, &length) in product(&sweeps.kinds, &sweeps.lengths).filter(|(_, length)| **length <= 4096) {
        let text = payload::encode(&vec![kind.message(length); PACKETS]);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::new(&kind.name, length), |bencher| {
            bencher
                .iter(|| PayloadRef::new(black_box(&text), &limits).flatten().map(str::len).sum::<usize>());
        });
    }
    group.finish();
}

fn product<'a>(kinds: &'a [Kind], sizes: &'a [usize]) -> impl Iterator<Item = (&'a Kind, &'a usize)> {
    kinds.iter().flat_map(|kind| sizes.iter().map(move |size| (kind, size)))
}

/// About a minute and a half for all of it: a plot needs many points and not the last percent of each.
fn config() -> Criterion {
    let criterion = Criterion::default().sample_size(20);
    criterion.warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(400))
}

criterion_group! {
    name = benches;
    config = config();
    targets = messages, payloads, splitting
}
criterion_main!(benches);
