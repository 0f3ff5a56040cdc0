//! What runs on the clients.

use std::time::Duration;

use socketio08::client::{Client, ClientConfig, ClientEvent, ClientTransmit};
use socketio08::server::{AckMode, Outgoing};
use socketio08::{Instant, Text};
use socketio08_tokio::ClientApplication;

use super::connection_test::{ConnectionTest, Step, test_text};
use super::periodic::{Periodic, PlainRequest};
use crate::scenario::{Behaviour, Leaving, Scenario, Sizes, Span};
use crate::trace::{ClientId, ClientObserver, TraceHandle, up_text};
use crate::world::population::Member;
use crate::world::seed::{Seed, Stream};

/// Between the goodbye of a client that leaves cleanly and the end of its connections: time for the goodbye to arrive.
const FAREWELL: Duration = Duration::from_secs(1);

/// The application of one client: connects at its start, sends numbered messages after their gaps whether connected or not
/// (the machine buffers them, as the genuine one does), notes the ticks it gets, and leaves if it is to.
#[derive(Clone, Debug)]
pub struct MemberApplication {
    id: ClientId,
    observer: ClientObserver,
    gap: Option<Span>,
    size: Sizes,
    next: Option<Instant>,
    /// No message is sent at or after this.
    quiet: Instant,
    sent: u64,
    /// Thousandths of a delay that are drawn.
    jitter_most: u16,
    jitter: Stream,
    habits: Stream,
    stay: Stay,
    /// It is a client that asks periodically, and its machine is not used.
    periodic: Option<Periodic>,
    test: Option<ConnectionTest>,
}

/// How far a client's visit is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stay {
    /// To the end.
    Forever,
    /// Until then.
    Until(Instant, Leaving),
    /// It said goodbye; its connections end then.
    Leaving(Instant),
    /// It is gone.
    Gone(Leaving),
}

impl MemberApplication {
    /// The application of one client, which starts when [`ClientApplication::start`] is called.
    pub fn new(scenario: &Scenario, member: &Member, seed: Seed, trace: TraceHandle) -> Self {
        let sort = member.sort(scenario);
        let testing = sort.behaviour == Behaviour::ConnectionTest;
        let quiet = scenario.duration.saturating_sub(sort.quiet_at_end);
        let id = ClientId(member.index);
        let mut habits = seed.stream(&format!("clients/{}/habits", id.0));
        let stay = match sort.leaves {
            None => Stay::Forever,
            Some(leaves) => {
                let after = habits.duration(leaves.after.min, leaves.after.max);
                Stay::Until(Instant::ZERO + member.arrives + after, leaves.how)
            }
        };
        Self {
            id,
            observer: ClientObserver::new(id, ClientConfig::default().resource, trace),
            gap: sort.send_every.filter(|_| !testing),
            size: sort.message_size,
            next: None,
            quiet: Instant::ZERO + quiet,
            sent: 0,
            jitter_most: sort.reconnect.jitter,
            jitter: seed.stream(&format!("clients/{}/jitter", id.0)),
            habits,
            stay,
            periodic: sort.ask_every.filter(|_| !testing).map(Periodic::new),
            test: testing.then(|| ConnectionTest::new(sort.transports.len())),
        }
    }

    /// How the client went, once it has: its machine is to be called no more, and its connections end, or in a silent
    /// death do not.
    pub fn gone(&self) -> Option<Leaving> {
        match self.stay {
            Stay::Gone(how) => Some(how),
            _ => None,
        }
    }

    /// The client asks for its page: its connection test begins, if it is to make one.
    pub fn page_asked(&mut self, now: Instant) {
        if let Some(test) = &mut self.test {
            self.observer.test_began(now);
            test.begin(now);
        }
    }

    /// The page was answered with this status, or not at all; tells whether that ended a connection test.
    pub fn page_answered(&mut self, now: Instant, client: &mut Client, status: Option<u16>) -> bool {
        let Some(test) = &mut self.test else { return false };
        let step = test.handle_page(status);
        if step == Step::Wait {
            return false;
        }
        self.observer.started(now);
        self.take(now, client, step);
        true
    }

    /// Carries out a step of the connection test.
    fn take(&mut self, now: Instant, client: &mut Client, step: Step) {
        match step {
            Step::Wait => {}
            Step::Say(word) => {
                self.sent += 1;
                self.observer.sent(now, self.sent);
                let message = Outgoing::Message(test_text(self.id, self.sent, word));
                // One that is refused does not come back either.
                let _ = client.send(now, &Text::EMPTY, message, AckMode::None);
            }
            Step::End(outcome) => {
                self.observer.test_ended(now, outcome);
                self.stay = Stay::Until(now, Leaving::Clean);
                self.leave(now, client);
            }
        }
    }

    /// A plain HTTP request to make; its answer is for [`MemberApplication::handle_plain`].
    #[must_use]
    pub fn poll_plain(&mut self) -> Option<PlainRequest> {
        self.periodic.as_mut()?.poll_request()
    }

    /// The answer to a plain request: status and body, or `None` if none will come. Those to messages bring no news.
    pub fn handle_plain(&mut self, now: Instant, answer: Option<(u16, &[u8])>) {
        let Some(periodic) = &mut self.periodic else { return };
        let news = periodic.handle_answer(answer);
        if news.connected {
            self.observer.plainly_connected(now, true);
        }
        if news.lost {
            self.observer.plainly_connected(now, false);
        }
        for tick in news.ticks {
            self.observer.told(now, tick);
        }
    }

    fn schedule(&mut self, from: Instant) {
        let gap = self.gap.map(|gap| self.habits.duration(gap.min, gap.max));
        self.next = gap.map(|gap| from + gap).filter(|next| *next < self.quiet);
    }

    fn draw_jitter(&mut self, client: &mut Client) {
        let drawn = self.jitter.below(u64::from(self.jitter_most) + 1);
        client.set_jitter(u16::try_from(drawn).unwrap_or(0));
    }

    fn send(&mut self, now: Instant, client: &mut Client) {
        self.sent += 1;
        self.observer.sent(now, self.sent);
        let drawn = self.habits.below(u64::from(self.size.max.saturating_sub(self.size.min)) + 1);
        let size = usize::try_from(u64::from(self.size.min) + drawn).unwrap_or(usize::MAX);
        if let Some(periodic) = &mut self.periodic {
            periodic.send(self.id, self.sent, size);
            return self.schedule(now);
        }
        let message = Outgoing::Message(up_text(self.id, self.sent, size));
        // A full buffer refuses the message: it is then one that was sent and never arrives.
        let _ = client.send(now, &Text::EMPTY, message, AckMode::None);
        self.schedule(now);
    }

    /// The visit ends, or the last of it is said.
    fn leave(&mut self, now: Instant, client: &mut Client) {
        match self.stay {
            Stay::Until(at, how) if at <= now => {
                self.next = None;
                self.observer.left(now, how);
                self.stay = match how {
                    Leaving::Clean => {
                        client.disconnect(now);
                        Stay::Leaving(now + FAREWELL)
                    }
                    Leaving::Unload => {
                        client.abandon(now);
                        Stay::Gone(how)
                    }
                    Leaving::Silent => Stay::Gone(how),
                };
            }
            Stay::Leaving(at) if at <= now => self.stay = Stay::Gone(Leaving::Clean),
            _ => {}
        }
    }
}

impl ClientApplication for MemberApplication {
    fn start(&mut self, now: Instant, client: &mut Client) {
        self.observer.started(now);
        self.schedule(now);
        if let Some(periodic) = &mut self.periodic {
            return periodic.start(now);
        }
        if let Some(test) = &mut self.test {
            test.connect(now);
        }
        self.draw_jitter(client);
        client.connect(now);
    }

    fn event(&mut self, now: Instant, client: &mut Client, event: ClientEvent) {
        self.observer.event(now, &event);
        if let ClientEvent::ReconnectScheduled { .. } = event {
            self.draw_jitter(client);
        }
        self.observer.settled(now, client);
        if let Some(test) = &mut self.test {
            let step = test.handle_event(now, &event);
            self.take(now, client, step);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let leaves = match self.stay {
            Stay::Until(at, _) | Stay::Leaving(at) => Some(at),
            Stay::Forever | Stay::Gone(_) => None,
        };
        let asks = self.periodic.as_ref().and_then(Periodic::poll_timeout);
        let tests = self.test.as_ref().and_then(ConnectionTest::poll_timeout);
        self.next.into_iter().chain(leaves).chain(asks).chain(tests).min()
    }

    fn handle_timeout(&mut self, now: Instant, client: &mut Client) {
        if self.next.is_some_and(|next| next <= now) {
            self.send(now, client);
        }
        if let Some(periodic) = &mut self.periodic {
            periodic.handle_timeout(now);
        }
        if let Some(test) = &mut self.test {
            let step = test.handle_timeout(now);
            self.take(now, client, step);
        }
        self.leave(now, client);
    }

    fn observe_transmit(&mut self, now: Instant, transmit: &ClientTransmit) {
        self.observer.transmit(now, transmit);
    }
}
