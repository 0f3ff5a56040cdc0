//! Feeds a transcript to the machine, being its carrier.

mod draft;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use socketio08::policy::Policy;
use socketio08::server::{
    ExchangeId, Method, Refusal, Request, Response, Server, ServerEvent, ServerInput, ServerTransmit,
    SessionId,
};
use socketio08::{Instant, Text};

use self::draft::Draft;
use super::app::{self, App};
use super::compare::{self, Item, Sent, ServerStream, Tolerance};
use super::http::{self, NotWhole, Whole};
use super::hybi::{CLOSE, Frame, TEXT};
use super::transcript::{Transcript, What};

/// How long the recorder's application waited with `auth: later`.
const LATER: Duration = Duration::from_millis(200);

/// One connection: what the client sends is parsed as it comes, what ours sends is kept beside what was recorded.
#[derive(Default)]
struct Connection {
    name: String,
    bytes: Vec<u8>,
    upgraded: Option<ExchangeId>,
    draft: Option<Draft>,
    requests: usize,
    waiting: Vec<ExchangeId>,
    recorded: ServerStream,
    client_left: bool,
    ours: Vec<Sent>,
}

struct Player {
    server: Server,
    policy: Option<Policy>,
    now: Instant,
    app: App,
    connections: Vec<Connection>,
    /// The exchanges in order, each with its connection and the number of its request there.
    exchanges: Vec<(usize, usize)>,
    /// Those whose response goes on.
    streams: BTreeSet<ExchangeId>,
    /// Whether the application answers handshakes late, and those that wait for it.
    late: bool,
    /// A timer is firing.
    by_timer: bool,
    postponed: Vec<(Instant, ExchangeId)>,
}

/// Plays a transcript; returns the differences.
pub(crate) fn replay(transcript: &Transcript, tolerance: Tolerance) -> Vec<String> {
    let mut player = Player {
        server: Server::new(transcript.config.clone(), Instant::ZERO),
        policy: transcript.policy.clone(),
        now: Instant::ZERO,
        app: App::new(&transcript.harness, transcript.config.endpoints.clone()),
        connections: recorded_connections(transcript),
        exchanges: Vec::new(),
        streams: BTreeSet::new(),
        late: transcript.harness["auth"] == "later",
        by_timer: false,
        postponed: Vec::new(),
    };
    let heard = player.play(transcript);
    let mut lines = Vec::new();
    for connection in &player.connections {
        lines.extend(compare::differences(
            &connection.name,
            &connection.recorded.items,
            &connection.ours,
            tolerance,
        ));
    }
    lines.extend(app::differences(heard, &player.app.log));
    for line in &mut lines {
        for (index, id) in transcript.session_ids.iter().enumerate() {
            *line = line.replace(id, &format!("S{}", index + 1));
        }
    }
    lines
}

/// The connections in the order of their opening, with what the genuine server sent on each.
fn recorded_connections(transcript: &Transcript) -> Vec<Connection> {
    let mut connections: Vec<Connection> = Vec::new();
    for event in &transcript.events {
        let Some(name) = &event.connection else { continue };
        let latest = connections.iter_mut().rfind(|connection| connection.name == *name);
        match (&event.what, latest) {
            (What::Open { .. }, _) => {
                connections.push(Connection { name: name.clone(), ..Connection::default() });
            }
            (What::FromServer(bytes), Some(connection)) => connection.recorded.push(event.at_ms, bytes),
            (What::ClientFin | What::ClientReset, Some(connection)) => connection.client_left = true,
            (What::ServerFin, Some(connection)) if !connection.client_left => {
                connection.recorded.fin(event.at_ms);
            }
            _ => {}
        }
    }
    connections
}

impl Player {
    /// Returns what the genuine application heard.
    fn play(&mut self, transcript: &Transcript) -> Vec<String> {
        let mut heard = Vec::new();
        let mut open: BTreeMap<&str, usize> = BTreeMap::new();
        let mut opened = 0;
        for event in &transcript.events {
            self.advance_to(Instant::from_millis(event.at_ms));
            let connection = event.connection.as_deref().and_then(|name| open.get(name).copied());
            match (&event.what, connection) {
                (What::Open { policy_port }, _) => {
                    open.insert(event.connection.as_deref().unwrap_or_default(), opened);
                    if *policy_port {
                        self.give_policy(opened);
                    }
                    opened += 1;
                }
                (What::FromClient(bytes), Some(index)) => self.client_sent(index, bytes),
                (What::ClientFin, Some(index)) => self.client_left(index, true),
                (What::ClientReset, Some(index)) => self.client_left(index, false),
                (What::Told(script, result), _) => self.told(script, result.as_str()),
                (What::Heard(event), _) => heard.extend(app::heard(event)),
                _ => {}
            }
        }
        heard
    }

    fn told(&mut self, script: &str, result: Option<&str>) {
        app::obey(&mut self.server, self.now, script);
        self.drive();
        if script.contains("io.handshaken") {
            let ids: Vec<String> = serde_json::from_str(result.unwrap_or_default()).expect("a list of ids");
            assert_eq!(self.server.session_count(), ids.len(), "sessions at {} ms", self.now.as_millis());
        }
    }

    fn client_sent(&mut self, index: usize, bytes: &[u8]) {
        self.connections[index].bytes.extend_from_slice(bytes);
        if self.connections[index].draft.is_some() || self.is_no_http(index) {
            return self.draft_bytes(index);
        }
        while self.connections[index].upgraded.is_none() {
            match Whole::take(&mut self.connections[index].bytes) {
                Ok(request) => self.request(index, &request),
                Err(NotWhole::Incomplete) => return,
                Err(NotWhole::Malformed) => {
                    self.sent(index, Item::Fin);
                    self.connections[index].bytes.clear();
                    return;
                }
            }
        }
        self.frames(index);
    }

    fn frames(&mut self, index: usize) {
        let Some(exchange) = self.connections[index].upgraded else { return };
        while let Some(frame) = Frame::take(&mut self.connections[index].bytes) {
            let input = match frame.opcode {
                TEXT => {
                    let text = Text::from_utf8_lossy(Bytes::from(frame.payload));
                    ServerInput::Message { exchange, text }
                }
                CLOSE => ServerInput::Closed { exchange, clean: true },
                // A binary frame is ignored (facts 7.5).
                _ => continue,
            };
            let closing = matches!(input, ServerInput::Closed { .. });
            self.input(input);
            if closing {
                self.sent(index, Item::Fin);
            }
        }
    }

    fn request(&mut self, index: usize, request: &Whole) {
        let mut words = request.line.split(' ');
        let method = match words.next() {
            Some("GET" | "HEAD") => Method::Get,
            Some("POST") => Method::Post,
            Some("OPTIONS") => Method::Options,
            _ => Method::Other,
        };
        let target = Text::from(words.next().unwrap_or_default());
        let upgrade = request.header("upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
        let exchange = ExchangeId(self.exchanges.len() as u64);
        let connection = &mut self.connections[index];
        self.exchanges.push((index, connection.requests));
        connection.requests += 1;
        connection.waiting.push(exchange);
        let headers = request.headers.iter();
        let request = Request {
            exchange,
            method,
            target,
            headers: headers
                .map(|(name, value)| (Text::from(name.as_str()), Text::from(value.as_str())))
                .collect(),
            body: Bytes::from(request.body.clone()),
            upgrade,
            address: Text::from("127.0.0.1"),
            secure: false,
        };
        self.input(ServerInput::Request(request));
    }

    fn client_left(&mut self, index: usize, clean: bool) {
        let connection = &mut self.connections[index];
        let waiting = std::mem::take(&mut connection.waiting).into_iter().chain(connection.upgraded);
        for exchange in waiting.collect::<Vec<_>>() {
            self.input(ServerInput::Closed { exchange, clean });
        }
    }

    fn input(&mut self, input: ServerInput) {
        self.server.handle_input(self.now, input);
        self.drive();
    }

    fn advance_to(&mut self, until: Instant) {
        loop {
            let timer = self.server.poll_timeout().map(|deadline| deadline.at);
            let answer = self.postponed.first().map(|&(at, _)| at);
            let Some(next) = timer.into_iter().chain(answer).min().filter(|&next| next <= until) else {
                break;
            };
            self.now = next.max(self.now);
            self.by_timer = true;
            self.server.handle_timeout(self.now);
            if answer == Some(next) {
                let (_, exchange) = self.postponed.remove(0);
                self.answer_handshake(exchange);
            }
            self.drive();
            self.by_timer = false;
        }
        self.now = until.max(self.now);
    }

    fn drive(&mut self) {
        loop {
            while let Some(transmit) = self.server.poll_transmit() {
                self.carry_out(transmit);
            }
            let Some(event) = self.server.poll_event() else { return };
            match event {
                ServerEvent::HandshakeRequested { exchange, .. } if self.late => {
                    self.postponed.push((self.now + LATER, exchange));
                }
                ServerEvent::HandshakeRequested { exchange, .. } => self.answer_handshake(exchange),
                ServerEvent::Outside(request) => {
                    let body = Bytes::from_static(b"app: not socket.io");
                    let headers = vec![("Content-Type", Text::from("text/plain"))];
                    let response = Response { status: 404, headers, body };
                    self.server.respond(self.now, request.exchange, response).expect("it waits");
                }
                event => self.app.hear(&mut self.server, self.now, event),
            }
        }
    }

    /// As the recorded application did: the recorded answer tells, and which id the genuine server made up.
    fn answer_handshake(&mut self, exchange: ExchangeId) {
        let (index, number) = self.exchanges[usize::try_from(exchange.0).expect("a small number")];
        let mut answers = self.connections[index].recorded.items.iter().filter_map(|sent| match &sent.item {
            Item::Response { body, .. } => Some(body.as_str()),
            _ => None,
        });
        let body = answers.nth(number).unwrap_or_default();
        let refusal =
            [("handshake unauthorized", Refusal::Unauthorized), ("handshake error", Refusal::Error)];
        if let Some((_, refusal)) = refusal.into_iter().find(|(text, _)| body.contains(text)) {
            return self.server.refuse(self.now, exchange, refusal).expect("it waits");
        }
        let id = body.split(':').next().unwrap_or_default();
        let id = id.rsplit('"').next().unwrap_or_default();
        let plain = !id.is_empty() && id.bytes().all(is_of_an_id);
        let id = if plain { id } else { "unrecorded" };
        let accepted = self.server.accept(self.now, exchange, SessionId(Text::from(id)));
        assert_eq!(accepted, Ok(()), "{id:?} in {body:?}");
    }

    fn carry_out(&mut self, transmit: ServerTransmit) {
        let (exchange, item) = match transmit {
            ServerTransmit::Respond { exchange, response } => {
                let headers = response.headers.iter();
                let headers =
                    headers.map(|(name, value)| format!("{}: {value}", name.to_ascii_lowercase())).collect();
                let body = String::from_utf8_lossy(&response.body).into_owned();
                (exchange, Item::Response { status: response.status, headers, body })
            }
            ServerTransmit::Begin { exchange, response } => {
                let headers = response.headers.iter();
                let headers = headers
                    .map(|(name, value)| (name.to_ascii_lowercase(), value.to_string()))
                    .filter(|(name, value)| !http::is_of_node(name, value))
                    .map(|(name, value)| format!("{name}: {value}"))
                    .collect();
                let body = String::from_utf8_lossy(&response.body).into_owned();
                self.streams.insert(exchange);
                let (index, _) = self.exchanges[usize::try_from(exchange.0).expect("a small number")];
                self.sent(index, Item::Begin { status: response.status, headers });
                self.sent(index, Item::Chunk(body));
                return;
            }
            ServerTransmit::Chunk { exchange, chunk } => {
                (exchange, Item::Chunk(String::from_utf8_lossy(&chunk).into_owned()))
            }
            ServerTransmit::Close { exchange } if self.streams.remove(&exchange) => (exchange, Item::End),
            ServerTransmit::Upgrade { exchange } => (exchange, Item::Upgraded),
            ServerTransmit::Message { exchange, text } => (exchange, Item::Message(text.to_string())),
            ServerTransmit::Close { exchange } => (exchange, Item::Fin),
            ServerTransmit::Forward { .. }
            | ServerTransmit::StoreGet { .. }
            | ServerTransmit::StorePut { .. }
            | ServerTransmit::StoreDelete { .. }
            | ServerTransmit::Publish { .. }
            | ServerTransmit::Subscribe { .. }
            | ServerTransmit::Unsubscribe { .. } => unreachable!("a server alone"),
        };
        let (index, _) = self.exchanges[usize::try_from(exchange.0).expect("a small number")];
        let connection = &mut self.connections[index];
        if !self.streams.contains(&exchange) {
            connection.waiting.retain(|&waiting| waiting != exchange);
        }
        if item == Item::Upgraded {
            connection.upgraded = Some(exchange);
        }
        if connection.draft.is_some() {
            return self.carry_out_on_draft(index, item);
        }
        self.sent(index, item);
    }

    fn sent(&mut self, index: usize, item: Item) {
        let sent = Sent { at_ms: self.now.as_millis(), by_timer: self.by_timer, item };
        self.connections[index].ours.push(sent);
    }
}

/// A character that ids have: digits in 0.8.7, base64 for URLs in 0.9.
fn is_of_an_id(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}
