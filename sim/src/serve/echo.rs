//! The echo: everything goes back to its sender.

use serde_json::value::RawValue;
use socketio08::server::{AckMode, Outgoing, Server, ServerEvent, SessionId};
use socketio08::{Body, Instant, Packet, Text, event_text, json_text};

/// Sends messages, JSON and events back as they came, on their endpoint; what wants an acknowledgement with data gets its own
/// data as such. Two events do something else: `leave` ends the session from this side, and `ask` sends a message that
/// wants a plain acknowledgement, then an event `question` that wants one with data, and reports that data in `answered`.
#[derive(Debug, Default)]
pub(super) struct Echo;

impl Echo {
    /// Takes one event; says what was wrong with what a client sent.
    #[expect(
        clippy::unused_self,
        reason = "an application is a value, if only its type tells it from others"
    )]
    pub(super) fn event(
        &mut self,
        now: Instant,
        server: &mut Server,
        event: &ServerEvent,
    ) -> Result<(), String> {
        match event {
            ServerEvent::Received { session, packet } => {
                Peer { now, server, session, endpoint: &packet.endpoint }.received(packet)
            }
            ServerEvent::Acknowledged { session, endpoint, args, .. } => {
                Peer { now, server, session, endpoint }.acknowledged(args)
            }
            _ => Ok(()),
        }
    }
}

/// One endpoint of one session, at one moment. What is sent to it is lost if the session has ended meanwhile, as all
/// that waits for such a session is.
struct Peer<'a> {
    now: Instant,
    server: &'a mut Server,
    session: &'a SessionId,
    endpoint: &'a Text,
}

impl Peer<'_> {
    fn received(&mut self, packet: &Packet) -> Result<(), String> {
        let (outgoing, args) = match &packet.body {
            Body::Message { data } => (Outgoing::Message(data.clone()), json_text(&[data.as_str()])),
            Body::Json { data } => {
                (Outgoing::Json(data.clone()), packet.json::<&RawValue>().and_then(|data| json_text(&[data])))
            }
            Body::Event { data } => {
                let event = packet.event().map_err(|error| error.to_string())?;
                match event.name() {
                    "leave" => {
                        let _ = self.server.disconnect(self.now, self.session);
                        return Ok(());
                    }
                    "ask" => return self.ask(),
                    _ => (Outgoing::Event(data.clone()), Ok(Text::from(event.args_text()))),
                }
            }
            _ => return Ok(()),
        };
        let args = args.map_err(|error| error.to_string())?;
        if let Some(id) = packet.id.as_ref().filter(|id| id.with_data) {
            let _ = self.server.acknowledge(self.now, self.session, self.endpoint, id, args);
        }
        self.send(outgoing, AckMode::None)
    }

    fn acknowledged(&mut self, args: &Text) -> Result<(), String> {
        if args.is_empty() {
            let question = event_text("question", &["and this"]).map_err(|error| error.to_string())?;
            return self.send(Outgoing::Event(question), AckMode::WithData);
        }
        let args: &RawValue = serde_json::from_str(args)
            .map_err(|error| format!("the arguments of an acknowledgement: {error}"))?;
        let answered = event_text("answered", args).map_err(|error| error.to_string())?;
        self.send(Outgoing::Event(answered), AckMode::None)
    }

    fn ask(&mut self) -> Result<(), String> {
        self.send(Outgoing::Message(Text::from_static("acknowledge this")), AckMode::Plain)
    }

    fn send(&mut self, outgoing: Outgoing, ack: AckMode) -> Result<(), String> {
        self.server
            .send(self.now, self.session, self.endpoint, outgoing, ack)
            .map(|_| ())
            .map_err(|error| format!("the answer was not sent: {error:?}"))
    }
}
