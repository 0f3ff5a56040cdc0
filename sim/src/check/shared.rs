//! What is between servers and the store that they share: a line to each, in order, and the records of portable sessions.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use socketio08::Text;
use socketio08::server::{ServerTransmit, StoreAnswer};

/// What is on its way to the store.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Ask {
    Publish { channel: Text, message: Text },
    Subscribe(Text),
    Unsubscribe(Text),
    Operate { ticket: u64, key: Text, act: Act },
}

/// What is to be done with a record.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Act {
    Get,
    Put { expected: u64, record: Text, lifetime: Duration },
    Delete { expected: u64 },
}

/// What is on its way to a server.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Word {
    Published { channel: Text, message: Text },
    Stored { ticket: u64, key: Text, answer: StoreAnswer },
}

/// A server's line.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Line {
    pub(super) up: VecDeque<Ask>,
    pub(super) down: VecDeque<Word>,
    heard: BTreeSet<Text>,
}

/// A record, and how long it stays; `None`: longer than anything here.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Record {
    version: u64,
    text: Text,
    left: Option<Duration>,
}

/// The store, and the lines to it.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Shared {
    pub(super) lines: Vec<Line>,
    records: BTreeMap<Text, Record>,
}

impl Ask {
    /// What a machine says, if it is for the store.
    pub(super) fn of(transmit: ServerTransmit) -> Option<Self> {
        Some(match transmit {
            ServerTransmit::Publish { channel, message } => Ask::Publish { channel, message },
            ServerTransmit::Subscribe { channel } => Ask::Subscribe(channel),
            ServerTransmit::Unsubscribe { channel } => Ask::Unsubscribe(channel),
            ServerTransmit::StoreGet { ticket, key } => Ask::Operate { ticket, key, act: Act::Get },
            ServerTransmit::StorePut { ticket, key, expected, record, lifetime } => {
                Ask::Operate { ticket, key, act: Act::Put { expected, record, lifetime } }
            }
            ServerTransmit::StoreDelete { ticket, key, expected } => {
                Ask::Operate { ticket, key, act: Act::Delete { expected } }
            }
            _ => return None,
        })
    }

    fn names(&self, session: &str) -> bool {
        match self {
            Ask::Publish { channel, message } => channel.contains(session) || message.contains(session),
            Ask::Subscribe(channel) | Ask::Unsubscribe(channel) => channel.contains(session),
            Ask::Operate { key, .. } => key == session,
        }
    }

    pub(super) fn label(&self) -> String {
        match self {
            Ask::Publish { channel, message } => format!("publishes {channel} {message}"),
            Ask::Subscribe(channel) => format!("subscribes to {channel}"),
            Ask::Unsubscribe(channel) => format!("unsubscribes from {channel}"),
            Ask::Operate { key, act: Act::Get, .. } => format!("gets the record {}", short(key)),
            Ask::Operate { key, act: Act::Put { expected, .. }, .. } => {
                format!("puts the record {} after version {expected}", short(key))
            }
            Ask::Operate { key, act: Act::Delete { expected }, .. } => {
                format!("deletes version {expected} of the record {}", short(key))
            }
        }
    }
}

impl Word {
    /// What a server is told of an operation that came to nothing, or whose answer is lost.
    pub(super) fn failed(ticket: u64, key: Text) -> Self {
        Word::Stored { ticket, key, answer: StoreAnswer::Failed }
    }

    fn names(&self, session: &str) -> bool {
        match self {
            Word::Published { channel, message } => channel.contains(session) || message.contains(session),
            Word::Stored { key, .. } => key == session,
        }
    }

    pub(super) fn label(&self) -> String {
        match self {
            Word::Published { channel, message } => format!("hears {channel} {message}"),
            Word::Stored { key, answer, .. } => {
                let answer = match answer {
                    StoreAnswer::Record { version, .. } => format!("version {version}"),
                    StoreAnswer::Absent => "there is none".to_owned(),
                    StoreAnswer::Done => "done".to_owned(),
                    StoreAnswer::Conflict => "another version".to_owned(),
                    StoreAnswer::Failed => "failed".to_owned(),
                };
                format!("hears of the record {}: {answer}", short(key))
            }
        }
    }
}

/// A session's name without its signature.
fn short(key: &str) -> &str {
    key.split('-').next().unwrap_or(key)
}

impl Line {
    /// The server has ended.
    pub(super) fn end(&mut self) {
        *self = Line::default();
    }

    /// The server numbers its operations anew.
    pub(super) fn renumber(&mut self, tickets: &[(u64, u64)]) {
        let new = |old: &mut u64| {
            *old = tickets.iter().find(|(from, _)| from == old).map_or(*old, |(_, to)| *to);
        };
        for ask in &mut self.up {
            if let Ask::Operate { ticket, .. } = ask {
                new(ticket);
            }
        }
        for word in &mut self.down {
            if let Word::Stored { ticket, .. } = word {
                new(ticket);
            }
        }
    }

    pub(super) fn is_moving(&self) -> bool {
        !(self.up.is_empty() && self.down.is_empty())
    }
}

impl Shared {
    /// Lines to so many servers.
    pub(super) fn new(servers: u8) -> Self {
        Self { lines: (0..servers).map(|_| Line::default()).collect(), records: BTreeMap::new() }
    }

    pub(super) fn line_mut(&mut self, server: u8) -> Option<&mut Line> {
        self.lines.get_mut(usize::from(server))
    }

    pub(super) fn is_moving(&self) -> bool {
        self.lines.iter().any(Line::is_moving)
    }

    pub(super) fn has_record(&self, session: &str) -> bool {
        self.records.contains_key(session)
    }

    /// Whether anything on its way speaks of a session.
    pub(super) fn names(&self, session: &str) -> bool {
        self.lines.iter().any(|line| {
            line.up.iter().any(|ask| ask.names(session)) || line.down.iter().any(|word| word.names(session))
        })
    }

    /// The store takes what a server said, all of it.
    pub(super) fn take(&mut self, server: u8) -> Option<()> {
        let asked = std::mem::take(&mut self.line_mut(server)?.up);
        for ask in asked {
            match ask {
                Ask::Subscribe(channel) => {
                    self.line_mut(server)?.heard.insert(channel);
                }
                Ask::Unsubscribe(channel) => {
                    self.line_mut(server)?.heard.remove(&channel);
                }
                Ask::Publish { channel, message } => {
                    for line in self.lines.iter_mut().filter(|line| line.heard.contains(&channel)) {
                        let (channel, message) = (channel.clone(), message.clone());
                        line.down.push_back(Word::Published { channel, message });
                    }
                }
                Ask::Operate { ticket, key, act } => {
                    let answer = self.operate(&key, act);
                    self.line_mut(server)?.down.push_back(Word::Stored { ticket, key, answer });
                }
            }
        }
        Some(())
    }

    fn operate(&mut self, key: &Text, act: Act) -> StoreAnswer {
        let found = self.records.get(key);
        let version = found.map_or(0, |record| record.version);
        match act {
            Act::Get => found.map_or(StoreAnswer::Absent, |record| StoreAnswer::Record {
                version,
                record: record.text.clone(),
            }),
            Act::Put { expected, .. } | Act::Delete { expected } if turned(expected) != version => {
                StoreAnswer::Conflict
            }
            Act::Put { expected, record, lifetime } => {
                let left = (lifetime < LONG).then_some(lifetime);
                let version = turned(expected + 1);
                self.records.insert(key.clone(), Record { version, text: record, left });
                StoreAnswer::Done
            }
            Act::Delete { .. } => {
                self.records.remove(key);
                StoreAnswer::Done
            }
        }
    }

    /// Time passes: what is to be forgotten by then is.
    pub(super) fn pass(&mut self, passed: Duration) {
        for record in self.records.values_mut() {
            record.left = record.left.map(|left| left.saturating_sub(passed));
        }
        self.records.retain(|_, record| record.left != Some(Duration::ZERO));
    }
}

/// Versions begin again after a few, so that a session which goes back and forth comes to the same states: 1 follows
/// [`VERSIONS`], and 0 is none.
fn turned(version: u64) -> u64 {
    if version == 0 { 0 } else { (version - 1) % VERSIONS + 1 }
}

/// More than can be spoken of at a time.
const VERSIONS: u64 = 6;
/// What stays for longer stays for ever.
const LONG: Duration = Duration::from_secs(3_600);
