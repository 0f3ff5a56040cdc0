//! An engine that lies about one thing: what the checker must find.

use socketio08::{Instant, Text};
use socketio08_sim::engine::direct::Direct;
use socketio08_sim::engine::{Engine, EngineError, Outcome};
use socketio08_sim::scenario::{Scenario, ServerIx};
use socketio08_sim::trace::{ClientId, TraceEvent, TraceSink};
use socketio08_sim::world::seed::Seed;

/// One thing that is wrong with the trace.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    TimeGoesBack,
    IssuedTwice,
    StrangerConnected,
    EndedTwice,
    HandedOutUnissued,
    ConnectedUnshaken,
    DeadServerSpeaks,
    TickTwice,
    TickNeverSent,
    MessageTwice,
    AnsweredMessageAgain,
    MessageNeverSent,
    RejectedWithoutCause,
    SessionNeverEnds,
    NeverBack,
    TickTwiceAfterAKillAmongThree,
}

impl Fault {
    pub(crate) const ALL: &[Fault] = &[
        Fault::TimeGoesBack,
        Fault::IssuedTwice,
        Fault::StrangerConnected,
        Fault::EndedTwice,
        Fault::HandedOutUnissued,
        Fault::ConnectedUnshaken,
        Fault::DeadServerSpeaks,
        Fault::TickTwice,
        Fault::TickNeverSent,
        Fault::MessageTwice,
        Fault::AnsweredMessageAgain,
        Fault::MessageNeverSent,
        Fault::RejectedWithoutCause,
        Fault::SessionNeverEnds,
        Fault::NeverBack,
    ];

    /// The invariant that it breaks.
    pub(crate) fn breaks(self) -> &'static str {
        match self {
            Fault::TimeGoesBack => "records-in-order",
            Fault::IssuedTwice => "session-issued-once",
            Fault::StrangerConnected => "session-known",
            Fault::EndedTwice => "session-ended-once",
            Fault::HandedOutUnissued => "handshake-issued",
            Fault::ConnectedUnshaken => "connected-handshaken",
            Fault::DeadServerSpeaks => "down-server-silent",
            Fault::TickTwice | Fault::TickTwiceAfterAKillAmongThree => "tick-once-in-order",
            Fault::TickNeverSent => "tick-sent",
            Fault::MessageTwice | Fault::AnsweredMessageAgain => "message-once-in-order",
            Fault::MessageNeverSent => "message-sent",
            Fault::RejectedWithoutCause => "sticky-never-rejects",
            Fault::SessionNeverEnds => "session-ends-by-its-timers",
            Fault::NeverBack => "connected-once-healed",
        }
    }
}

/// The direct engine with that fault.
pub(crate) struct Tampered(pub(crate) Fault);

impl Engine for Tampered {
    fn run(
        &self,
        scenario: &Scenario,
        seed: Seed,
        sink: &mut dyn TraceSink,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Outcome, EngineError> {
        let clients = scenario.clients.count;
        let mut liar = Liar { fault: self.0, clients, killed: false, handshakes: 0, sink };
        Direct.run(scenario, seed, &mut liar, progress)
    }
}

/// Passes records on, and changes, repeats or adds some.
struct Liar<'a> {
    fault: Fault,
    clients: u32,
    killed: bool,
    /// Of the first client.
    handshakes: u32,
    sink: &'a mut dyn TraceSink,
}

impl TraceSink for Liar<'_> {
    fn record(&mut self, at: Instant, event: TraceEvent) {
        self.killed |= matches!(event, TraceEvent::ServerDown { .. });
        self.handshakes += u32::from(matches!(event, TraceEvent::Handshaken { client: ClientId(0), .. }));
        let stranger = || Text::from("stranger");
        let added = match (self.fault, &event) {
            (Fault::TimeGoesBack, TraceEvent::Connected { .. }) => {
                self.sink.record(at, event.clone());
                return self.sink.record(Instant::ZERO, event);
            }
            (
                Fault::NeverBack,
                TraceEvent::Connected { client: ClientId(0), .. } | TraceEvent::Reconnected { .. },
            )
            | (Fault::SessionNeverEnds, TraceEvent::SessionEnded { .. }) => return,
            (Fault::IssuedTwice, TraceEvent::Issued { .. })
            | (Fault::EndedTwice, TraceEvent::SessionEnded { .. })
            | (Fault::TickTwice, TraceEvent::TickReceived { .. })
            | (Fault::MessageTwice, TraceEvent::UpReceived { .. }) => Some(event.clone()),
            (Fault::TickTwiceAfterAKillAmongThree, TraceEvent::TickReceived { .. })
                if self.killed && self.clients >= 3 =>
            {
                Some(event.clone())
            }
            (Fault::StrangerConnected, TraceEvent::SessionConnected { server, .. }) => {
                Some(TraceEvent::SessionConnected { server: *server, session: stranger() })
            }
            (Fault::HandedOutUnissued, TraceEvent::Handshaken { client, .. }) => {
                Some(TraceEvent::Handshaken { client: *client, session: stranger() })
            }
            (Fault::ConnectedUnshaken, TraceEvent::Connected { client, transport, .. }) => {
                Some(TraceEvent::Connected { client: *client, session: stranger(), transport: *transport })
            }
            (Fault::DeadServerSpeaks, TraceEvent::ServerDown { server, .. }) => {
                self.sink.record(at, event.clone());
                return self.sink.record(at, TraceEvent::Posted { server: *server, session: stranger() });
            }
            (Fault::TickNeverSent, TraceEvent::TickReceived { client, session, .. }) => {
                let (client, session) = (*client, session.clone());
                Some(TraceEvent::TickReceived { client, session, number: u64::MAX })
            }
            (Fault::AnsweredMessageAgain, TraceEvent::Handshaken { client, .. })
                if *client == ClientId(0) && self.handshakes == 2 =>
            {
                Some(TraceEvent::UpReceived { server: ServerIx(0), client: *client, number: 1 })
            }
            (Fault::MessageNeverSent, TraceEvent::UpReceived { server, client, .. }) => {
                Some(TraceEvent::UpReceived { server: *server, client: *client, number: u64::MAX })
            }
            (Fault::RejectedWithoutCause, TraceEvent::Opened { session, .. }) => {
                Some(TraceEvent::Rejected { server: ServerIx(0), session: session.clone(), open: true })
            }
            _ => None,
        };
        self.sink.record(at, event);
        if let Some(added) = added {
            self.sink.record(at, added);
        }
    }
}
