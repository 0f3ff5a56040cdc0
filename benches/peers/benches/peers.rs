//! Other Rust parsers on the packets that mean the same in their protocols and in this one, each in its own spelling: Socket.IO 5
//! (socketioxide's common parser), Engine.IO 4 (`rust_engineio`); and httparse, as the reference of a fast parser of text.
//!
//! Each side decodes into a packet that owns what it refers to by counting references, as its users do, and writes into what it would
//! hand to a socket. Groups are called `peer_WHO_WHAT`; `ours` is socketio08 in the same run.
#![allow(missing_docs, reason = "criterion's macro makes a public function")]

use std::hint::black_box;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::Value;
use socketio08::{Packet, Text};
use socketioxide_core::Str;
use socketioxide_core::parser::{Parse, ParseConfig, ParserState};
use socketioxide_parser_common::CommonParser;

/// A packet in Socket.IO 5 and in 0.8.
const SOCKET_IO: [(&str, &str, &str); 5] = [
    ("connect", "0/chat,", "1::/chat"),
    ("disconnect", "1/chat,", "0::/chat"),
    ("event of 5 bytes", r#"2/chat,1["say","hello"]"#, r#"5:1+:/chat:{"name":"say","args":["hello"]}"#),
    ("event of 1,000 bytes", r#"2["say","#, r#"5:::{"name":"say","args":["#),
    ("ack", r#"3/chat,12["got",1]"#, r#"6::/chat:12+["got",1]"#),
];

/// The texts of both, the long event with its data.
fn socket_io() -> impl Iterator<Item = (&'static str, Text, Text)> {
    SOCKET_IO.into_iter().map(|(name, theirs, ours)| {
        let long = name.contains("1,000");
        let data = if long { format!("\"{}\"]", "x".repeat(1_000)) } else { String::new() };
        let end = if long { "}" } else { "" };
        (name, Text::from(format!("{theirs}{data}")), Text::from(format!("{ours}{data}{end}")))
    })
}

fn theirs(text: &Text) -> Str {
    Str::from(text.to_string())
}

fn socketioxide(c: &mut Criterion) {
    let (config, state) = (ParseConfig::default(), ParserState::default());
    let read = |text: Str| CommonParser.decode_str(&config, &state, text).expect("a packet");
    let mut group = c.benchmark_group("peer_socketioxide_decode");
    for (name, text, _) in socket_io() {
        let text = theirs(&text);
        group.bench_function(name, |b| b.iter(|| black_box(read(black_box(&text).clone()))));
    }
    group.finish();
    let mut group = c.benchmark_group("peer_ours_decode");
    for (name, _, text) in socket_io() {
        group.bench_function(name, |b| {
            b.iter(|| black_box(Packet::decode(black_box(&text)).expect("a packet")))
        });
    }
    group.finish();

    let mut group = c.benchmark_group("peer_socketioxide_encode");
    for (name, text, _) in socket_io() {
        let packet = read(theirs(&text));
        group.bench_function(name, |b| b.iter(|| black_box(CommonParser.encode(black_box(&packet).clone()))));
    }
    group.finish();
    let mut group = c.benchmark_group("peer_ours_encode");
    for (name, _, text) in socket_io() {
        let packet = Packet::decode(&text).expect("a packet");
        group.bench_function(name, |b| b.iter(|| black_box(black_box(&packet).to_text())));
    }
    group.finish();
    events(c);
}

/// The arguments of an event as values.
fn events(c: &mut Criterion) {
    let (config, state) = (ParseConfig::default(), ParserState::default());
    for (name, text5, text08) in socket_io().filter(|(name, ..)| name.starts_with("event")) {
        let text5 = theirs(&text5);
        c.benchmark_group("peer_socketioxide_values").bench_function(name, |b| {
            b.iter(|| {
                use socketioxide_core::packet::PacketData;
                let packet =
                    CommonParser.decode_str(&config, &state, black_box(&text5).clone()).expect("a packet");
                let PacketData::Event(mut data, _) = packet.inner else { panic!("no event") };
                black_box(CommonParser.decode_value::<(Value,)>(&mut data, true).expect("one argument"))
            });
        });
        c.benchmark_group("peer_ours_values").bench_function(name, |b| {
            b.iter(|| {
                let packet = Packet::decode(black_box(&text08)).expect("a packet");
                let packet = packet.as_ref();
                let event = packet.event().expect("an event");
                black_box(event.args::<(Value,)>().expect("one argument"))
            });
        });
    }
}

/// A heartbeat (a ping there), and messages by their length.
fn engine_io(c: &mut Criterion) {
    use rust_engineio::Packet as Theirs;
    let names =
        ["heartbeat", "message of 16 bytes", "message of 1 KB", "message of 64 KB", "message of 1 MB"];
    for (name, len) in names.into_iter().zip([0, 16, 1 << 10, 1 << 16, 1 << 20]) {
        let data = "x".repeat(len);
        let (text4, text08) = if len == 0 {
            (Bytes::from_static(b"2"), Text::from("2::"))
        } else {
            (Bytes::from(format!("4{data}")), Text::from(format!("3:::{data}")))
        };
        c.benchmark_group("peer_engineio_decode").bench_function(name, |b| {
            b.iter(|| black_box(Theirs::try_from(black_box(&text4).clone()).expect("a packet")));
        });
        c.benchmark_group("peer_ours_decode").bench_function(name, |b| {
            b.iter(|| black_box(Packet::decode(black_box(&text08)).expect("a packet")));
        });
        let theirs = Theirs::try_from(text4.clone()).expect("a packet");
        c.benchmark_group("peer_engineio_encode")
            .bench_function(name, |b| b.iter(|| black_box(Bytes::from(black_box(&theirs).clone()))));
        let ours = Packet::decode(&text08).expect("a packet");
        c.benchmark_group("peer_ours_encode").bench_function(name, |b| {
            b.iter(|| {
                let mut out = BytesMut::with_capacity(ours.encoded_len());
                black_box(&ours).encode(&mut out);
                black_box(out.freeze())
            });
        });
    }
}

/// A poll as a client of ours sends it, and as a browser does.
fn http(c: &mut Criterion) {
    let short =
        "GET /socket.io/1/xhr-polling/6528866141448937771?t=1321986000000 HTTP/1.1\r\nHost: a\r\n\r\n";
    let browser = short.replace(
        "\r\n\r\n",
        "\r\nConnection: keep-alive\r\nAccept: */*\r\nOrigin: http://www.example.com\r\n\
         User-Agent: Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/535.2 (KHTML, like Gecko) Chrome/15.0.874.121\r\n\
         Referer: http://www.example.com/index.html\r\nAccept-Encoding: gzip,deflate,sdch\r\n\
         Accept-Language: en-US,en;q=0.8\r\nCookie: session=0123456789abcdef0123456789abcdef\r\n\r\n",
    );
    for text in [short.to_owned(), browser] {
        let name = format!("request of {} bytes", text.len());
        c.benchmark_group("peer_httparse_decode").bench_function(name, |b| {
            b.iter(|| {
                let mut headers = [httparse::EMPTY_HEADER; 16];
                let mut request = httparse::Request::new(&mut headers);
                let parsed = request.parse(black_box(text.as_bytes()));
                black_box((parsed.is_ok_and(|it| it.is_complete()), request.path.map(str::len)))
            });
        });
    }
}

fn config() -> Criterion {
    let criterion = Criterion::default().sample_size(30);
    criterion.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1))
}

criterion_group! {
    name = benches;
    config = config();
    targets = socketioxide, engine_io, http
}
criterion_main!(benches);
