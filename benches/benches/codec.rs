//! Packets and payloads, both ways, over the inputs of `inputs.json`: the genuine parser is measured on the same ones
//! (`benches/compare.sh`).
#![expect(missing_docs, reason = "criterion's macro makes a public function")]

use std::hint::black_box;
use std::time::Duration;

use bytes::BytesMut;
use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use serde::Deserialize;
use serde_json::Value;
use socketio08::handshake::Handshake;
use socketio08::payload::{self, PayloadRef};
use socketio08::target::Target;
use socketio08::{BodyRef, Limits, Packet, PacketRef, Text, event_text, json_text};
use socketio08_benches::{Input, inputs};

fn bench<T>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, bytes: usize, mut run: impl FnMut() -> T) {
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function(name, |bencher| bencher.iter(&mut run));
}

/// The JSON values of a packet: what the genuine parser makes besides the fields.
fn values(packet: &PacketRef<'_>) -> Option<Value> {
    match packet.body {
        BodyRef::Json { .. } => packet.json().ok(),
        BodyRef::Event { .. } => packet.event().and_then(|event| event.args()).ok(),
        BodyRef::Ack { .. } => packet.ack_args().ok(),
        _ => None,
    }
}

/// What an application does that knows what it is sent: the JSON goes into its types, borrowed where it can be.
fn typed(name: &str) -> Option<fn(&PacketRef<'_>) -> bool> {
    #[derive(Deserialize)]
    struct Small {
        a: u32,
        b: (bool, Option<u32>),
    }
    #[derive(Deserialize)]
    struct Row {
        n: u32,
    }
    fn say(packet: &PacketRef<'_>) -> bool {
        packet
            .event()
            .is_ok_and(|event| black_box(event.args::<(&str,)>()).is_ok_and(|args| !args.0.is_empty()))
    }
    match name {
        "json-small" => Some(|packet| {
            black_box(packet.json::<Small>()).is_ok_and(|it| it.a == 1 && it.b.0 && it.b.1.is_none())
        }),
        "json-1k" => Some(|packet| {
            black_box(packet.json::<Vec<Row>>()).is_ok_and(|rows| rows.last().is_some_and(|row| row.n == 1))
        }),
        "event-small" | "event-1k" => Some(say),
        "ack" => Some(|packet| black_box(packet.ack_args::<(&str, u32)>()).is_ok_and(|args| args.1 == 1)),
        _ => None,
    }
}

fn decode(text: &str) -> PacketRef<'_> {
    PacketRef::decode(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// What reading a packet cannot do without: four fields between three colons.
fn split(text: &str) -> [&str; 4] {
    let mut fields = text.splitn(4, ':');
    std::array::from_fn(|_| fields.next().unwrap_or_default())
}

fn packets(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("split_at_colons");
    for Input { name, packets } in inputs("packets") {
        bench(&mut group, &name, packets[0].len(), || black_box(&split(black_box(&packets[0]))).len());
    }
    group.finish();

    let mut group = criterion.benchmark_group("copy");
    for Input { name, packets } in inputs("packets") {
        let mut out = BytesMut::with_capacity(packets[0].len());
        bench(&mut group, &name, packets[0].len(), || {
            out.clear();
            out.extend_from_slice(black_box(&packets[0]).as_bytes());
            out.len()
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("decode_packet");
    for Input { name, packets } in inputs("packets") {
        // As the fields are: handing out what a packet is costs more than reading a small one.
        bench(&mut group, &name, packets[0].len(), || {
            black_box(PacketRef::decode(black_box(&packets[0])).as_ref()).is_ok()
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("decode_packet_and_json");
    for Input { name, packets } in inputs("packets") {
        if values(&decode(&packets[0])).is_some() {
            bench(&mut group, &name, packets[0].len(), || values(&decode(black_box(&packets[0]))));
        }
    }
    group.finish();

    let mut group = criterion.benchmark_group("decode_packet_typed");
    for Input { name, packets } in inputs("packets") {
        if let Some(read) = typed(&name) {
            bench(&mut group, &name, packets[0].len(), || assert!(read(&decode(black_box(&packets[0])))));
        }
    }
    group.finish();

    let mut group = criterion.benchmark_group("encode_packet");
    for Input { name, packets } in inputs("packets") {
        let packet = decode(&packets[0]).to_packet();
        let mut out = BytesMut::with_capacity(packet.encoded_len());
        bench(&mut group, &name, packets[0].len(), || {
            out.clear();
            black_box(&packet).encode(&mut out);
            out.len()
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("encode_packet_and_json");
    for Input { name, packets } in inputs("packets") {
        let packet = decode(&packets[0]);
        if let Some(values) = values(&packet) {
            let event = packet.event().map(|event| event.name().to_string()).ok();
            bench(&mut group, &name, packets[0].len(), || {
                write(&packet, event.as_deref(), black_box(&values))
            });
        }
    }
    group.finish();
}

/// The packet written with `values` as its JSON.
fn write(packet: &PacketRef<'_>, event: Option<&str>, values: &Value) -> Text {
    let json = event.map_or_else(|| json_text(values), |name| event_text(name, values)).unwrap_or_default();
    let body = match packet.body {
        BodyRef::Event { .. } => BodyRef::Event { data: &json },
        BodyRef::Ack { id, .. } => BodyRef::Ack { id, args: &json },
        _ => BodyRef::Json { data: &json },
    };
    PacketRef { body, ..*packet }.to_text()
}

fn payloads(criterion: &mut Criterion) {
    let limits = Limits::default().payload_len_max(usize::MAX);
    let mut group = criterion.benchmark_group("decode_payload");
    for Input { name, packets } in inputs("payloads") {
        let text = payload::encode(&packets);
        bench(&mut group, &name, text.len(), || {
            PayloadRef::new(black_box(&text), &limits)
                .flatten()
                .filter(|packet| PacketRef::decode(packet).is_ok())
                .count()
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("decode_payload_and_json");
    for Input { name, packets } in inputs("payloads") {
        let text = payload::encode(&packets);
        if values(&decode(&packets[0])).is_some() {
            bench(&mut group, &name, text.len(), || {
                PayloadRef::new(black_box(&text), &limits)
                    .flatten()
                    .filter_map(|packet| values(&decode(packet)))
                    .count()
            });
        }
    }
    group.finish();

    let mut group = criterion.benchmark_group("encode_payload");
    for Input { name, packets } in inputs("payloads") {
        let mut out = BytesMut::with_capacity(payload::encoded_len(&packets));
        bench(&mut group, &name, out.capacity(), || {
            out.clear();
            payload::encode_into(black_box(&packets), &mut out);
            out.len()
        });
    }
    group.finish();
}

fn around_a_session(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("around_a_session");
    let body = "6528866141448937771:15:25:websocket,htmlfile,xhr-polling,jsonp-polling";
    let target = "/socket.io/1/xhr-polling/6528866141448937771?t=1321986000000";
    bench(&mut group, "handshake", body.len(), || Handshake::decode(black_box(body)));
    bench(&mut group, "target", target.len(), || Target::parse("/socket.io", black_box(target)));
    let shared = Text::from("3:12+:/chat:hello");
    bench(&mut group, "shared_packet", shared.len(), || Packet::decode(black_box(&shared)));
    group.finish();
}

/// Short enough that all of it takes about a minute.
fn config() -> Criterion {
    let criterion = Criterion::default().sample_size(30);
    criterion.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1))
}

criterion_group! {
    name = benches;
    config = config();
    targets = packets, payloads, around_a_session
}
criterion_main!(benches);
