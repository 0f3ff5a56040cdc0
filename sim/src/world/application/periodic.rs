//! Periodic polling: the client that asks at fixed times whether there is something new, and goes in between.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use socketio08::server::Method;
use socketio08::{Instant, Text};

use crate::trace::{ClientId, parse_tick, tick_text, up_text};

/// The path that such clients ask and send to.
const PATH: &str = "/messages";

/// A client that was away for longer than this many ticks is not told of them all.
const NEWS_MAX: u64 = 1_000;

/// A plain HTTP request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlainRequest {
    /// GET or POST.
    pub method: Method,
    /// The path and the query.
    pub target: Text,
    /// What is sent.
    pub body: Bytes,
}

/// What such a client learnt from an answer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct News {
    /// It is connected from now on, as far as such a client ever is: the answer came, and the one before did not.
    pub connected: bool,
    /// The answer did not come, and the one before did.
    pub lost: bool,
    /// Numbers of the ticks that are new.
    pub ticks: Vec<u64>,
}

/// The client's side, without I/O.
#[derive(Clone, Debug)]
pub(super) struct Periodic {
    every: Duration,
    next: Option<Instant>,
    /// The last tick it has.
    since: u64,
    connected: bool,
    requests: VecDeque<PlainRequest>,
}

impl Periodic {
    /// A client that asks this often.
    pub(super) fn new(every: Duration) -> Self {
        Self { every, next: None, since: 0, connected: false, requests: VecDeque::new() }
    }

    /// It arrives, and asks at once.
    pub(super) fn start(&mut self, now: Instant) {
        self.next = Some(now);
        self.handle_timeout(now);
    }

    /// It sends a message, at once and by a request of its own.
    pub(super) fn send(&mut self, client: ClientId, number: u64, size: usize) {
        let body = up_text(client, number, size).into_bytes();
        self.requests.push_back(PlainRequest { method: Method::Post, target: Text::from_static(PATH), body });
    }

    /// It may be time to ask again.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        let Some(next) = self.next.filter(|next| *next <= now) else { return };
        self.next = Some(next + self.every);
        let target = Text::from(format!("{PATH}?since={}", self.since));
        self.requests.push_back(PlainRequest { method: Method::Get, target, body: Bytes::new() });
    }

    /// An answer came, or none will: `None`.
    pub(super) fn handle_answer(&mut self, answer: Option<(u16, &[u8])>) -> News {
        let Some((200, body)) = answer else {
            return News { lost: core::mem::take(&mut self.connected), ..News::default() };
        };
        let connected = !core::mem::replace(&mut self.connected, true);
        let text = core::str::from_utf8(body).unwrap_or_default();
        let ticks: Vec<u64> = text.lines().filter_map(parse_tick).filter(|tick| *tick > self.since).collect();
        self.since = ticks.iter().copied().fold(self.since, u64::max);
        News { connected, lost: false, ticks }
    }

    /// The next request to make.
    #[must_use]
    pub(super) fn poll_request(&mut self) -> Option<PlainRequest> {
        self.requests.pop_front()
    }

    /// When it asks next.
    #[must_use]
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.next
    }
}

/// The server's side: the ticks after `since` of a target, one a line; `None` if it is not such a client's.
pub(super) fn ticks_since(target: &str, last: u64) -> Option<String> {
    let since: u64 = target.strip_prefix(PATH)?.strip_prefix("?since=")?.parse().ok()?;
    let first = since.max(last.saturating_sub(NEWS_MAX)) + 1;
    let mut news = String::new();
    for number in first..=last {
        news.push_str(&tick_text(number));
        news.push('\n');
    }
    Some(news)
}

/// Whether a target is the one that such clients send to.
pub(super) fn is_post(target: &str) -> bool {
    target == PATH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_asks_at_fixed_times_for_what_it_has_not_and_takes_each_tick_once() {
        let mut client = Periodic::new(Duration::from_secs(5));
        client.start(Instant::ZERO);
        assert_eq!(client.poll_request().unwrap().target, "/messages?since=0");
        let news = client.handle_answer(Some((200, b"tick 1\ntick 2\n")));
        assert_eq!((news.connected, news.ticks), (true, vec![1, 2]));
        assert_eq!(client.poll_timeout(), Some(Instant::from_millis(5_000)));
        client.handle_timeout(Instant::from_millis(4_000));
        assert_eq!(client.poll_request(), None);
        client.handle_timeout(Instant::from_millis(5_000));
        assert_eq!(client.poll_request().unwrap().target, "/messages?since=2");
        assert_eq!(client.handle_answer(Some((200, b"tick 2\ntick 3\n"))).ticks, [3]);
    }

    #[test]
    fn an_answer_that_does_not_come_is_a_loss_once() {
        let mut client = Periodic::new(Duration::from_secs(5));
        client.handle_answer(Some((200, b"")));
        assert!(client.handle_answer(Some((503, b""))).lost);
        assert!(!client.handle_answer(None).lost);
        assert!(client.handle_answer(Some((200, b""))).connected);
    }

    #[test]
    fn the_server_gives_the_ticks_after_the_last_one_known() {
        assert_eq!(ticks_since("/messages?since=3", 5).as_deref(), Some("tick 4\ntick 5\n"));
        assert_eq!(ticks_since("/messages?since=5", 5).as_deref(), Some(""));
        assert_eq!(ticks_since("/other", 5), None);
    }
}
