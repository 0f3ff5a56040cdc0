//! A node's connection for the records of portable sessions, without I/O: the rules of `adapter/src/portable/redis.rs`. It is opened
//! when it is needed; what was under way when it broke has failed, since nobody knows whether it was done.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use socketio08::Instant;
use socketio08::server::StoreAnswer;

use super::records::Operation;

/// How long operations fail at once after Redis could not be reached.
const PAUSE: Duration = Duration::from_millis(200);

/// What the carrier shall do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum KeeperAct {
    /// Connect to Redis.
    Connect,
    /// Send an operation.
    Send(Operation),
    /// Hand an answer to the server machine.
    Answer {
        /// The operation's number.
        ticket: u64,
        /// The answer.
        answer: StoreAnswer,
    },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Closed,
    Connecting,
    Open,
    /// Everything fails until then.
    Paused(Instant),
}

/// The connection of one process. Methods are getters, commands, `handle_*` and `poll_*`.
#[derive(Clone, Debug)]
pub struct KeeperLink {
    state: State,
    waiting: VecDeque<Operation>,
    sent: BTreeSet<u64>,
    acts: VecDeque<KeeperAct>,
}

impl Default for KeeperLink {
    fn default() -> Self {
        Self { state: State::Closed, waiting: VecDeque::new(), sent: BTreeSet::new(), acts: VecDeque::new() }
    }
}

impl KeeperLink {
    // --- commands

    /// The server machine wants this done.
    pub fn send(&mut self, now: Instant, operation: Operation) {
        if matches!(self.state, State::Paused(until) if until <= now) {
            self.state = State::Closed;
        }
        match self.state {
            State::Open => self.pass(operation),
            State::Connecting => self.waiting.push_back(operation),
            State::Closed => {
                self.state = State::Connecting;
                self.waiting.push_back(operation);
                self.acts.push_back(KeeperAct::Connect);
            }
            State::Paused(_) => self.fail(operation.ticket),
        }
    }

    fn pass(&mut self, operation: Operation) {
        self.sent.insert(operation.ticket);
        self.acts.push_back(KeeperAct::Send(operation));
    }

    fn fail(&mut self, ticket: u64) {
        self.acts.push_back(KeeperAct::Answer { ticket, answer: StoreAnswer::Failed });
    }

    // --- handle

    /// The connection that was asked for is open.
    pub fn handle_connected(&mut self) {
        self.state = State::Open;
        for operation in std::mem::take(&mut self.waiting) {
            self.pass(operation);
        }
    }

    /// The connection was refused, or has ended.
    pub fn handle_closed(&mut self, now: Instant) {
        let lost = !self.sent.is_empty() || !self.waiting.is_empty();
        for ticket in std::mem::take(&mut self.sent) {
            self.fail(ticket);
        }
        for operation in std::mem::take(&mut self.waiting) {
            self.fail(operation.ticket);
        }
        self.state = if lost { State::Paused(now + PAUSE) } else { State::Closed };
    }

    /// Redis answered.
    pub fn handle_answer(&mut self, ticket: u64, answer: StoreAnswer) {
        if self.sent.remove(&ticket) {
            self.acts.push_back(KeeperAct::Answer { ticket, answer });
        }
    }

    // --- poll

    /// What to do next. May change after any command or `handle_*`.
    #[must_use]
    pub fn poll_act(&mut self) -> Option<KeeperAct> {
        self.acts.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::super::records::StoreAct;
    use super::*;
    use socketio08::Text;

    fn get(ticket: u64) -> Operation {
        Operation { ticket, key: Text::from_static("ann"), act: StoreAct::Get }
    }

    fn acts(link: &mut KeeperLink) -> Vec<KeeperAct> {
        std::iter::from_fn(|| link.poll_act()).collect()
    }

    fn failed(ticket: u64) -> KeeperAct {
        KeeperAct::Answer { ticket, answer: StoreAnswer::Failed }
    }

    #[test]
    fn operations_wait_for_the_connection_and_keep_their_order() {
        let mut link = KeeperLink::default();
        link.send(Instant::ZERO, get(1));
        link.send(Instant::ZERO, get(2));
        assert_eq!(acts(&mut link), [KeeperAct::Connect]);
        link.handle_connected();
        link.send(Instant::ZERO, get(3));
        assert_eq!(acts(&mut link), [1, 2, 3].map(|ticket| KeeperAct::Send(get(ticket))));
    }

    #[test]
    fn what_was_under_way_fails_with_the_connection_and_what_follows_for_200_ms() {
        let mut link = KeeperLink::default();
        link.send(Instant::ZERO, get(1));
        link.handle_connected();
        acts(&mut link);
        link.handle_closed(Instant::ZERO);
        link.send(Instant::from_millis(199), get(2));
        assert_eq!(acts(&mut link), [failed(1), failed(2)]);
        link.send(Instant::from_millis(200), get(3));
        assert_eq!(acts(&mut link), [KeeperAct::Connect]);
    }

    #[test]
    fn a_connection_that_ends_while_nothing_is_under_way_is_opened_again_at_once() {
        let mut link = KeeperLink::default();
        link.send(Instant::ZERO, get(1));
        link.handle_connected();
        link.handle_answer(1, StoreAnswer::Absent);
        acts(&mut link);
        link.handle_closed(Instant::ZERO);
        link.send(Instant::ZERO, get(2));
        assert_eq!(acts(&mut link), [KeeperAct::Connect]);
    }
}
