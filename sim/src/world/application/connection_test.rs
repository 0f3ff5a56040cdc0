//! The connection test of a deployment: a plain request, a connection, five messages that come back, a silence, one last
//! message. `sio08 probe` holds the same conversation with a real deployment; the letters, the silence and the patience are
//! shared.

use std::time::Duration;

use socketio08::client::ClientEvent;
use socketio08::{Body, Instant, Packet, Reason, Text, Transport};

use crate::trace::{ClientId, TestFailure, TestOutcome};

/// The five messages before the silence.
pub const LETTERS: [&str; 5] = ["a", "b", "c", "d", "e"];
/// The message after it.
pub const LAST: &str = "last";
/// How long the silence is.
pub const QUIET: Duration = Duration::from_secs(5);
/// How long an answer may take.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What is to be done next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// Nothing.
    Wait,
    /// Send this.
    Say(&'static str),
    /// The test is over.
    End(TestOutcome),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Page,
    Connecting,
    /// The message of this number was sent; after [`LETTERS`] comes [`LAST`].
    Said(usize),
    Quiet,
    Over,
}

/// The test of one client, without I/O.
#[derive(Clone, Debug)]
pub(super) struct ConnectionTest {
    stage: Stage,
    due: Option<Instant>,
    /// For a connection: the genuine client gives each transport its own time.
    patience: Duration,
    transport: Option<Transport>,
}

impl ConnectionTest {
    /// A test by a client that tries so many transports.
    pub(super) fn new(transports: usize) -> Self {
        let patience = PATIENCE * u32::try_from(transports.max(1)).unwrap_or(1);
        Self { stage: Stage::Page, due: None, patience, transport: None }
    }

    /// The plain request goes out.
    pub(super) fn begin(&mut self, now: Instant) {
        self.due = Some(now + PATIENCE);
    }

    /// It was answered with this status, or not at all.
    pub(super) fn handle_page(&mut self, status: Option<u16>) -> Step {
        match (self.stage, status) {
            (Stage::Page, Some(..500)) => Step::Wait,
            (Stage::Page, _) => self.fail(TestFailure::NoPage),
            _ => Step::Wait,
        }
    }

    /// The client connects.
    pub(super) fn connect(&mut self, now: Instant) {
        self.stage = Stage::Connecting;
        // The handshake has its own.
        self.due = Some(now + PATIENCE + self.patience);
    }

    /// The machine of the client tells an event.
    pub(super) fn handle_event(&mut self, now: Instant, event: &ClientEvent) -> Step {
        match (self.stage, event) {
            (Stage::Page | Stage::Over, _) => Step::Wait,
            (Stage::Connecting, ClientEvent::Connected { transport, .. }) => {
                self.transport = Some(*transport);
                self.say(now, 0)
            }
            (Stage::Connecting, ClientEvent::HandshakeFailed { .. }) => self.fail(TestFailure::NoHandshake),
            (Stage::Connecting, ClientEvent::ConnectFailed { .. }) => self.fail(TestFailure::NotConnected),
            (_, ClientEvent::Error { reason: Some(Reason::ClientNotHandshaken), .. }) => {
                self.fail(TestFailure::Rejected)
            }
            (_, ClientEvent::Disconnected { .. }) => self.fail(TestFailure::Lost),
            (Stage::Said(number), ClientEvent::Received { packet, .. }) if echoes(packet, word(number)) => {
                self.echoed(now, number)
            }
            _ => Step::Wait,
        }
    }

    /// When [`ConnectionTest::handle_timeout`] is to be called.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// Time passed. Calling it early or twice changes nothing.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Step {
        if self.due.is_none_or(|due| due > now) {
            return Step::Wait;
        }
        self.due = None;
        match self.stage {
            Stage::Page => self.fail(TestFailure::NoPage),
            Stage::Connecting => self.fail(TestFailure::NotConnected),
            Stage::Said(_) => self.fail(TestFailure::Unanswered),
            Stage::Quiet => self.say(now, LETTERS.len()),
            Stage::Over => Step::Wait,
        }
    }

    fn say(&mut self, now: Instant, number: usize) -> Step {
        self.stage = Stage::Said(number);
        self.due = Some(now + PATIENCE);
        Step::Say(word(number))
    }

    fn echoed(&mut self, now: Instant, number: usize) -> Step {
        if number + 1 < LETTERS.len() {
            return self.say(now, number + 1);
        }
        if number + 1 == LETTERS.len() {
            self.stage = Stage::Quiet;
            self.due = Some(now + QUIET);
            return Step::Wait;
        }
        match self.transport {
            Some(transport) => self.end(TestOutcome::Worked(transport)),
            None => self.fail(TestFailure::NotConnected),
        }
    }

    fn fail(&mut self, failure: TestFailure) -> Step {
        self.end(TestOutcome::Failed(failure))
    }

    fn end(&mut self, outcome: TestOutcome) -> Step {
        self.stage = Stage::Over;
        self.due = None;
        Step::End(outcome)
    }
}

/// The message of a number.
fn word(number: usize) -> &'static str {
    LETTERS.get(number).copied().unwrap_or(LAST)
}

/// The text of a test's message: a numbered message, which servers count, with its word at the end.
pub(super) fn test_text(client: ClientId, number: u64, word: &str) -> Text {
    Text::from(format!("up {} {number} echo {word}", client.0))
}

/// Whether a message is to be sent back.
pub(super) fn wants_echo(text: &str) -> bool {
    text.starts_with("up ") && text.split(' ').nth(3) == Some("echo")
}

fn echoes(packet: &Packet, word: &str) -> bool {
    match &packet.body {
        Body::Message { data } => wants_echo(data) && data.rsplit(' ').next() == Some(word),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use socketio08::client::LossCause;

    use super::*;

    fn connected() -> (ConnectionTest, Step) {
        let mut test = ConnectionTest::new(1);
        test.begin(Instant::ZERO);
        assert_eq!(test.handle_page(Some(200)), Step::Wait);
        test.connect(Instant::ZERO);
        let event =
            ClientEvent::Connected { session: Text::from_static("1"), transport: Transport::Websocket };
        let step = test.handle_event(Instant::ZERO, &event);
        (test, step)
    }

    fn echo(word: &str) -> ClientEvent {
        let data = test_text(ClientId(3), 1, word);
        let packet = Packet { id: None, endpoint: Text::EMPTY, body: Body::Message { data } };
        ClientEvent::Received { packet, session: Text::from_static("1") }
    }

    #[test]
    fn five_letters_a_silence_of_five_seconds_and_a_last_one_make_it_work() {
        let (mut test, first) = connected();
        assert_eq!(first, Step::Say("a"));
        for next in ["b", "c", "d", "e"] {
            let last = char::from(next.as_bytes()[0] - 1).to_string();
            assert_eq!(test.handle_event(Instant::ZERO, &echo(&last)), Step::Say(next));
        }
        assert_eq!(test.handle_event(Instant::ZERO, &echo("e")), Step::Wait);
        assert_eq!(test.poll_timeout(), Some(Instant::from_millis(5_000)));
        assert_eq!(test.handle_timeout(Instant::from_millis(4_999)), Step::Wait);
        assert_eq!(test.handle_timeout(Instant::from_millis(5_000)), Step::Say("last"));
        let worked = TestOutcome::Worked(Transport::Websocket);
        assert_eq!(test.handle_event(Instant::from_millis(5_001), &echo("last")), Step::End(worked));
        assert_eq!(test.poll_timeout(), None);
    }

    #[test]
    fn an_error_of_a_proxy_instead_of_the_page_ends_it() {
        for status in [Some(502), None] {
            let mut test = ConnectionTest::new(1);
            test.begin(Instant::ZERO);
            assert_eq!(test.handle_page(status), Step::End(TestOutcome::Failed(TestFailure::NoPage)));
        }
    }

    #[test]
    fn a_message_that_does_not_come_back_in_ten_seconds_ends_it() {
        let (mut test, _) = connected();
        assert_eq!(test.handle_event(Instant::ZERO, &echo("b")), Step::Wait);
        let ended = test.handle_timeout(Instant::from_millis(10_000));
        assert_eq!(ended, Step::End(TestOutcome::Failed(TestFailure::Unanswered)));
    }

    #[test]
    fn a_connection_lost_in_the_silence_ends_it() {
        let (mut test, _) = connected();
        for letter in LETTERS {
            test.handle_event(Instant::ZERO, &echo(letter));
        }
        let lost = ClientEvent::Disconnected { cause: LossCause::Transport };
        let ended = test.handle_event(Instant::from_millis(2_000), &lost);
        assert_eq!(ended, Step::End(TestOutcome::Failed(TestFailure::Lost)));
    }

    #[test]
    fn ticks_and_numbered_messages_are_not_sent_back() {
        assert!(wants_echo(&test_text(ClientId(0), 1, "a")));
        assert!(!wants_echo("up 0 1 "));
        assert!(!wants_echo("tick 1 2 echo"));
    }
}
