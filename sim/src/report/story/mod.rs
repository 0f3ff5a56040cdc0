//! The story of one client: every request it made, which server answered it and why so, and what happened around it.

mod page;

use std::collections::BTreeMap;

use socketio08::{Text, Transport};

use crate::scenario::{ClientProfile, Scenario, ServerIx};
use crate::trace::{ClientId, Record, RequestKind, TestOutcome, TraceEvent};

/// How much of a session id is shown: enough to tell those of one client apart.
const ID_SHOWN: usize = 4;

/// Collects the story of one client from the records of a run.
#[derive(Clone, Debug)]
pub struct Story {
    client: ClientId,
    profile: ClientProfile,
    /// Who issued each session, and whether it is this client's.
    sessions: BTreeMap<Text, Session>,
    /// Requests no server has been seen to take, each with its line.
    pending: Vec<Pending>,
    /// The latest request of a session at a server: its line, and whether it was a POST.
    latest: BTreeMap<(ServerIx, Text), (usize, bool)>,
    /// Requests that were forwarded, by their lines: by whom, and to whom.
    forwards: BTreeMap<usize, (ServerIx, ServerIx)>,
    transport: Option<Transport>,
    connected: bool,
    /// When it last stopped being connected.
    cut_off: Option<u64>,
    lines: Vec<Line>,
}

#[derive(Clone, Debug, Default)]
struct Session {
    issuer: Option<ServerIx>,
    mine: bool,
}

#[derive(Clone, Debug)]
struct Pending {
    line: usize,
    kind: RequestKind,
    session: Text,
}

/// One line of the story.
#[derive(Clone, Debug)]
struct Line {
    /// Microseconds from the start.
    at: u64,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// The client asks: what, whom (`None`: nobody was seen to take it), and what became of it.
    Ask { what: String, server: Option<ServerIx>, outcome: String },
    /// A server tells the client something.
    Tell { what: String, server: Option<ServerIx> },
    /// What the client makes of it.
    Note(String),
    /// What happened to the world.
    World(String),
}

impl Story {
    /// The story of `client` in runs of `scenario`.
    pub fn new(scenario: &Scenario, client: ClientId) -> Self {
        Self {
            client,
            profile: scenario.clients.profile,
            sessions: BTreeMap::new(),
            pending: Vec::new(),
            latest: BTreeMap::new(),
            forwards: BTreeMap::new(),
            transport: scenario.clients.transports.first().copied(),
            connected: false,
            cut_off: None,
            lines: Vec::new(),
        }
    }

    /// Takes the next record.
    pub fn record(&mut self, record: &Record) {
        let at = record.at;
        match &record.event {
            TraceEvent::Issued { server, session } | TraceEvent::Adopted { server, session } => {
                self.sessions.entry(session.clone()).or_default().issuer = Some(*server);
            }
            TraceEvent::Opened { server, session, .. } => self.taken(at, *server, session, false),
            TraceEvent::Posted { server, session } => self.taken(at, *server, session, true),
            TraceEvent::Rejected { server, session, open } => self.rejected(*server, session, *open),
            TraceEvent::Forwarded { server, to, session } => self.forwarded(*server, *to, session),
            TraceEvent::SessionConnected { server, session } => {
                self.outcome(*server, session, "1::   connected");
            }
            TraceEvent::SessionEnded { server, session, cause } if self.is_mine(session) => {
                let text = format!("{server} ends session {}: {cause:?}", short(session));
                self.push(at, What::World(text));
            }
            TraceEvent::ServerDown { server, graceful, .. } => {
                let how = if *graceful { "is stopped" } else { "is killed" };
                self.push(at, What::World(format!("{server} {how}")));
            }
            TraceEvent::ServerStarted { server } => {
                self.push(at, What::World(format!("{server} is started, and does not listen yet")));
            }
            TraceEvent::ServerUp { server } => {
                self.push(at, What::World(format!("{server} is back, and knows no session")));
            }
            TraceEvent::BalancerDown => {
                self.push(at, What::World("the balancer ends, and every connection with it".to_owned()));
            }
            TraceEvent::BalancerUp => {
                self.push(at, What::World("the balancer is back, and remembers nothing".to_owned()));
            }
            TraceEvent::Marked { server, up } => {
                let state = if *up { "up" } else { "down" };
                self.push(at, What::World(format!("the balancer marks {server} {state}")));
            }
            event => self.client_record(at, event),
        }
    }

    fn client_record(&mut self, at: u64, event: &TraceEvent) {
        match event {
            TraceEvent::Requested { client, kind, session } if *client == self.client => {
                self.requested(at, *kind, session);
            }
            TraceEvent::Handshaken { client, session } if *client == self.client => self.handshaken(session),
            TraceEvent::HandshakeFailed { client, status } if *client == self.client => {
                self.handshake_failed(*status);
            }
            TraceEvent::BalancerAnswered { client, status } if *client == self.client => {
                // A server that took the request may have hung up on it.
                let pending = self.pending.first().map(|pending| pending.line);
                let taken = self.latest.values().map(|(line, _)| *line).max();
                if let Some(line) = pending.or(taken) {
                    self.set(line, None, format!("{status} from the balancer itself"));
                }
            }
            TraceEvent::UpReceived { client, server, number } if *client == self.client => {
                self.up_received(at, *server, *number);
            }
            TraceEvent::TickReceived { client, session, number } if *client == self.client => {
                let server = self.sessions.get(session).and_then(|session| session.issuer);
                self.push(at, What::Tell { what: format!("tick {number}"), server });
            }
            event => self.feeling(at, event),
        }
    }

    /// What only the client itself knows.
    fn feeling(&mut self, at: u64, event: &TraceEvent) {
        let note = match event {
            TraceEvent::TestEnded { client, outcome } if *client == self.client => match outcome {
                TestOutcome::Worked(transport) => format!("connection test: It worked, over {transport}"),
                TestOutcome::Failed(failure) => format!("connection test: {}", failure.name()),
            },
            TraceEvent::Connected { client, transport, .. } if *client == self.client => {
                self.connected = true;
                self.transport = Some(*transport);
                format!("the application is connected, by {transport}")
            }
            TraceEvent::Disconnected { client, cause } if *client == self.client => {
                self.connected = false;
                self.cut_off = Some(at);
                disconnection(cause).to_owned()
            }
            TraceEvent::ErrorReceived { client } if *client == self.client => self.reaction(at).to_owned(),
            TraceEvent::FlashPolicy { client, granted } if *client == self.client => if *granted {
                "the Flash player has the policy file, and opens its socket"
            } else {
                "the Flash player asked for the policy file and did not get it: its socket fails"
            }
            .to_owned(),
            TraceEvent::Reconnecting { client, attempt } if *client == self.client => {
                format!("reconnection attempt {attempt}")
            }
            TraceEvent::Reconnected { client } if *client == self.client => "reconnected".to_owned(),
            TraceEvent::ReconnectFailed { client } if *client == self.client => {
                "gives up reconnecting, for good".to_owned()
            }
            TraceEvent::ConnectFailed { client } if *client == self.client => {
                "the connect timeout passed and no transport is left: gives up, for good".to_owned()
            }
            TraceEvent::LiveSessions { client, count } if *client == self.client && *count > 1 => {
                format!("now holds {count} sessions open at once, and gets everything {count} times")
            }
            _ => return,
        };
        self.push(at, What::Note(note));
    }

    fn push(&mut self, at: u64, what: What) {
        self.lines.push(Line { at, what });
    }

    fn is_mine(&self, session: &Text) -> bool {
        self.sessions.get(session).is_some_and(|session| session.mine)
    }

    /// Says who took the request of a line, and what became of it.
    fn set(&mut self, line: usize, by: Option<ServerIx>, became: String) {
        if let Some(Line { what: What::Ask { server, outcome, .. }, .. }) = self.lines.get_mut(line) {
            *server = by.or(*server);
            *outcome = became;
        }
        self.pending.retain(|pending| pending.line != line);
    }

    fn outcome(&mut self, server: ServerIx, session: &Text, outcome: &str) {
        if let Some((line, _)) = self.latest.get(&(server, session.clone())).copied() {
            self.settle(line, server, outcome);
        }
    }

    /// What became of a request, at the one who took it or at the one it was forwarded to.
    fn settle(&mut self, line: usize, server: ServerIx, outcome: &str) {
        match self.forwards.get(&line).copied() {
            Some((by, to)) if to == server => {
                self.set(line, Some(by), format!("{outcome}, by way of {by} from {to}"));
            }
            _ => self.set(line, Some(server), outcome.to_owned()),
        }
    }

    fn forwarded(&mut self, by: ServerIx, to: ServerIx, session: &Text) {
        let Some((line, post)) = self.latest.get(&(by, session.clone())).copied() else { return };
        self.latest.insert((to, session.clone()), (line, post));
        self.forwards.insert(line, (by, to));
        self.set(line, Some(by), format!("forwarded to {to}"));
    }

    // --- requests

    fn requested(&mut self, at: u64, kind: RequestKind, session: &Text) {
        let what = match kind {
            RequestKind::Handshake => "handshake".to_owned(),
            RequestKind::Poll => format!("poll {}", short(session)),
            RequestKind::Post => format!("post {}", short(session)),
            RequestKind::Upgrade => format!("websocket {}", short(session)),
        };
        let line = self.lines.len();
        self.push(at, What::Ask { what, server: None, outcome: "no answer".to_owned() });
        self.pending.push(Pending { line, kind, session: session.clone() });
    }

    fn oldest(&self, fits: impl Fn(&Pending) -> bool) -> Option<usize> {
        self.pending.iter().find(|pending| fits(pending)).map(|pending| pending.line)
    }

    fn handshaken(&mut self, session: &Text) {
        let issuer = {
            let state = self.sessions.entry(session.clone()).or_default();
            state.mine = true;
            state.issuer
        };
        if let Some(line) = self.oldest(|pending| pending.kind == RequestKind::Handshake) {
            self.set(line, issuer, format!("200   session {}", short(session)));
        }
    }

    fn handshake_failed(&mut self, status: u16) {
        let Some(line) = self.oldest(|pending| pending.kind == RequestKind::Handshake) else { return };
        let outcome = if status == 0 { "no answer".to_owned() } else { format!("{status}   no session") };
        self.set(line, None, outcome);
    }

    fn taken(&mut self, at: u64, server: ServerIx, session: &Text, post: bool) {
        if !self.is_mine(session) {
            return;
        }
        let fits = |pending: &Pending| {
            pending.session == *session
                && (pending.kind == RequestKind::Post) == post
                && pending.kind != RequestKind::Handshake
        };
        let line = self.oldest(fits).unwrap_or_else(|| {
            // A proxy asked again for the client.
            let what = format!("{} {} again, by a proxy", if post { "post" } else { "poll" }, short(session));
            self.push(at, What::Ask { what, server: None, outcome: String::new() });
            self.lines.len() - 1
        });
        let outcome = if post { "200 1" } else { "answered" };
        self.set(line, Some(server), outcome.to_owned());
        self.latest.insert((server, session.clone()), (line, post));
    }

    fn rejected(&mut self, server: ServerIx, session: &Text, open: bool) {
        if !self.is_mine(session) {
            return;
        }
        let latest = self.latest.get(&(server, session.clone()));
        if let Some((by, to)) =
            latest.and_then(|(line, _)| self.forwards.get(line)).filter(|(by, _)| *by == server)
        {
            let outcome = format!("{}   {to} does not answer {by}", if open { "7:::1+0" } else { "503" });
            return self.outcome(server, session, &outcome);
        }
        let issuer = self.sessions.get(session).and_then(|session| session.issuer);
        let whose = match issuer {
            Some(issuer) if issuer != server => {
                format!("{server} does not know it: it is a session of {issuer}")
            }
            Some(_) => format!("{server} does not know it any more"),
            None => format!("{server} does not know it"),
        };
        let outcome =
            if open { format!("7:::1+0   {whose}") } else { format!("200 1, and dropped: {whose}") };
        self.outcome(server, session, &outcome);
    }

    fn up_received(&mut self, at: u64, server: ServerIx, number: u64) {
        match self.latest.iter().filter(|((at, _), _)| *at == server).map(|(_, request)| *request).max() {
            Some((line, true)) => {
                self.settle(line, server, &format!("200 1   message {number} arrived"));
            }
            _ => self.push(
                at,
                What::Ask {
                    what: format!("message {number}"),
                    server: Some(server),
                    outcome: "arrived".to_owned(),
                },
            ),
        }
    }

    /// What the client does about `7:::1+0`, by its own rules. It is told after it has disconnected for it.
    fn reaction(&self, at: u64) -> &'static str {
        let connected = self.connected || self.cut_off == Some(at);
        match (self.profile, connected, self.transport) {
            (ClientProfile::Improved, ..) => {
                "told that it is not handshaken: makes a new handshake after its delay"
            }
            (_, true, _) => {
                "connected and told that it is not handshaken: disconnects, and makes a new handshake in 500 ms"
            }
            (ClientProfile::Genuine09, false, _) => {
                "not connected yet: the genuine 0.9 disconnects, and makes a new handshake in 500 ms"
            }
            (_, false, Some(Transport::Websocket | Transport::Flashsocket)) => {
                "not connected yet: the genuine client does nothing, until its connect timeout"
            }
            (_, false, _) => {
                "not connected yet: the genuine client polls again at once, with the same session id"
            }
        }
    }
}

fn disconnection(cause: &str) -> &'static str {
    match cause {
        "booted" => "the application is disconnected: told to go",
        "silence" => "the application is disconnected: nothing was heard for too long",
        _ => "the application is disconnected: the connection broke",
    }
}

/// The beginning of a session id.
fn short(session: &Text) -> String {
    let shown: String = session.chars().take(ID_SHOWN).collect();
    if shown.len() < session.len() { format!("{shown}…") } else { shown }
}
