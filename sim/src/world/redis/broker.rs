//! Redis, without I/O. Of messages it keeps nothing: one goes to those who are subscribed when its command is executed, in the order in
//! which they subscribed, and is forgotten. Of portable sessions it keeps [`Records`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde::Serialize;
use socketio08::server::StoreAnswer;
use socketio08::{Instant, Text};

use super::records::{Operation, Records, StoreAct};

/// A connection to Redis, by a number that is never used again.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct LineId(pub u64);

/// A command of a node.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// `PUBLISH`.
    Publish {
        /// On which channel.
        channel: Text,
        /// What.
        message: Text,
    },
    /// `SUBSCRIBE`. A second one changes nothing, and is confirmed all the same.
    Subscribe {
        /// To which channel.
        channel: Text,
    },
    /// `UNSUBSCRIBE`, also from what was not subscribed to.
    Unsubscribe {
        /// From which channel.
        channel: Text,
    },
    /// An operation on the record of a portable session.
    Operate(Operation),
}

/// What Redis says on a connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reply {
    /// A `SUBSCRIBE` was executed.
    Subscribed {
        /// To which channel.
        channel: Text,
    },
    /// Somebody published.
    Message {
        /// On which channel.
        channel: Text,
        /// What.
        message: Text,
    },
    /// An operation was executed.
    Stored {
        /// Its number.
        ticket: u64,
        /// What came of it.
        answer: StoreAnswer,
    },
    /// Redis has ended: nothing follows.
    Closed,
}

/// How many commands Redis executed, as `INFO commandstats` counts them.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq, Serialize)]
pub struct Commands {
    /// `PUBLISH`.
    pub publish: u64,
    /// `SUBSCRIBE`.
    pub subscribe: u64,
    /// `UNSUBSCRIBE`.
    pub unsubscribe: u64,
    /// Messages handed out: each publication once for each subscriber.
    pub messages: u64,
    /// Records of portable sessions read.
    #[serde(skip_serializing_if = "super::memory::is_zero")]
    pub reads: u64,
    /// Records put or deleted, and attempts at it that came too late.
    #[serde(skip_serializing_if = "super::memory::is_zero")]
    pub writes: u64,
}

/// Redis: one process with one thread. Methods are getters, commands, `handle_*` and `poll_*`.
#[derive(Clone, Debug, Default)]
pub struct Redis {
    /// Processor time of one command.
    cost: Duration,
    down: bool,
    busy_until: Instant,
    lines: BTreeMap<LineId, BTreeSet<Text>>,
    channels: BTreeMap<Text, Vec<LineId>>,
    replies: VecDeque<(Instant, LineId, Reply)>,
    commands: Commands,
    records: Records,
}

impl Redis {
    /// A Redis that runs; `cost` is the processor time of a command.
    pub fn new(cost: Duration) -> Self {
        Self { cost, ..Self::default() }
    }

    // --- getters

    /// Whether the process runs.
    pub fn is_up(&self) -> bool {
        !self.down
    }

    /// What was executed so far, in every life of the process.
    pub fn commands(&self) -> Commands {
        self.commands
    }

    /// Channels that somebody is subscribed to (`PUBSUB CHANNELS`).
    pub fn channel_count(&self) -> usize {
        self.channels.len()
    }

    /// How many sessions are kept, and their bytes.
    pub fn records(&self, now: Instant) -> (u64, u64) {
        self.records.size(now)
    }

    // --- commands

    /// Ends the process: every connection is closed, and every subscription and record forgotten.
    pub fn kill(&mut self, now: Instant) {
        self.down = true;
        self.channels.clear();
        self.records.clear();
        // What it was working on is lost with it.
        self.replies.retain(|(at, ..)| *at <= now);
        for line in std::mem::take(&mut self.lines).into_keys() {
            self.replies.push_back((now, line, Reply::Closed));
        }
    }

    /// Starts the process again, with nothing.
    pub fn start(&mut self, now: Instant) {
        self.down = false;
        self.busy_until = now;
    }

    // --- handle

    /// A connection is asked for; whether there is one now.
    pub fn handle_connect(&mut self, line: LineId) -> bool {
        if !self.down {
            self.lines.entry(line).or_default();
        }
        !self.down
    }

    /// The other end of a connection has gone.
    pub fn handle_close(&mut self, line: LineId) {
        for channel in self.lines.remove(&line).unwrap_or_default() {
            self.forget(&channel, line);
        }
    }

    /// A command arrived. Those of connections that are not open are nobody's.
    pub fn handle_command(&mut self, now: Instant, line: LineId, command: Command) {
        let Some(channels) = self.lines.get_mut(&line) else { return };
        self.busy_until = self.busy_until.max(now) + self.cost;
        match command {
            Command::Publish { channel, message } => {
                self.commands.publish += 1;
                for line in self.channels.get(&channel).into_iter().flatten() {
                    self.commands.messages += 1;
                    let reply = Reply::Message { channel: channel.clone(), message: message.clone() };
                    self.replies.push_back((self.busy_until, *line, reply));
                }
            }
            Command::Subscribe { channel } => {
                self.commands.subscribe += 1;
                if channels.insert(channel.clone()) {
                    self.channels.entry(channel.clone()).or_default().push(line);
                }
                self.replies.push_back((self.busy_until, line, Reply::Subscribed { channel }));
            }
            Command::Unsubscribe { channel } => {
                self.commands.unsubscribe += 1;
                if channels.remove(&channel) {
                    self.forget(&channel, line);
                }
            }
            Command::Operate(operation) => {
                match operation.act {
                    StoreAct::Get => self.commands.reads += 1,
                    StoreAct::Put { .. } | StoreAct::Delete { .. } => self.commands.writes += 1,
                }
                let ticket = operation.ticket;
                let answer = self.records.operate(now, operation);
                self.replies.push_back((self.busy_until, line, Reply::Stored { ticket, answer }));
            }
        }
    }

    fn forget(&mut self, channel: &Text, line: LineId) {
        if let Some(lines) = self.channels.get_mut(channel) {
            lines.retain(|other| *other != line);
            if lines.is_empty() {
                self.channels.remove(channel);
            }
        }
    }

    // --- poll

    /// The next thing it says at or before `now`. May change after any command or `handle_*`.
    #[must_use]
    pub fn poll_reply(&mut self, now: Instant) -> Option<(LineId, Reply)> {
        let due = self.replies.front().is_some_and(|(at, ..)| *at <= now);
        let (_, line, reply) = if due { self.replies.pop_front() } else { None }?;
        Some((line, reply))
    }

    /// When it says something next. May change after any command or `handle_*`.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.replies.front().map(|(at, ..)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: Duration = Duration::from_micros(10);
    const A: LineId = LineId(0);
    const B: LineId = LineId(1);

    fn channel() -> Text {
        Text::from_static("open")
    }

    fn rig() -> Redis {
        let mut redis = Redis::new(COST);
        assert!(redis.handle_connect(A) && redis.handle_connect(B));
        redis
    }

    fn subscribe(redis: &mut Redis, line: LineId) {
        redis.handle_command(Instant::ZERO, line, Command::Subscribe { channel: channel() });
    }

    fn publish(redis: &mut Redis, at: u64) {
        let message = Text::from_static("x");
        redis.handle_command(Instant::from_micros(at), A, Command::Publish { channel: channel(), message });
    }

    fn heard(redis: &mut Redis, at: u64) -> Vec<LineId> {
        let mut heard = Vec::new();
        while let Some((line, reply)) = redis.poll_reply(Instant::from_micros(at)) {
            if matches!(reply, Reply::Message { .. }) {
                heard.push(line);
            }
        }
        heard
    }

    #[test]
    fn subscribers_hear_a_publication_in_the_order_in_which_they_subscribed() {
        let mut redis = rig();
        subscribe(&mut redis, B);
        subscribe(&mut redis, A);
        publish(&mut redis, 100);
        assert_eq!(heard(&mut redis, 110), [B, A]);
    }

    #[test]
    fn who_subscribed_twice_hears_once_and_one_unsubscribe_ends_it() {
        let mut redis = rig();
        subscribe(&mut redis, B);
        subscribe(&mut redis, B);
        publish(&mut redis, 100);
        assert_eq!(heard(&mut redis, 200), [B]);
        redis.handle_command(Instant::ZERO, B, Command::Unsubscribe { channel: channel() });
        publish(&mut redis, 300);
        assert_eq!((heard(&mut redis, 400), redis.channel_count()), (Vec::new(), 0));
    }

    #[test]
    fn commands_wait_for_its_one_processor() {
        let mut redis = rig();
        subscribe(&mut redis, B);
        publish(&mut redis, 100);
        publish(&mut redis, 100);
        assert_eq!(heard(&mut redis, 110).len(), 1);
        assert_eq!(heard(&mut redis, 119).len(), 0);
        assert_eq!(heard(&mut redis, 120).len(), 1);
    }

    #[test]
    fn a_killed_redis_closes_every_line_and_comes_back_without_subscriptions() {
        let mut redis = rig();
        subscribe(&mut redis, B);
        assert!(redis.poll_reply(Instant::from_micros(50)).is_some());
        redis.kill(Instant::from_micros(50));
        let said = [(); 3].map(|()| redis.poll_reply(Instant::from_micros(50)));
        assert_eq!(said, [Some((A, Reply::Closed)), Some((B, Reply::Closed)), None]);
        assert!(!redis.handle_connect(LineId(2)));
        redis.start(Instant::from_micros(60));
        assert!(redis.handle_connect(LineId(3)) && redis.channel_count() == 0);
    }
}
