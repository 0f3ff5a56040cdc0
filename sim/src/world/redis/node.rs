//! A node's connection to Redis, without I/O: what it does with what the server machine wants to publish and to subscribe to, and
//! when Redis goes.
//!
//! The genuine node has three connections (`RedisClient` of `node_redis` 0.6.7: one publishes, one subscribes, one keeps data). They go
//! and come back together, so they are one here, and count as three where exceptions are counted.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use socketio08::{Instant, Text};

use super::broker::{Command, Reply};
use crate::world::seed::Stream;

/// `node_redis` 0.6.7 tries again after `retry_delay * retry_backoff`, 250 ms times 1.7, always: it never lets the product grow.
pub const GENUINE_RETRY: Duration = Duration::from_millis(425);
/// The three connections of a genuine node, each of which fails by itself.
const GENUINE_LINES: u64 = 3;
/// Our adapter's first wait, which doubles up to [`HEALING_RETRY_MAX`]; half of each is left to chance.
const HEALING_RETRY: Duration = Duration::from_millis(100);
/// Our adapter's longest wait.
const HEALING_RETRY_MAX: Duration = Duration::from_secs(5);

/// What a node does when Redis goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Policy {
    /// `node_redis` 0.6.7: a failed attempt to reconnect is an `error` event that nobody handles, an exception, by which the process
    /// ends; commands wait for the connection; nothing is subscribed to again (`tables-2.md` items 46 to 48).
    Genuine {
        /// The application handles `uncaughtException`, so that the process goes on.
        survives: bool,
    },
    /// Our adapter: publications are dropped meanwhile, and everything is subscribed to again.
    Healing,
}

/// What the carrier shall do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Act {
    /// Connect to Redis.
    Connect,
    /// The process ends: an exception that nobody caught.
    Crash,
    /// Hand a publication to the server machine.
    Deliver {
        /// On which channel.
        channel: Text,
        /// What.
        message: Text,
    },
    /// Send a command.
    Send(Command),
}

/// What became of publications.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Publications sent.
    pub published: u64,
    /// Publications that came, own ones included.
    pub received: u64,
    /// Publications dropped while Redis was away.
    pub dropped: u64,
    /// Exceptions of failed connections that the application caught.
    pub uncaught: u64,
}

/// The listeners of one channel, as `stores/redis.js` of 0.8.7 adds them: when the subscription is confirmed. Those who unsubscribe
/// before are not removed by it and stay, which is a leak.
#[derive(Clone, Copy, Debug, Default)]
struct Listeners {
    waiting: u64,
    there: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Connecting,
    Open,
    /// Until then.
    Waiting(Instant),
}

/// The store connection of one process. Methods are getters, commands, `handle_*` and `poll_*`.
#[derive(Clone, Debug)]
pub struct NodeLink {
    policy: Policy,
    state: State,
    wait: Duration,
    chance: Stream,
    /// Commands that wait for the connection.
    offline: Vec<Command>,
    channels: BTreeMap<Text, Listeners>,
    counts: Counts,
    acts: VecDeque<Act>,
}

impl NodeLink {
    /// The link of a process that starts; `open`: it is connected already, as at the beginning of a run.
    pub fn new(policy: Policy, open: bool, chance: Stream) -> Self {
        let mut link = Self {
            policy,
            state: if open { State::Open } else { State::Connecting },
            wait: HEALING_RETRY,
            chance,
            offline: Vec::new(),
            channels: BTreeMap::new(),
            counts: Counts::default(),
            acts: VecDeque::new(),
        };
        if !open {
            link.acts.push_back(Act::Connect);
        }
        link
    }

    // --- getters

    /// What became of publications.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Listeners on the subscribing connection: one for each confirmed subscription, those that leaked included.
    pub fn listener_count(&self) -> u64 {
        self.channels.values().map(|listeners| listeners.there).sum()
    }

    // --- commands

    /// The server machine wants this done.
    pub fn send(&mut self, command: Command) {
        match &command {
            Command::Subscribe { channel } => self.channels.entry(channel.clone()).or_default().waiting += 1,
            Command::Unsubscribe { channel } => self.unlisten(channel),
            Command::Publish { .. } | Command::Operate(_) => {}
        }
        match (self.state, self.policy, &command) {
            (State::Open, ..) => {
                self.counts.published += u64::from(matches!(command, Command::Publish { .. }));
                self.acts.push_back(Act::Send(command));
            }
            // What is told late is wrong by then; what it is subscribed to is known when the connection is back.
            (_, Policy::Healing, Command::Publish { .. }) => self.counts.dropped += 1,
            (_, Policy::Healing, _) => {}
            (_, Policy::Genuine { .. }, _) => self.offline.push(command),
        }
    }

    /// Removes the listeners that are there: those of subscriptions that are not confirmed yet are added afterwards.
    fn unlisten(&mut self, channel: &Text) {
        let Some(listeners) = self.channels.get_mut(channel) else { return };
        listeners.there = 0;
        if self.policy == Policy::Healing || listeners.waiting == 0 {
            self.channels.remove(channel);
        }
    }

    // --- handle

    /// The connection that was asked for is open.
    pub fn handle_connected(&mut self) {
        self.state = State::Open;
        self.wait = HEALING_RETRY;
        if self.policy == Policy::Healing {
            let again = self.channels.keys().map(|channel| Command::Subscribe { channel: channel.clone() });
            self.acts.extend(again.map(Act::Send).collect::<Vec<_>>());
        }
        for command in std::mem::take(&mut self.offline) {
            self.counts.published += u64::from(matches!(command, Command::Publish { .. }));
            self.acts.push_back(Act::Send(command));
        }
    }

    /// The connection that was asked for was refused.
    pub fn handle_refused(&mut self, now: Instant) {
        match self.policy {
            Policy::Genuine { survives: false } => self.acts.push_back(Act::Crash),
            Policy::Genuine { survives: true } => {
                self.counts.uncaught += GENUINE_LINES;
                self.drop_offline();
            }
            Policy::Healing => {}
        }
        self.wait_to_retry(now);
    }

    /// `node_redis` throws what waits away when a connection fails.
    fn drop_offline(&mut self) {
        let publications =
            self.offline.drain(..).filter(|command| matches!(command, Command::Publish { .. }));
        self.counts.dropped += u64::try_from(publications.count()).unwrap_or(u64::MAX);
    }

    /// Redis says something.
    pub fn handle_reply(&mut self, now: Instant, reply: Reply) {
        match reply {
            Reply::Closed => self.wait_to_retry(now),
            // Answers come by a connection of their own.
            Reply::Stored { .. } => {}
            Reply::Subscribed { channel } => {
                if let Some(listeners) = self.channels.get_mut(&channel) {
                    listeners.there += std::mem::take(&mut listeners.waiting);
                }
            }
            Reply::Message { channel, message } => {
                self.counts.received += 1;
                self.acts.push_back(Act::Deliver { channel, message });
            }
        }
    }

    fn wait_to_retry(&mut self, now: Instant) {
        let wait = match self.policy {
            Policy::Genuine { .. } => GENUINE_RETRY,
            Policy::Healing => {
                let wait = self.chance.duration(self.wait / 2, self.wait);
                self.wait = (self.wait * 2).min(HEALING_RETRY_MAX);
                wait
            }
        };
        self.state = State::Waiting(now + wait);
    }

    /// Tries again if it is time.
    pub fn handle_timeout(&mut self, now: Instant) {
        if matches!(self.state, State::Waiting(until) if until <= now) {
            self.state = State::Connecting;
            self.acts.push_back(Act::Connect);
        }
    }

    // --- poll

    /// What to do next. May change after any command or `handle_*`.
    #[must_use]
    pub fn poll_act(&mut self) -> Option<Act> {
        self.acts.pop_front()
    }

    /// When it tries again. May change after any command or `handle_*`.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Waiting(until) => Some(until),
            State::Connecting | State::Open => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::seed::Seed;

    const GENUINE: Policy = Policy::Genuine { survives: true };

    fn link(policy: Policy) -> NodeLink {
        NodeLink::new(policy, true, Seed(1).stream("link"))
    }

    fn channel() -> Text {
        Text::from_static("dispatch:1")
    }

    fn subscribe(link: &mut NodeLink) {
        link.send(Command::Subscribe { channel: channel() });
    }

    fn confirm(link: &mut NodeLink) {
        link.handle_reply(Instant::ZERO, Reply::Subscribed { channel: channel() });
    }

    fn acts(link: &mut NodeLink) -> Vec<Act> {
        std::iter::from_fn(|| link.poll_act()).collect()
    }

    fn publish() -> Command {
        Command::Publish { channel: channel(), message: Text::from_static("x") }
    }

    #[test]
    fn a_listener_is_added_when_the_subscription_is_confirmed_and_removed_when_it_ends() {
        let mut link = link(GENUINE);
        subscribe(&mut link);
        assert_eq!(link.listener_count(), 0);
        confirm(&mut link);
        assert_eq!(link.listener_count(), 1);
        link.send(Command::Unsubscribe { channel: channel() });
        assert_eq!(link.listener_count(), 0);
    }

    #[test]
    fn a_listener_whose_channel_is_left_before_the_confirmation_stays() {
        let mut link = link(GENUINE);
        subscribe(&mut link);
        link.send(Command::Unsubscribe { channel: channel() });
        confirm(&mut link);
        assert_eq!(link.listener_count(), 1);
    }

    #[test]
    fn a_genuine_node_ends_by_the_first_attempt_that_fails() {
        let mut link = link(Policy::Genuine { survives: false });
        link.handle_reply(Instant::ZERO, Reply::Closed);
        assert_eq!(link.poll_timeout(), Some(Instant::from_millis(425)));
        link.handle_timeout(Instant::from_millis(425));
        assert_eq!(acts(&mut link), [Act::Connect]);
        link.handle_refused(Instant::from_millis(425));
        assert_eq!(acts(&mut link), [Act::Crash]);
    }

    #[test]
    fn a_genuine_node_that_comes_back_subscribes_to_nothing_and_publishes_what_waited() {
        let mut link = link(GENUINE);
        subscribe(&mut link);
        acts(&mut link);
        link.handle_reply(Instant::ZERO, Reply::Closed);
        link.send(publish());
        link.handle_timeout(Instant::from_millis(425));
        link.handle_connected();
        assert_eq!(acts(&mut link), [Act::Connect, Act::Send(publish())]);
    }

    #[test]
    fn a_failed_attempt_throws_away_what_waited_and_counts_an_exception_for_each_connection() {
        let mut link = link(GENUINE);
        link.handle_reply(Instant::ZERO, Reply::Closed);
        link.send(publish());
        link.handle_refused(Instant::from_millis(425));
        assert_eq!((link.counts().dropped, link.counts().uncaught), (1, 3));
        assert_eq!(link.poll_timeout(), Some(Instant::from_millis(850)));
    }

    #[test]
    fn a_healing_node_drops_publications_and_subscribes_to_everything_again() {
        let mut link = link(Policy::Healing);
        subscribe(&mut link);
        acts(&mut link);
        link.handle_reply(Instant::ZERO, Reply::Closed);
        link.send(publish());
        let retry = link.poll_timeout().unwrap();
        assert!((50..=100).contains(&retry.as_millis()), "{retry:?}");
        link.handle_timeout(retry);
        link.handle_connected();
        assert_eq!(acts(&mut link), [Act::Connect, Act::Send(Command::Subscribe { channel: channel() })]);
        assert_eq!(link.counts().dropped, 1);
    }
}
