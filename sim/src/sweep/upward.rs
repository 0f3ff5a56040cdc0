//! Numbered messages of clients: servers get each once and in order, but for what a client cannot know.
//!
//! A POST whose answer never came may have arrived. The improved client posts its packets again in its next session; the genuine
//! clients never do. One POST is under way at a time, and nothing sent over a websocket is sent again: so only the messages of the
//! last POST may come twice, and once in each session at most. A genuine client that comes back may have two sessions at once, and
//! the late answer to a POST of the lost session lets it post before that of the new one is answered: from its second handshake on its
//! messages may overtake each other.

use std::collections::BTreeSet;

use socketio08::{Text, Transport};

/// What one client sent, and what servers have of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Upward {
    /// The last number that was sent.
    sent: u64,
    /// The session of the last POST.
    session: Text,
    /// Up to here every POST was answered.
    settled: u64,
    /// Up to here messages were sent when the last POST left.
    posted: u64,
    /// The client talks by a websocket.
    socket: bool,
    /// How many sessions the client has had.
    sessions: u32,
    /// Its messages may overtake each other.
    overtakes: bool,
    /// What servers got, but for what may come again.
    received: BTreeSet<u64>,
}

impl Upward {
    /// The client's application sent `number`.
    pub(super) fn sent(&mut self, number: u64) {
        self.sent = number;
    }

    /// The client posts: all that it posted in this session before is answered.
    pub(super) fn posts(&mut self, session: &Text) {
        if self.session == *session {
            self.settled = self.posted;
        }
        self.session = session.clone();
        self.posted = self.sent;
    }

    /// The client is connected.
    pub(super) fn connected(&mut self, transport: Transport) {
        self.socket = matches!(transport, Transport::Websocket | Transport::Flashsocket);
    }

    /// The client has a new session. If it `repeats`, the messages of a POST that was not answered may come again in it.
    pub(super) fn shook(&mut self, repeats: bool) {
        self.sessions += 1;
        self.overtakes = self.sessions > 1 && !repeats;
        if repeats && !self.socket {
            self.received.retain(|number| *number <= self.settled);
        }
    }

    /// Whether the client sent that number.
    pub(super) fn has_sent(&self, number: u64) -> bool {
        number <= self.sent
    }

    /// A server got `number`; gives the last one before it, if it should not have come after that.
    pub(super) fn receives(&mut self, number: u64) -> Option<u64> {
        let last = self.received.last().copied();
        let again = !self.received.insert(number);
        last.filter(|last| again || *last > number && !self.overtakes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client that sent four messages in two POSTs, the second unanswered, all received.
    fn posted() -> Upward {
        let mut upward = Upward::default();
        for (first, last) in [(1, 2), (3, 4)] {
            (first..=last).for_each(|number| upward.sent(number));
            upward.posts(&Text::from("one"));
            assert!((first..=last).all(|number| upward.receives(number).is_none()));
        }
        upward
    }

    #[test]
    fn the_last_post_may_come_again_in_the_next_session_and_no_more_than_that() {
        let mut upward = posted();
        upward.shook(true);
        assert_eq!([3, 4, 5].map(|number| upward.clone().receives(number)), [None; 3]);
        assert_eq!(upward.receives(2), Some(2));
    }

    #[test]
    fn in_one_session_nothing_comes_again() {
        let mut upward = posted();
        assert_eq!(upward.clone().receives(4), Some(4));
        upward.shook(true);
        assert_eq!((upward.receives(3), upward.receives(3)), (None, Some(3)));
    }

    #[test]
    fn a_genuine_client_posts_nothing_again() {
        let mut upward = posted();
        upward.shook(false);
        assert_eq!(upward.receives(4), Some(4));
    }

    #[test]
    fn what_went_by_a_websocket_does_not_come_again() {
        let mut upward = posted();
        upward.connected(Transport::Websocket);
        upward.shook(true);
        assert_eq!(upward.receives(4), Some(4));
    }

    #[test]
    fn messages_of_a_genuine_client_that_came_back_may_overtake_each_other_and_none_may_come_twice() {
        let mut upward = Upward::default();
        upward.shook(false);
        assert_eq!([6, 5].map(|number| upward.receives(number)), [None, Some(6)]);
        upward.shook(false);
        assert_eq!([9, 8, 9].map(|number| upward.receives(number)), [None, None, Some(9)]);
    }

    #[test]
    fn messages_of_an_improved_client_keep_their_order_over_all_sessions() {
        let mut upward = posted();
        upward.shook(true);
        upward.shook(true);
        assert_eq!([6, 5].map(|number| upward.receives(number)), [None, Some(6)]);
    }

    #[test]
    fn a_post_of_a_second_session_carries_what_was_unanswered_in_the_first() {
        let mut upward = posted();
        upward.shook(true);
        upward.posts(&Text::from("two"));
        assert!([3, 4].iter().all(|number| upward.receives(*number).is_none()));
        upward.shook(true);
        assert_eq!(upward.clone().receives(3), None);
        assert_eq!(upward.receives(2), Some(2));
    }
}
