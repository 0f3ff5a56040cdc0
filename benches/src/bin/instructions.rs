//! Counts the instructions of some calls under valgrind's callgrind and compares them with `instructions.tsv`, where they were
//! recorded. Unlike times, they hardly depend on the machine and on what else it does; but they do on the compiler, so only those of
//! one compiler are compared.
//!
//! ```console
//! $ cargo run --release -p socketio08-benches --bin instructions
//! $ cargo run --release -p socketio08-benches --bin instructions -- record
//! ```
//!
//! Exits with 1 if a count differs by more than 5 % from the recorded one, either way: what became faster is to be recorded too. With
//! 75 if valgrind is missing or nothing was recorded for this compiler.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use bytes::BytesMut;
use socketio08::payload::{self, PayloadRef};
use socketio08::{Limits, Packet, PacketRef, Text};
use socketio08_benches::{Node, Visitor, callgrind};

/// By how much a count may differ, in percent.
const TOLERANCE: u64 = 5;

/// What `.ci/run` takes for "cannot be done here".
const SKIPPED: u8 = 75;

const EVENT: &str = r#"5:1+:/chat:{"name":"say","args":["hello"]}"#;

/// The calls, by name.
const CASES: [(&str, fn()); 14] = [
    ("decode heartbeat", || decode("2::")),
    ("decode event", || decode(EVENT)),
    ("decode message of 64 KB", || decode(&format!("3:::{}", "x".repeat(65_536)))),
    ("encode heartbeat", || encode("2::")),
    ("encode event", || encode(EVENT)),
    ("encode message of 64 KB", || encode(&format!("3:::{}", "x".repeat(65_536)))),
    ("split payload of 100 events", || split(EVENT)),
    ("split payload of 100 messages of 64 accents", || split(&format!("3:::{}", "é".repeat(64)))),
    ("encode payload of 100 events", || join(EVENT)),
    ("encode payload of 100 messages of 64 accents", || join(&format!("3:::{}", "é".repeat(64)))),
    ("server: poll cycle among 1,000 sessions", || {
        let mut node = Node::with_polls(1_000);
        let id = node.session();
        node.poll(&id);
        assert_eq!(counted(|| node.poll_cycle(&id)), 1);
    }),
    ("server: heartbeats of 1,000 sockets", || {
        let (mut node, sockets) = Node::with_sockets(1_000);
        assert_eq!(counted(|| node.heartbeat(sockets[0])), 1_000);
    }),
    ("server: broadcast to 1,000 sockets", || {
        let (mut node, _) = Node::with_sockets(1_000);
        assert_eq!(counted(|| node.broadcast()), 1_000);
    }),
    ("client: poll cycle", || {
        let mut visitor = Visitor::polling();
        assert_eq!(counted(|| visitor.poll_cycle("3:::hello")), 1);
    }),
];

/// The only function in which instructions are counted: valgrind knows it by its name.
#[inline(never)]
fn counted<T>(run: impl FnOnce() -> T) -> T {
    black_box(run())
}

fn decode(text: &str) {
    assert!(counted(|| black_box(PacketRef::decode(black_box(text)).as_ref()).is_ok()));
}

fn encode(text: &str) {
    let packet = Packet::decode(&Text::from(text)).expect("a packet");
    let mut out = BytesMut::with_capacity(text.len());
    counted(|| black_box(&packet).encode(&mut out));
    assert_eq!(out, text.as_bytes());
}

fn split(packet: &str) {
    let text = payload::encode(&[packet; 100]);
    let limits = Limits::default();
    assert_eq!(counted(|| PayloadRef::new(black_box(&text), &limits).flatten().count()), 100);
}

fn join(packet: &str) {
    let packets = [packet; 100];
    let mut out = BytesMut::with_capacity(payload::encoded_len(&packets) + 1_000);
    counted(|| payload::encode_into(black_box(&packets), &mut out));
    assert_eq!(out, payload::encode(&packets).as_bytes());
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => compare(),
        ["record"] => record(),
        ["case", name] => {
            let (_, run) = CASES.iter().find(|(known, _)| *known == name).ok_or("no such case")?;
            run();
            Ok(ExitCode::SUCCESS)
        }
        _ => Err("usage: instructions [record]".into()),
    }
}

fn recorded() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.tsv")
}

fn record() -> Result<ExitCode, Box<dyn Error>> {
    let mut file = format!("{}\n", compiler()?);
    for (name, _) in CASES {
        writeln!(file, "{name}\t{}", count(name)?)?;
    }
    fs::write(recorded(), file)?;
    Ok(ExitCode::SUCCESS)
}

fn compare() -> Result<ExitCode, Box<dyn Error>> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("valgrind is not installed: no instructions are counted");
        return Ok(ExitCode::from(SKIPPED));
    }
    let file = fs::read_to_string(recorded())?;
    let (of, counts) = file.split_once('\n').ok_or("instructions.tsv is empty")?;
    let mut code = ExitCode::SUCCESS;
    if of != compiler()? {
        println!("recorded with {of}, and this is {}: only shown; `-- record` records them", compiler()?);
        code = ExitCode::from(SKIPPED);
    }
    for (name, _) in CASES {
        let before = counts.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('\t'));
        let before: u64 = before.ok_or_else(|| format!("{name} is not recorded"))?.parse()?;
        let now = count(name)?;
        let differs = now.abs_diff(before) * 100 > before * TOLERANCE;
        println!("{name}: {now} instructions, {before} recorded{}", if differs { ": DIFFERS" } else { "" });
        if differs && code == ExitCode::SUCCESS {
            code = ExitCode::FAILURE;
        }
    }
    if code == ExitCode::FAILURE {
        println!("more than {TOLERANCE} % apart: mend it, or say why and record it (`-- record`)");
    }
    Ok(code)
}

/// The compiler and its target, on which all counts depend.
fn compiler() -> Result<String, Box<dyn Error>> {
    let said = Command::new("rustc").arg("-vV").output()?;
    let said = String::from_utf8(said.stdout)?;
    let line =
        |key: &str| said.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default().to_owned();
    Ok(format!("rustc {} {}", line("release: "), line("host: ")))
}

fn count(name: &str) -> Result<u64, Box<dyn Error>> {
    let file = std::env::temp_dir().join(format!("callgrind-{}", std::process::id()));
    let done = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=*instructions::counted*"])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(std::env::current_exe()?)
        .args(["case", name])
        .output()?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into());
    }
    let count = callgrind::instructions(&fs::read_to_string(&file)?);
    fs::remove_file(&file)?;
    Ok(count)
}
