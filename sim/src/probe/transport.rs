//! One transport: connect, five messages, a silence, one last message.

use std::time::{Duration, Instant};

use socketio08::client::{ClientBehaviour, ClientConfig, ClientEvent};
use socketio08::server::{AckMode, Outgoing};
use socketio08::{Body, Packet, Reason, Text, Transport};
use socketio08_tokio::{DriverConfig, TroubleKind};

use super::http::{Site, status_and_server};
use super::session::{Happening, Session};
use super::steps::Problem;
use super::{Options, epoch_millis};
use crate::world::application::{LAST, LETTERS};

/// How long an echo may come after the acknowledgement, which the server sends by itself before its application runs.
const ECHO_AFTER_ACK: Duration = Duration::from_secs(1);

/// How a message is known to have arrived and how it came back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Proof {
    /// The application sent it back.
    Echoed,
    /// The application sent it to another client.
    Seen,
    /// Only the server answered, by an acknowledgement.
    Acknowledged,
}

impl Proof {
    fn word(self) -> &'static str {
        match self {
            Proof::Echoed => "echoed",
            Proof::Seen => "seen by a second client",
            Proof::Acknowledged => "acknowledged",
        }
    }
}

/// Goes through the conversation; returns the line to print.
pub(super) async fn converse(
    options: &Options,
    site: &Site,
    transport: Transport,
    cookies: &[String],
) -> Result<String, Problem> {
    let mut conversation = Conversation::start(options, site, transport, cookies).await?;
    let proof = conversation.first_message().await?;
    for letter in &LETTERS[1..] {
        conversation.message(letter, proof).await?;
    }
    conversation.quiet().await?;
    conversation.message(LAST, proof).await?;
    conversation.end().await;
    let remark = match proof {
        Proof::Echoed => "",
        Proof::Seen => " (the application does not echo to the sender)",
        Proof::Acknowledged => " by the server (its application sent nothing back)",
    };
    Ok(format!(
        "{} {}{remark}, {} s quiet, last one {}",
        LETTERS.join(" "),
        proof.word(),
        options.quiet.as_secs_f64(),
        proof.word()
    ))
}

struct Conversation<'a> {
    options: &'a Options,
    site: &'a Site,
    transport: Transport,
    cookies: &'a [String],
    session: Session,
    /// Opened only if the application does not echo.
    witness: Option<Session>,
    /// Makes our messages recognisable among those of other users.
    tag: String,
}

impl<'a> Conversation<'a> {
    async fn start(
        options: &'a Options,
        site: &'a Site,
        transport: Transport,
        cookies: &'a [String],
    ) -> Result<Self, Problem> {
        let session = connect(options, site, transport, cookies).await?;
        let tag = tag();
        Ok(Self { options, site, transport, cookies, session, witness: None, tag })
    }

    /// Finds out what this application does with a message.
    async fn first_message(&mut self) -> Result<Proof, Problem> {
        let first = self.attempt(LETTERS[0], None).await?;
        if first == Some(Proof::Echoed) {
            return Ok(Proof::Echoed);
        }
        // A second client that cannot connect only means that nothing can be seen by it.
        self.witness = connect(self.options, self.site, self.transport, self.cookies).await.ok();
        let second = self.attempt(LETTERS[0], None).await?;
        second.or(first).ok_or_else(|| self.unanswered(LETTERS[0]))
    }

    async fn message(&mut self, letter: &str, expected: Proof) -> Result<(), Problem> {
        match self.attempt(letter, Some(expected)).await? {
            Some(_) => Ok(()),
            None => Err(self.unanswered(letter)),
        }
    }

    /// Sends one message and waits for `expected`, or for the best proof that comes.
    async fn attempt(&mut self, letter: &str, expected: Option<Proof>) -> Result<Option<Proof>, Problem> {
        let text = format!("{letter} {}", self.tag);
        self.session.send("", Outgoing::Message(Text::from(text.as_str())), AckMode::Plain);
        let mut end = Instant::now() + self.options.patience;
        let mut best = None;
        while let Some(happening) = self.next(end).await {
            let proof = match happening {
                Seen::ByWitness(packet) => carries(&packet, &text).then_some(Proof::Seen),
                Seen::BySender(Happening::Event(ClientEvent::Received { packet, .. })) => {
                    carries(&packet, &text).then_some(Proof::Echoed)
                }
                Seen::BySender(Happening::Event(ClientEvent::Acknowledged { .. })) => {
                    Some(Proof::Acknowledged)
                }
                Seen::BySender(other) => match lost(&other) {
                    Some(why) => return Err(self.broken(&format!("after `{letter}` was sent"), &why)),
                    None => None,
                },
            };
            match proof {
                Some(Proof::Acknowledged) if expected.is_none() => {
                    best = Some(Proof::Acknowledged);
                    end = end.min(Instant::now() + ECHO_AFTER_ACK);
                }
                Some(proof) if expected.is_none_or(|expected| expected == proof) => return Ok(Some(proof)),
                _ => {}
            }
        }
        Ok(best)
    }

    /// What happens next to either client; `None` at `end`.
    async fn next(&mut self, end: Instant) -> Option<Seen> {
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Some(witness) = &mut self.witness else {
                return self.session.next(left).await.map(Seen::BySender);
            };
            tokio::select! {
                biased;
                happening = self.session.next(left) => return happening.map(Seen::BySender),
                happening = witness.next(left) => match happening {
                    Some(Happening::Event(ClientEvent::Received { packet, .. })) => {
                        return Some(Seen::ByWitness(packet));
                    }
                    Some(_) => {}
                    None => self.witness = None,
                },
            }
        }
    }

    async fn quiet(&mut self) -> Result<(), Problem> {
        let started = Instant::now();
        while let Some(seen) = self.next(started + self.options.quiet).await {
            if let Seen::BySender(happening) = seen
                && let Some(why) = lost(&happening)
            {
                let when = format!("after {:.1} s of silence", started.elapsed().as_secs_f64());
                return Err(self.broken(&when, &why));
            }
        }
        Ok(())
    }

    async fn end(self) {
        self.session.leave().await;
        if let Some(witness) = self.witness {
            witness.leave().await;
        }
    }

    fn unanswered(&self, letter: &str) -> Problem {
        let patience = self.options.patience;
        let meaning = match self.transport {
            Transport::Websocket => "the server hangs, or what clients send is lost on the way",
            _ => {
                "POSTs are lost: a server that does not know the session answers them and drops what they say"
            }
        };
        Problem {
            line: format!(
                "connected, but `{letter}` was neither acknowledged nor sent back within {patience:?}: {meaning}"
            ),
            summary: format!("messages over {} are not answered", self.transport),
        }
    }

    fn broken(&self, when: &str, why: &str) -> Problem {
        Problem { line: format!("lost {when}: {why}"), summary: format!("{} does not last", self.transport) }
    }
}

enum Seen {
    BySender(Happening),
    ByWitness(Packet),
}

/// Whether the packet brings our text, bare or inside whatever the application wraps it in.
fn carries(packet: &Packet, text: &str) -> bool {
    match &packet.body {
        Body::Message { data } | Body::Json { data } | Body::Event { data } => data.contains(text),
        _ => false,
    }
}

/// Eight hexadecimal digits; uniqueness is convenience here, not safety.
fn tag() -> String {
    let mut random = [0_u8; 4];
    if getrandom::fill(&mut random).is_err() {
        return format!("{:08x}", epoch_millis() & 0xffff_ffff);
    }
    format!("{:08x}", u32::from_be_bytes(random))
}

async fn connect(
    options: &Options,
    site: &Site,
    transport: Transport,
    cookies: &[String],
) -> Result<Session, Problem> {
    let mut driver = DriverConfig::new(site.url.host_header());
    if !cookies.is_empty() {
        driver.extra_headers.push(("Cookie".to_owned(), cookies.join("; ")));
    }
    let client = ClientConfig::default()
        .behaviour(ClientBehaviour::Genuine)
        .resource(Text::from(options.resource.as_str()))
        .transports(vec![transport])
        .epoch_millis(epoch_millis())
        .connect_timeout(options.patience)
        .try_multiple_transports(false)
        .reconnect(false);
    let mut session = Session::open(site.address, driver, client);
    let end = Instant::now() + options.patience;
    let blocked = |line: String| Problem { line, summary: format!("{transport} does not connect") };
    while let Some(happening) = session.next(end.saturating_duration_since(Instant::now())).await {
        match happening {
            Happening::Event(ClientEvent::Connected { .. }) => return Ok(session),
            Happening::Event(ClientEvent::Error { reason: Some(Reason::ClientNotHandshaken), .. }) => {
                return Err(Problem {
                    line: "the first request of the session was answered 7:::1+0: it reached a server that did not do the \
                           handshake"
                        .to_owned(),
                    summary: format!("{transport} reaches another server than the handshake"),
                });
            }
            Happening::Trouble(TroubleKind::UpgradeRefused { status, server }) => {
                return Err(upgrade_refused(status, server.as_deref()));
            }
            other => {
                if let Some(why) = lost(&other) {
                    return Err(blocked(format!("not connected: {why}{}", hint(transport, &other))));
                }
            }
        }
    }
    Err(blocked(format!(
        "no `1::` within {:?}: {}",
        options.patience,
        match transport {
            Transport::Websocket => "something on the way takes the upgrade and passes nothing on",
            _ => "something on the way holds answers back",
        }
    )))
}

fn upgrade_refused(status: u16, server: Option<&str>) -> Problem {
    let by = status_and_server(status, server);
    let meaning = match status {
        200 | 400 | 426 | 502 => {
            "the proxy drops the Upgrade header (nginx: proxy_http_version 1.1 and proxy_set_header Upgrade / Connection)"
        }
        401 | 403 => "the proxy or the server refuses websockets",
        404 => "the path of the websocket is not passed to Socket.IO",
        503 | 504 => "the proxy reached no server with it in time",
        _ => "an upgrade is answered 101",
    };
    Problem {
        line: format!("upgrade answered {by}: {meaning}"),
        summary: "websocket is blocked by the proxy".to_owned(),
    }
}

/// Why the connection is no more, if that is what the happening says.
fn lost(happening: &Happening) -> Option<String> {
    Some(match happening {
        Happening::Trouble(TroubleKind::Connect(kind)) => format!("a connection failed: {kind}"),
        Happening::Trouble(TroubleKind::Request(why)) => format!("a request got no answer: {why}"),
        Happening::Trouble(TroubleKind::UpgradeRefused { status, server }) => {
            format!("upgrade answered {}", status_and_server(*status, server.as_deref()))
        }
        Happening::Trouble(TroubleKind::Websocket(why)) => format!("the websocket failed: {why}"),
        Happening::Trouble(TroubleKind::Limit(limit)) => format!("more than `{limit}` allows"),
        Happening::Event(ClientEvent::Disconnected { cause }) => format!("disconnected ({cause:?})"),
        Happening::Event(ClientEvent::HandshakeFailed { status, body }) => {
            format!("the handshake was answered {status} {:?}", body.as_str())
        }
        Happening::Event(ClientEvent::Error { reason: Some(Reason::ClientNotHandshaken), .. }) => {
            "answered 7:::1+0: the server does not know the session".to_owned()
        }
        Happening::Event(ClientEvent::ConnectFailed { .. }) => "no transport connected".to_owned(),
        _ => return None,
    })
}

/// What a failed connection usually means, by transport.
fn hint(transport: Transport, happening: &Happening) -> &'static str {
    match (transport, happening) {
        (Transport::Websocket, Happening::Trouble(TroubleKind::Request(_) | TroubleKind::Websocket(_))) => {
            "; a genuine server closes like this when a proxy dropped the Upgrade header"
        }
        _ => "",
    }
}
