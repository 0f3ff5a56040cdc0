//! Asks the genuine parser of Socket.IO 0.8.7, on the Node it was written for, and ours the same questions; every difference is of
//! a documented class (`docs/CHECKING.md`), or the command fails and prints it.
//!
//! `cargo run --release --manifest-path fuzz/Cargo.toml --bin differential -- --cases 5000000 --seed 1`

mod classify;
#[allow(dead_code, reason = "the vectors use more of it")]
#[path = "../../../../protocol/tests/common/mod.rs"]
mod common;
mod generate;
mod random;

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

use generate::Case;
use random::Random;

/// Cases written at once, and how many such lots may wait for their answers.
const LOT: usize = 1_000;
const LOTS_WAITING: usize = 8;

/// Differences printed before the rest is only counted.
const SHOWN_MAX: usize = 20;

const USAGE: &str = "usage: differential [--cases N] [--seed N] [--peers FOLDER]
  --peers  where peers/install put Node and the parser; else $SOCKETIO08_PEERS_DIR, else target/peers";

struct Options {
    cases: usize,
    seed: u64,
    peers: PathBuf,
}

fn options() -> Result<Options, Box<dyn Error>> {
    let of_repository = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers");
    let peers = std::env::var_os("SOCKETIO08_PEERS_DIR").map_or_else(of_repository, PathBuf::from);
    let mut options = Options { cases: 50_000, seed: 1, peers };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or(USAGE)?;
        match word.as_str() {
            "--cases" => options.cases = value.parse()?,
            "--seed" => options.seed = value.parse()?,
            "--peers" => options.peers = PathBuf::from(value),
            _ => return Err(USAGE.into()),
        }
    }
    Ok(options)
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = options()?;
    let mut peer = start(&options.peers)?;
    let stdin = peer.stdin.take().ok_or("no input of the peer")?;
    let stdout = peer.stdout.take().ok_or("no output of the peer")?;
    let (asked, answers) = sync_channel(LOTS_WAITING);
    let (cases, seed) = (options.cases, options.seed);
    let started = Instant::now();
    let asking = std::thread::spawn(move || ask(cases, seed, stdin, &asked));
    let counts = compare(BufReader::new(stdout), &answers)?;
    asking.join().map_err(|_| "the generator broke")??;
    let status = peer.wait()?;
    let seconds = started.elapsed().as_secs_f64();
    report(&counts, cases, seed, seconds);
    if !status.success() || counts.total() != cases {
        return Err(format!("the peer answered {} of {cases} cases ({status})", counts.total()).into());
    }
    if counts.strays > 0 {
        Err(format!("{} differences are of no class", counts.strays).into())
    } else {
        Ok(())
    }
}

fn start(peers: &Path) -> Result<Child, Box<dyn Error>> {
    let node = peers.join("node-v0.8.28-linux-x64/bin/node");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin/differential/peer.js");
    let parser = peers.join("node_modules/socket.io/lib/parser.js");
    let mut command = Command::new(&node);
    command.arg(script).arg(parser).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().map_err(|error| format!("{}: {error}; peers/install installs it", node.display()).into())
}

/// Writes the cases in lots and hands each lot on to be compared.
fn ask(cases: usize, seed: u64, mut peer: ChildStdin, asked: &SyncSender<Vec<Case>>) -> Result<(), String> {
    let mut random = Random(seed);
    let mut left = cases;
    while left > 0 {
        let lot: Vec<Case> = (0..left.min(LOT)).map(|_| generate::case(&mut random)).collect();
        left -= lot.len();
        let lines: String = lot.iter().map(line).collect();
        // Whoever compares has to know the questions first: it reads while this writes.
        asked.send(lot).map_err(|error| error.to_string())?;
        peer.write_all(lines.as_bytes()).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// A case as the peer reads it, in ASCII.
fn line(case: &Case) -> String {
    let json = match case {
        Case::DecodePacket(text) => serde_json::json!(["d", text]),
        Case::EncodePacket(description) => serde_json::json!(["e", description]),
        Case::DecodePayload(text) => serde_json::json!(["D", text]),
        Case::EncodePayload(packets) => serde_json::json!(["E", packets]),
    };
    let mut line = String::new();
    for unit in json.to_string().encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte < 0x7F => line.push(char::from(byte)),
            _ => line.push_str(&format!("\\u{unit:04x}")),
        }
    }
    line.push('\n');
    line
}

#[derive(Default)]
struct Counts {
    classes: BTreeMap<&'static str, (usize, String)>,
    strays: usize,
}

impl Counts {
    fn total(&self) -> usize {
        self.strays + self.classes.values().map(|(count, _)| count).sum::<usize>()
    }
}

fn compare(mut peer: impl BufRead, asked: &Receiver<Vec<Case>>) -> Result<Counts, Box<dyn Error>> {
    let mut counts = Counts::default();
    let mut theirs = String::new();
    for case in asked.iter().flatten() {
        theirs.clear();
        if peer.read_line(&mut theirs)? == 0 {
            return Ok(counts);
        }
        match classify::classify(&case, theirs.trim_end()) {
            Ok(class) => {
                let (count, example) = counts.classes.entry(class).or_default();
                *count += 1;
                if example.is_empty() || example.len() > 400 {
                    *example = format!("{} -> {}", line(&case).trim_end(), theirs.trim_end());
                }
            }
            Err(ours) => {
                counts.strays += 1;
                if counts.strays <= SHOWN_MAX {
                    println!("case   {}theirs {theirs}ours   {ours}\n", line(&case));
                }
            }
        }
    }
    Ok(counts)
}

fn report(counts: &Counts, cases: usize, seed: u64, seconds: f64) {
    println!("{cases} cases of seed {seed} in {seconds:.1} s");
    for (class, (count, example)) in &counts.classes {
        println!("{count:9}  {class}\n           {example}");
    }
    println!("{:9}  differences of no class", counts.strays);
}
