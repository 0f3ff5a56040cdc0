//! What came out of a connection, recorded and ours, and the differences between the two.

use std::collections::BTreeSet;
use std::fmt;

use super::http::{self, Whole};
use super::hybi::{Frame, TEXT};

/// How much later than ours the genuine server may have been: the recorder notes bytes when it gets them, on a machine that
/// is busy with other recordings.
#[derive(Clone, Copy)]
pub(crate) struct Tolerance {
    /// Where a timer fired, later or earlier.
    pub(crate) timer_ms: u64,
    /// Elsewhere: the first answer of a Node process that has just started is the latest.
    pub(crate) answer_ms: u64,
}

/// One thing a server sends on a connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Item {
    /// A response; the headers are those that Socket.IO sets.
    Response {
        status: u16,
        headers: BTreeSet<String>,
        body: String,
    },
    /// The head of a response that goes on.
    Begin {
        status: u16,
        headers: BTreeSet<String>,
    },
    /// A part of it, which the genuine server sends as a chunk of its own.
    Chunk(String),
    /// It is whole.
    End,
    /// 101; its headers are the carrier's.
    Upgraded,
    /// 101 of a draft, to the byte.
    Draft(String),
    /// The answer to the challenge of hixie-76.
    Digest(String),
    /// A flash policy file.
    Policy(String),
    Message(String),
    /// The connection is closed by the server.
    Fin,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::Response { status, headers, body } => {
                let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
                write!(f, "{status} [{}] {body}", headers.join(", "))
            }
            Item::Begin { status, headers } => {
                let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
                write!(f, "{status} [{}] goes on", headers.join(", "))
            }
            Item::Chunk(text) => write!(f, "chunk {text}"),
            Item::End => f.write_str("end"),
            Item::Upgraded => f.write_str("101"),
            Item::Draft(head) => write!(f, "head {}", head.trim_end().replace("\r\n", " | ")),
            Item::Digest(digest) => write!(f, "digest {digest}"),
            Item::Policy(file) => write!(f, "policy {file}"),
            Item::Message(text) => write!(f, "message {text}"),
            Item::Fin => f.write_str("fin"),
        }
    }
}

/// An item, and when and why it was sent.
pub(crate) struct Sent {
    pub(crate) at_ms: u64,
    /// A timer fired; only known of ours.
    pub(crate) by_timer: bool,
    pub(crate) item: Item,
}

/// Reads what the genuine server sent on one connection.
#[derive(Default)]
pub(crate) struct ServerStream {
    bytes: Vec<u8>,
    upgraded: bool,
    draft: Option<Stage>,
    /// A response goes on.
    streaming: bool,
    /// The response said that the connection is closed after it.
    closing: bool,
    pub(crate) items: Vec<Sent>,
}

/// How far a websocket of a draft is.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Stage {
    /// Hixie-76: the digest comes, or none if a key was missing.
    Digest,
    Frames,
}

impl ServerStream {
    pub(crate) fn push(&mut self, at_ms: u64, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        while let Some(item) = self.take() {
            self.items.push(Sent { at_ms, by_timer: false, item });
        }
    }

    /// The end of the stream: an item of its own, unless it is how HTTP ends a response.
    pub(crate) fn fin(&mut self, at_ms: u64) {
        if self.bytes.starts_with(b"<?xml") {
            let file = String::from_utf8_lossy(&std::mem::take(&mut self.bytes)).into_owned();
            self.items.push(Sent { at_ms, by_timer: false, item: Item::Policy(file) });
        }
        let item = match Whole::take_to_end(&mut self.bytes) {
            Some(response) => response_item(&response),
            None if self.closing => return,
            None => Item::Fin,
        };
        self.items.push(Sent { at_ms, by_timer: false, item });
    }

    /// The head of a draft's 101, its digest, and its frames.
    fn take_of_draft(&mut self) -> Option<Item> {
        let Some(stage) = self.draft else {
            let end = self.bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
            let head = String::from_utf8_lossy(&self.bytes[..end]).into_owned();
            let with_digest = head.starts_with("HTTP/1.1 101 WebSocket Protocol Handshake");
            if !with_digest && !head.starts_with("HTTP/1.1 101 Web Socket Protocol Handshake") {
                return None;
            }
            self.bytes.drain(..end);
            self.draft = Some(if with_digest { Stage::Digest } else { Stage::Frames });
            return Some(Item::Draft(head));
        };
        if stage == Stage::Digest && *self.bytes.first()? != 0x00 {
            let digest = self.bytes.get(..16)?.escape_ascii().to_string();
            self.bytes.drain(..16);
            self.draft = Some(Stage::Frames);
            return Some(Item::Digest(digest));
        }
        let end = self.bytes.iter().position(|&byte| byte == 0xff)?;
        let frame: Vec<u8> = self.bytes.drain(..=end).collect();
        let text = frame.strip_prefix(b"\x00").and_then(|text| text.strip_suffix(b"\xff")).expect("a frame");
        Some(Item::Message(String::from_utf8_lossy(text).into_owned()))
    }

    fn take(&mut self) -> Option<Item> {
        let of_draft = self.take_of_draft();
        if of_draft.is_some() || self.draft.is_some() {
            return of_draft;
        }
        if self.upgraded {
            let frame = Frame::take(&mut self.bytes)?;
            assert_eq!(frame.opcode, TEXT, "a frame that is no text belongs to the carrier's scenarios");
            return Some(Item::Message(String::from_utf8_lossy(&frame.payload).into_owned()));
        }
        if self.streaming {
            let chunk = http::take_chunk(&mut self.bytes)?;
            self.streaming = !chunk.is_empty();
            let text = String::from_utf8_lossy(&chunk).into_owned();
            return Some(if self.streaming { Item::Chunk(text) } else { Item::End });
        }
        if let Some(head) = Whole::take_stream_head(&mut self.bytes) {
            self.streaming = true;
            return Some(Item::Begin { status: head.status(), headers: head.own_headers() });
        }
        let whole = Whole::take(&mut self.bytes).ok()?;
        if whole.status() == 101 {
            self.upgraded = true;
            return Some(Item::Upgraded);
        }
        self.closing = whole.header("connection") == Some("close");
        Some(response_item(&whole))
    }
}

fn response_item(whole: &Whole) -> Item {
    let body = String::from_utf8_lossy(&whole.body).into_owned();
    Item::Response { status: whole.status(), headers: whole.own_headers(), body }
}

/// The differences between the recorded sequence and ours: `-` is missing from ours, `+` only in ours.
pub(crate) fn differences(
    place: &str,
    recorded: &[Sent],
    ours: &[Sent],
    tolerance: Tolerance,
) -> Vec<String> {
    let name = |sent: &Sent| sent.item.to_string();
    let (theirs, mine): (Vec<_>, Vec<_>) =
        (recorded.iter().map(name).collect(), ours.iter().map(name).collect());
    let mut lines = Vec::new();
    for step in align(&theirs, &mine) {
        match step {
            Step::Both(i, j) => {
                let (at, our) = (recorded[i].at_ms, ours[j].at_ms);
                let tolerance_ms = if ours[j].by_timer { tolerance.timer_ms } else { tolerance.answer_ms };
                if at.abs_diff(our) > tolerance_ms {
                    lines.push(format!("{place}: {} at {at} ms, ours at {our} ms", theirs[i]));
                }
            }
            Step::Recorded(i) => lines.push(format!("{place}: - {}", theirs[i])),
            Step::Ours(j) => lines.push(format!("{place}: + {}", mine[j])),
        }
    }
    lines
}

/// The differences between two sequences without times.
pub(crate) fn text_differences(place: &str, recorded: &[String], ours: &[String]) -> Vec<String> {
    align(recorded, ours)
        .into_iter()
        .filter_map(|step| match step {
            Step::Both(..) => None,
            Step::Recorded(i) => Some(format!("{place}: - {}", recorded[i])),
            Step::Ours(j) => Some(format!("{place}: + {}", ours[j])),
        })
        .collect()
}

enum Step {
    Both(usize, usize),
    Recorded(usize),
    Ours(usize),
}

/// The longest common subsequence of two short lists.
fn align(a: &[String], b: &[String]) -> Vec<Step> {
    let mut common = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i][j] =
                if a[i] == b[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut steps = Vec::new();
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            steps.push(Step::Both(i, j));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && common[i + 1][j] >= common[i][j + 1]) {
            steps.push(Step::Recorded(i));
            i += 1;
        } else {
            steps.push(Step::Ours(j));
            j += 1;
        }
    }
    steps
}
