//! The recorded transcripts of the genuine client, replayed against [`Client`] in virtual time: what the peer did is fed
//! in as it was recorded, and what the client sends and tells is compared with what the genuine one sent and told.
//!
//! Compared are requests (method, target with the value of `t` blanked, body), websocket messages, aborted requests (of
//! the browser build; the Node build's platform aborts nothing) and events with their arguments, each with its time.

#![allow(unreachable_pub, reason = "the files of a test are one crate")]

#[path = "../client_rig/mod.rs"]
mod client_rig;
mod scenarios;
mod told;
mod transcript;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use client_rig::{Happening, Rig, Silent, exchange};
use scenarios::{Act, Part, SCENARIOS, SCENARIOS_0_9, Scenario, Verdict};
use serde_json::Value;
use socketio08::client::{Client, ClientBehaviour, ClientConfig, ClientEvent, ClientInput, ClientTransmit};
use socketio08::server::{AckMode, ExchangeId, Outgoing};
use socketio08::{Body, Instant, Profile, Text, Transport};
use transcript::{Noted, Request, Transcript, blank_time};

/// How far a time may be off, in milliseconds: the recorder's processes were that slow to start and to be scheduled. The
/// median of each transcript is within [`TOLERANCE_MEDIAN`].
const TOLERANCE: u64 = 100;
const TOLERANCE_MEDIAN: u64 = 40;

fn folder(release: Profile) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(match release {
        Profile::V0_8_7 => "tests/data/client-transcripts",
        Profile::V0_9 => "tests/data/client-transcripts-0.9.17",
    })
}

#[test]
fn every_transcript_of_0_8_7_is_in_the_table_and_compares_as_it_says() {
    compare_all(Profile::V0_8_7, SCENARIOS);
}

#[test]
fn every_transcript_of_0_9_is_in_the_table_and_compares_as_it_says() {
    compare_all(Profile::V0_9, SCENARIOS_0_9);
}

fn compare_all(release: Profile, scenarios: &[Scenario]) {
    let mut files: BTreeSet<String> = std::fs::read_dir(folder(release))
        .expect("the transcripts")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().replace(".json", ""))
        .collect();
    let (mut equal, mut different) = (0, 0);
    let mut failures = Vec::new();
    for scenario in scenarios {
        assert!(
            files.remove(scenario.name),
            "{} is in the table, but not in the folder, or twice",
            scenario.name
        );
        match (scenario.verdict, replay_parts(release, scenario)) {
            (Verdict::Equal, Ok(())) => equal += 1,
            (Verdict::Different(reason, expected), Err(difference)) if difference == expected => {
                println!("{}: different: {reason}: {difference}", scenario.name);
                different += 1;
            }
            (_, Ok(())) => failures.push(format!("{}: equal, and should not be", scenario.name)),
            (_, Err(difference)) => failures.push(format!("{}: {difference}", scenario.name)),
        }
    }
    println!("{equal} equal, {different} different");
    assert!(files.is_empty(), "not in the table: {files:?}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(equal > 0 && different > 0, "a class is empty");
}

/// What differs first, if anything does.
fn replay_parts(release: Profile, scenario: &Scenario) -> Result<(), String> {
    const WHOLE: &[Part] = &[Part { conns: &[], own: "a" }];
    let parts = if scenario.parts.is_empty() { WHOLE } else { scenario.parts };
    parts.iter().try_for_each(|part| replay(release, scenario, part))
}

fn replay(release: Profile, scenario: &Scenario, part: &Part) -> Result<(), String> {
    let path = folder(release).join(format!("{}.json", scenario.name));
    let transcript = Transcript::read(&path, part.conns);
    let mut replay = Replay::new(release, scenario, part, &transcript);
    replay.run();
    replay.compare()
}

// --- the client's configuration

fn config(release: Profile, transcript: &Transcript) -> ClientConfig {
    let options = &transcript.options;
    let millis = |name: &str| options[name].as_u64().map(Duration::from_millis);
    let defaults = ClientConfig::for_profile(release);
    let attempts_max = options["max reconnection attempts"].as_u64();
    let attempts_max = attempts_max.map(|attempts| u32::try_from(attempts).expect("small"));
    let (connect_timeout, delay) = (defaults.connect_timeout, defaults.reconnection_delay);
    let default_attempts_max = defaults.max_reconnection_attempts;
    defaults
        .behaviour(ClientBehaviour::Genuine)
        .transports(effective_transports(transcript))
        .available(available_transports(transcript))
        .script_handshake(transcript.without_cors)
        .query(Text::from(transcript.query.as_str()))
        .connect_timeout(millis("connect timeout").unwrap_or(connect_timeout))
        .try_multiple_transports(options["try multiple transports"].as_bool().unwrap_or(true))
        .reconnect(options["reconnect"].as_bool().unwrap_or(true))
        .reconnection_delay(millis("reconnection delay").unwrap_or(delay))
        .reconnection_limit(millis("reconnection limit"))
        .max_reconnection_attempts(attempts_max.unwrap_or(default_attempts_max))
}

/// The option is merged into the default list index by index (facts 10.3).
fn effective_transports(transcript: &Transcript) -> Vec<Transport> {
    use Transport::{Websocket, XhrPolling};
    let mut effective = if transcript.browser {
        // The browser build of the recorder has no flashsocket.
        vec![Websocket, Transport::Htmlfile, XhrPolling, Transport::JsonpPolling]
    } else {
        vec![Websocket, XhrPolling, Websocket, XhrPolling]
    };
    let named = transcript.options["transports"].as_array().cloned().unwrap_or_default();
    for (index, name) in named.iter().filter_map(Value::as_str).enumerate() {
        effective[index] = Transport::from_name(name).expect("a transport");
    }
    effective
}

/// What the platform of the recorder has: Node no page to put scripts into, its stub of a browser no `ActiveX`.
fn available_transports(transcript: &Transcript) -> Vec<Transport> {
    use Transport::{JsonpPolling, Websocket, XhrPolling};
    let mut available = vec![Websocket, XhrPolling];
    available.extend(transcript.browser.then_some(JsonpPolling));
    available.retain(|transport| match transport {
        Websocket => !transcript.without_websocket,
        XhrPolling => !transcript.without_cors,
        _ => true,
    });
    available
}

// --- the replay

/// One step of the peer, the application or the platform, at its recorded time.
#[derive(Clone, Copy)]
enum Step<'a> {
    Answer { request: usize, status: u16, body: &'a [u8] },
    Cut { request: usize },
    Control(usize),
    Message { request: usize, message: &'a [u8] },
    Opened { request: usize },
    SocketEnded,
}

struct Replay<'a> {
    scenario: &'a Scenario,
    transcript: &'a Transcript,
    /// The name of the first socket.
    own: &'static str,
    rig: Rig<Silent>,
    endpoint: Text,
    /// Which exchange of the client is which recorded request.
    matched: Vec<Option<ExchangeId>>,
    /// How much of the log the application has seen.
    seen: usize,
    /// Where the log says that the application left a namespace.
    left_here: BTreeSet<usize>,
}

impl<'a> Replay<'a> {
    fn new(release: Profile, scenario: &'a Scenario, part: &Part, transcript: &'a Transcript) -> Self {
        let rig = Rig::silent(config(release, transcript));
        let endpoint = Text::from(transcript.path.as_str());
        let matched = vec![None; transcript.requests.len()];
        Self {
            scenario,
            transcript,
            own: part.own,
            rig,
            endpoint,
            matched,
            seen: 0,
            left_here: BTreeSet::new(),
        }
    }

    fn run(&mut self) {
        let requests = &self.transcript.requests;
        let noted = self.transcript.noted.first().map_or(0, |(at, _)| *at);
        let first = requests.first().map_or(noted, |request| request.at);
        self.rig.run_until(Instant::from_millis(first));
        if self.transcript.options["auto connect"] != false {
            self.rig.connect();
        }
        if !self.endpoint.is_empty() {
            let endpoint = self.endpoint.clone();
            self.rig.call(|client, now| client.join(now, endpoint)).expect("an endpoint");
        }
        self.act_all(self.scenario.start);
        for (at, step) in steps(self.transcript, self.scenario) {
            // What reaches the process as it exits is too late.
            if at >= self.transcript.end {
                break;
            }
            self.advance(at);
            self.take(step);
            self.react();
        }
        self.advance(self.transcript.end);
    }

    /// Time passes; connections that are refused are refused at once.
    fn advance(&mut self, end: u64) {
        while let Some(deadline) =
            self.rig.client.poll_timeout().filter(|deadline| deadline.at.as_millis() <= end)
        {
            self.rig.run_until(deadline.at);
            self.react();
        }
        self.rig.run_until(Instant::from_millis(end));
    }

    fn take(&mut self, step: Step<'a>) {
        match step {
            Step::Answer { request, status, body } => {
                if let Some(exchange) = self.exchange_of(request) {
                    let body = Bytes::copy_from_slice(body);
                    self.rig.input(ClientInput::Response { exchange, status, body });
                }
            }
            Step::Cut { request } => {
                if let Some(exchange) = self.exchange_of(request) {
                    self.rig.closed(exchange);
                }
            }
            Step::Control(index) => {
                self.act_all(self.scenario.controls.get(index).copied().unwrap_or_default());
            }
            Step::Message { request, message } => {
                if let Some(exchange) = self.exchange_of(request) {
                    self.rig.message(exchange, std::str::from_utf8(message).expect("UTF-8"));
                }
            }
            Step::Opened { request } => {
                if let Some(exchange) = self.exchange_of(request) {
                    self.rig.input(ClientInput::Opened { exchange });
                }
            }
            Step::SocketEnded => {
                let newest = self.rig.log.iter().rev().find_map(|happening| match happening {
                    Happening::Sent(_, ClientTransmit::Open { exchange, .. }) => Some(*exchange),
                    _ => None,
                });
                if let Some(exchange) = newest {
                    self.rig.closed(exchange);
                }
            }
        }
    }

    /// Matches recorded requests with the client's, each key in order, up to the one wanted.
    fn exchange_of(&mut self, wanted: usize) -> Option<ExchangeId> {
        for index in 0..=wanted {
            if self.matched[index].is_some() {
                continue;
            }
            let key = &self.transcript.requests[index].key;
            let taken: Vec<ExchangeId> = self.matched.iter().flatten().copied().collect();
            self.matched[index] = sent(&self.rig.log)
                .filter(|(at, sent_key, exchange)| sent_key == key && !self.left_no_trace(*at, *exchange))
                .map(|(_, _, exchange)| exchange)
                .find(|exchange| !taken.contains(exchange));
        }
        self.matched[wanted]
    }

    // --- the application

    fn act_all(&mut self, acts: &[Act]) {
        for act in acts {
            self.act(*act);
        }
        self.react();
    }

    fn act(&mut self, act: Act) {
        let text = Text::from_static;
        let message = |data| Outgoing::Message(text(data));
        match act {
            Act::Abandon => self.rig.call(Client::abandon),
            Act::Connect => self.rig.call(Client::connect),
            Act::Disconnect => self.rig.call(Client::disconnect),
            Act::Emit(endpoint, json) => self.send(endpoint, Outgoing::Event(text(json)), AckMode::None),
            Act::EmitAck(endpoint, json) => {
                self.send(endpoint, Outgoing::Event(text(json)), AckMode::WithData);
            }
            Act::Join(endpoint) => {
                self.rig.call(|client, now| client.join(now, text(endpoint))).expect("an endpoint");
            }
            Act::Json(endpoint, json) => self.send(endpoint, Outgoing::Json(text(json)), AckMode::None),
            Act::Leave(endpoint) => {
                let before = self.rig.log.len();
                self.rig.call(|client, now| client.leave(now, &text(endpoint))).expect("joined");
                self.left_here.extend(before..self.rig.log.len());
            }
            Act::Send(endpoint, data) => self.send(endpoint, message(data), AckMode::None),
            Act::SendAck(endpoint, data) => self.send(endpoint, message(data), AckMode::Plain),
        }
    }

    fn send(&mut self, endpoint: &'static str, outgoing: Outgoing, ack: AckMode) {
        let endpoint = Text::from_static(endpoint);
        self.rig.call(|client, now| client.send(now, &endpoint, outgoing, ack)).expect("room");
    }

    /// What the application does about the events told since the last time.
    fn react(&mut self) {
        while let Some(happening) = self.rig.log.get(self.seen).cloned() {
            self.seen += 1;
            match happening {
                Happening::Told(_, ClientEvent::Disconnected { .. }) => {
                    for act in self.scenario.on_disconnect {
                        self.act(*act);
                    }
                }
                Happening::Told(_, ClientEvent::Received { packet, .. }) if self.scenario.acknowledges => {
                    self.acknowledge(&packet);
                }
                Happening::Sent(at, transmit) if self.is_refused(at) => {
                    self.rig.closed(exchange(&transmit));
                }
                _ => {}
            }
        }
    }

    fn is_refused(&self, at: Instant) -> bool {
        self.scenario.refused_from.is_some_and(|from| at.as_millis() >= from)
    }

    fn acknowledge(&mut self, packet: &socketio08::Packet) {
        let Some(id) = packet.id.clone().filter(|id| id.with_data) else { return };
        let args = match &packet.body {
            Body::Message { data } => format!("[\"r\",{}]", Value::from(data.as_str())),
            Body::Json { data } => format!("[\"r\",{data}]"),
            // The application listens to events of the root only.
            Body::Event { .. } if packet.endpoint.is_empty() => String::from("[\"ok\",2]"),
            _ => return,
        };
        let endpoint = packet.endpoint.clone();
        let sent = self.rig.call(|client, now| client.acknowledge(now, &endpoint, &id, Text::from(args)));
        sent.expect("room");
    }

    // --- the comparison

    fn compare(&mut self) -> Result<(), String> {
        let mut deviations = Vec::new();
        self.compare_requests(&mut deviations)?;
        self.compare_messages(&mut deviations)?;
        self.compare_aborts()?;
        self.compare_acknowledgements()?;
        self.compare_events(&mut deviations)?;
        deviations.sort_unstable();
        let (median, max) = (deviations.get(deviations.len() / 2), deviations.last());
        println!(
            "{}: {} times, median {median:?} ms off, most {max:?} ms",
            self.scenario.name,
            deviations.len()
        );
        let (of_median, of_max) = match self.scenario.tolerance {
            Some(tolerance) => (tolerance, tolerance),
            None => (TOLERANCE_MEDIAN, TOLERANCE),
        };
        if median.is_some_and(|median| *median > of_median) || max.is_some_and(|max| *max > of_max) {
            return Err(format!("times are off: median {median:?} ms, most {max:?} ms"));
        }
        Ok(())
    }

    fn compare_requests(&mut self, deviations: &mut Vec<u64>) -> Result<(), String> {
        let requests: Vec<&Request> = self.transcript.requests.iter().collect();
        if let Some(last) = requests.len().checked_sub(1) {
            let _ = self.exchange_of(last);
        }
        let mut extra: Vec<(Instant, String, ExchangeId)> = sent(&self.rig.log).collect();
        extra.retain(|(at, _, exchange)| !self.is_refused(*at) && !self.left_no_trace(*at, *exchange));
        for (request, exchange) in requests.iter().zip(&self.matched) {
            let Some(position) = extra.iter().position(|(_, _, sent)| Some(*sent) == *exchange) else {
                return Err(format!("not sent: {} at {} ms", request.key, request.at));
            };
            let (at, _, _) = extra.remove(position);
            deviations.push(at.as_millis().abs_diff(request.at));
        }
        match extra.first() {
            None => Ok(()),
            Some((at, key, _)) => Err(format!("sent, but not recorded: {key} at {} ms", at.as_millis())),
        }
    }

    /// A request that is aborted at once leaves a connection and nothing on it. (The Node build of 0.8.7 aborts none.)
    fn left_no_trace(&self, sent: Instant, exchange: ExchangeId) -> bool {
        let aborts = self.transcript.browser || self.rig.client.config().profile == Profile::V0_9;
        aborts
            && self.rig.log.iter().any(|happening| match happening {
                Happening::Sent(at, ClientTransmit::Close { exchange: closed }) => {
                    *closed == exchange && at.as_millis() <= sent.as_millis() + self.scenario.unsent_ms
                }
                _ => false,
            })
    }

    fn compare_messages(&self, deviations: &mut Vec<u64>) -> Result<(), String> {
        if !self.transcript.browser {
            return Ok(());
        }
        let recorded = self.transcript.noted.iter().filter_map(|(at, note)| match note {
            Noted::SocketSent(text) => Some((*at, text.clone())),
            _ => None,
        });
        let sent = self.rig.log.iter().filter_map(|happening| match happening {
            Happening::Sent(at, ClientTransmit::Message { text, .. }) => {
                Some((at.as_millis(), text.to_string()))
            }
            _ => None,
        });
        compare_lists(
            "websocket message",
            &recorded.collect::<Vec<_>>(),
            &sent.collect::<Vec<_>>(),
            deviations,
        )
    }

    fn compare_aborts(&self) -> Result<(), String> {
        if !self.transcript.browser {
            return Ok(());
        }
        let recorded =
            self.transcript.noted.iter().filter(|(_, note)| matches!(note, Noted::Aborted)).count();
        let closed = self.rig.log.iter();
        let closed = closed
            .filter(|happening| matches!(happening, Happening::Sent(_, ClientTransmit::Close { .. })))
            .count();
        if recorded == closed {
            Ok(())
        } else {
            Err(format!("{recorded} exchanges closed there, {closed} here"))
        }
    }

    fn compare_acknowledgements(&self) -> Result<(), String> {
        let recorded =
            self.transcript.noted.iter().filter(|(_, note)| matches!(note, Noted::Acknowledged)).count();
        let told = self.rig.log.iter();
        let told = told
            .filter(|happening| matches!(happening, Happening::Told(_, ClientEvent::Acknowledged { .. })))
            .count();
        if recorded == told { Ok(()) } else { Err(format!("{recorded} acknowledgements there, {told} here")) }
    }

    fn compare_events(&self, deviations: &mut Vec<u64>) -> Result<(), String> {
        let own = (self.own, self.endpoint.as_str());
        // Sockets of the page's other connections are theirs.
        let others = self.scenario.sockets.iter().copied().filter(|_| self.own == "a");
        for (socket, endpoint) in std::iter::once(own).chain(others) {
            let recorded: Vec<(u64, String)> =
                self.transcript.noted.iter().filter_map(|(at, note)| event_of(socket, *at, note)).collect();
            let mut told = told::events_of(endpoint, &self.rig.log, &self.left_here, self.transcript.browser);
            // A socket that the application makes later hears nothing before.
            if endpoint != own.1 {
                let first = recorded.first().map_or(u64::MAX, |(at, _)| at.saturating_sub(TOLERANCE));
                told.retain(|(at, _)| *at >= first);
            }
            compare_lists(&format!("event of {socket}"), &recorded, &told, deviations)?;
        }
        Ok(())
    }
}

fn event_of(wanted: &str, at: u64, note: &Noted) -> Option<(u64, String)> {
    match note {
        // The body of a request without an answer, in the words of Node's XMLHttpRequest.
        Noted::Event { socket, event, args }
            if socket == wanted && args.first().is_some_and(is_platform_error) =>
        {
            Some((at, format!("{event} [\"\"]")))
        }
        Noted::Event { socket, event, args } if socket == wanted => {
            Some((at, format!("{event} {}", Value::from(args.clone()))))
        }
        _ => None,
    }
}

fn is_platform_error(arg: &Value) -> bool {
    arg.as_str().is_some_and(|text| text.starts_with("Error: "))
}

fn compare_lists(
    what: &str,
    there: &[(u64, String)],
    here: &[(u64, String)],
    deviations: &mut Vec<u64>,
) -> Result<(), String> {
    for index in 0..there.len().max(here.len()) {
        match (there.get(index), here.get(index)) {
            (Some((there_at, there)), Some((here_at, here))) if there == here => {
                deviations.push(there_at.abs_diff(*here_at));
            }
            (there, here) => return Err(format!("{what} {index}: {there:?} there, {here:?} here")),
        }
    }
    Ok(())
}

/// The requests of the client: time, key as in the transcript, exchange.
fn sent(log: &[Happening]) -> impl Iterator<Item = (Instant, String, ExchangeId)> {
    log.iter().filter_map(|happening| {
        let Happening::Sent(at, transmit) = happening else { return None };
        let key = match transmit {
            ClientTransmit::Get { target, .. } => format!("GET {}", blank_time(target)),
            ClientTransmit::Post { target, body, .. } => format!("POST {} {body}", blank_time(target)),
            ClientTransmit::Form { target, body, .. } => format!("FORM {} {body}", blank_time(target)),
            ClientTransmit::Stream { target, .. } => format!("STREAM {}", blank_time(target)),
            ClientTransmit::Open { target, .. } => format!("OPEN {target}"),
            ClientTransmit::Message { .. } | ClientTransmit::Close { .. } => return None,
        };
        Some((*at, key, exchange(transmit)))
    })
}

/// Everything that happens to the client, in order of time; of one instant, as the transcript has it.
fn steps<'a>(transcript: &'a Transcript, scenario: &Scenario) -> Vec<(u64, Step<'a>)> {
    let mut steps = Vec::new();
    for (request, recorded) in transcript.requests.iter().enumerate() {
        if recorded.hixie {
            continue;
        }
        match &recorded.answer {
            Some((at, 101, _)) => steps.push((*at, Step::Opened { request })),
            Some((at, status, body)) => {
                let read = scenario.read_at.iter().find(|(index, _)| *index == request);
                let at = read.map_or(*at, |(_, at)| *at);
                steps.push((at, Step::Answer { request, status: *status, body }));
            }
            None => {}
        }
        steps.extend(recorded.messages.iter().map(|(at, message)| (*at, Step::Message { request, message })));
        if let Some(at) = recorded.cut.filter(|_| !recorded.key.starts_with("OPEN")) {
            steps.push((at, Step::Cut { request }));
        }
    }
    for (at, note) in &transcript.noted {
        match note {
            Noted::Control(index) => steps.push((*at, Step::Control(*index))),
            Noted::SocketEnded => steps.push((*at, Step::SocketEnded)),
            _ => {}
        }
    }
    steps.sort_by_key(|(at, _)| *at);
    steps
}
