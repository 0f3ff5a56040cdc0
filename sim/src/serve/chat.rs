//! The chat: messages are kept, given to each newcomer, and passed on to the others.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::value::RawValue;
use socketio08::server::{AckMode, Audience, Outgoing, Server, ServerEvent, SessionId};
use socketio08::{Body, Instant, Packet, Text, event_text, json_text};
use socketio08_tokio::Shard;

/// Most messages kept: what a newcomer can be expected to scroll through.
const KEPT_MAX: usize = 1_000;

/// Most bytes kept: half of what may wait for one session, so that a newcomer can be given all of them.
const KEPT_LEN_MAX: usize = 2_000_000;

/// The messages that are given to newcomers.
#[derive(Debug, Default)]
struct Kept {
    messages: VecDeque<Outgoing>,
    len: usize,
}

/// What is kept, once for each shard of the server and changed by its task alone: what a shard has kept, its sessions were sent.
#[derive(Clone, Debug)]
pub(super) struct Rooms(Arc<[Mutex<Kept>]>);

impl Rooms {
    pub(super) fn new(shards: usize) -> Self {
        Self((0..shards).map(|_| Mutex::default()).collect())
    }

    fn with<T>(&self, shard: usize, act: impl FnOnce(&mut Kept) -> T) -> Option<T> {
        let room = self.0.get(shard)?;
        Some(act(&mut room.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// The chat of one shard.
#[derive(Debug)]
pub(super) struct Chat {
    rooms: Rooms,
    /// `None`: the server has but one.
    shard: Option<Shard>,
}

impl Chat {
    pub(super) fn new(rooms: Rooms, shard: Option<Shard>) -> Self {
        Self { rooms, shard }
    }

    fn index(&self) -> usize {
        self.shard.as_ref().map_or(0, Shard::index)
    }

    /// Takes one event; says what was wrong with what a client sent.
    pub(super) fn event(
        &mut self,
        now: Instant,
        server: &mut Server,
        event: &ServerEvent,
    ) -> Result<(), String> {
        match event {
            ServerEvent::Connected { session, endpoint, .. } if endpoint.is_empty() => {
                self.rooms.with(self.index(), |kept| {
                    for message in &kept.messages {
                        // A newcomer that cannot take them all has ended meanwhile.
                        let _ = server.send(now, session, endpoint, message.clone(), AckMode::None);
                    }
                });
                Ok(())
            }
            ServerEvent::Received { session, packet } if packet.endpoint.is_empty() => {
                self.received(now, server, session, packet)
            }
            _ => Ok(()),
        }
    }

    fn received(
        &mut self,
        now: Instant,
        server: &mut Server,
        session: &SessionId,
        packet: &Packet,
    ) -> Result<(), String> {
        let (kept, args) = match &packet.body {
            Body::Message { data } => (Outgoing::Message(data.clone()), json_text(&[data.as_str()])),
            Body::Json { data } => {
                (Outgoing::Json(data.clone()), packet.json::<&RawValue>().and_then(|data| json_text(&[data])))
            }
            // The chat has no events.
            _ => return Ok(()),
        };
        let args = args.map_err(|error| error.to_string())?;
        if let Some(id) = packet.id.as_ref().filter(|id| id.with_data) {
            // A session that ended meanwhile needs no acknowledgement.
            let _ = server.acknowledge(now, session, &Text::EMPTY, id, Text::EMPTY);
        }
        let args: Box<RawValue> = serde_json::from_str(&args)
            .map_err(|error| format!("the message cannot be passed on: {error}"))?;
        let event = event_text("message", &args).map_err(|error| error.to_string())?;
        let (event, others) = (Outgoing::Event(event), Audience::default().except(vec![session.clone()]));
        let told = self.shard.as_ref().map_or(Ok(()), |shard| {
            shard.tell_others(|index| {
                let (rooms, event, kept) = (self.rooms.clone(), event.clone(), kept.clone());
                move |now: Instant, server: &mut Server| {
                    pass_on(now, server, &Audience::default(), &event);
                    rooms.with(index, |room| room.keep(kept));
                }
            })
        });
        pass_on(now, server, &others, &event);
        self.rooms.with(self.index(), |room| room.keep(kept));
        // Those here have it, whoever is too busy elsewhere.
        told.map_err(|full| full.to_string())
    }
}

fn pass_on(now: Instant, server: &mut Server, audience: &Audience, event: &Outgoing) {
    // The root endpoint is always good, which is all that a broadcast can complain about.
    let _ = server.broadcast(now, audience, event);
}

impl Kept {
    fn keep(&mut self, message: Outgoing) {
        self.len += len(&message);
        self.messages.push_back(message);
        while self.messages.len() > KEPT_MAX || self.len > KEPT_LEN_MAX {
            let Some(oldest) = self.messages.pop_front() else { return };
            self.len -= len(&oldest);
        }
    }
}

fn len(message: &Outgoing) -> usize {
    match message {
        Outgoing::Message(text) | Outgoing::Json(text) | Outgoing::Event(text) => text.len(),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use socketio08::server::{ExchangeId, Request, ServerConfig, ServerInput};
    use socketio08_tokio::{Application, NodeConfig, RandomIds, Shards};

    use super::*;

    #[test]
    fn the_oldest_messages_are_forgotten() {
        let mut kept = Kept::default();
        for n in 0..KEPT_MAX + 2 {
            kept.keep(Outgoing::Message(Text::from(n.to_string())));
        }
        assert_eq!(kept.messages.len(), KEPT_MAX);
        assert_eq!(kept.messages.front(), Some(&Outgoing::Message(Text::from_static("2"))));
    }

    #[test]
    fn long_messages_are_forgotten_sooner() {
        let mut kept = Kept::default();
        for _ in 0..5 {
            kept.keep(Outgoing::Message(Text::from("x".repeat(900_000))));
        }
        assert_eq!((kept.messages.len(), kept.len), (2, 1_800_000));
    }

    /// What a shard's application is here: nothing is said to it.
    struct Silent;

    impl Application for Silent {
        fn event(&mut self, _: Instant, _: &mut Server, _: ServerEvent) {}
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_shard_that_is_too_busy_costs_the_others_nothing() {
        let mut shard = None;
        let start = |told: Shard| {
            shard.get_or_insert(told);
            Silent
        };
        let two = NonZeroUsize::new(2).unwrap();
        let shards =
            Shards::start(&NodeConfig::new(ServerConfig::default()), two, start, || RandomIds).unwrap();
        let shard = shard.unwrap();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        shards.nodes()[1].call(move |_, _| wait.recv().unwrap_or_default());
        while shard.tell_others(|_| |_: Instant, _: &mut Server| {}).is_ok() {}

        let mut server = Server::new(ServerConfig::default(), Instant::ZERO);
        let sessions = ["speaker", "listener"].map(|id| {
            let session = SessionId(Text::from(id));
            server.handle_input(
                Instant::ZERO,
                ServerInput::Request(Request::get(ExchangeId(1), "/socket.io/1/")),
            );
            server.accept(Instant::ZERO, ExchangeId(1), session.clone()).unwrap();
            let target = format!("/socket.io/1/xhr-polling/{id}");
            server.handle_input(Instant::ZERO, ServerInput::Request(Request::get(ExchangeId(2), target)));
            while server.poll_transmit().is_some() {}
            session
        });
        let mut chat = Chat::new(Rooms::new(2), Some(shard));
        let packet = Packet::decode(&Text::from_static("3:::hello")).unwrap();
        let event = ServerEvent::Received { session: sessions[0].clone(), packet };
        assert!(chat.event(Instant::ZERO, &mut server, &event).is_err(), "it is told");
        assert_eq!(server.outbox_len(&sessions[1]), Some(1), "those here have it");
        assert_eq!(chat.rooms.with(0, |kept| kept.messages.len()), Some(1), "and newcomers will");
        go.send(()).unwrap();
    }
}
