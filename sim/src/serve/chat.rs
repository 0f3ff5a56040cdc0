//! The chat: messages are kept, given to each newcomer, and passed on to the others.

use std::collections::VecDeque;

use serde_json::value::RawValue;
use socketio08::server::{AckMode, Audience, Outgoing, Server, ServerEvent, SessionId};
use socketio08::{Body, Instant, Packet, Text, event_text, json_text};

/// Most messages kept: what a newcomer can be expected to scroll through.
const KEPT_MAX: usize = 1_000;

/// Most bytes kept: half of what may wait for one session, so that a newcomer can be given all of them.
const KEPT_LEN_MAX: usize = 2_000_000;

#[derive(Debug, Default)]
pub(super) struct Chat {
    kept: VecDeque<Outgoing>,
    kept_len: usize,
}

impl Chat {
    /// Takes one event; says what was wrong with what a client sent.
    pub(super) fn event(
        &mut self,
        now: Instant,
        server: &mut Server,
        event: &ServerEvent,
    ) -> Result<(), String> {
        match event {
            ServerEvent::Connected { session, endpoint, .. } if endpoint.is_empty() => {
                for message in &self.kept {
                    // A newcomer that cannot take them all has ended meanwhile.
                    let _ = server.send(now, session, endpoint, message.clone(), AckMode::None);
                }
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
        let others = Audience::default().except(vec![session.clone()]);
        // The root endpoint is always good, which is all that a broadcast can complain about.
        let _ = server.broadcast(now, &others, &Outgoing::Event(event));
        self.keep(kept);
        Ok(())
    }

    fn keep(&mut self, message: Outgoing) {
        self.kept_len += len(&message);
        self.kept.push_back(message);
        while self.kept.len() > KEPT_MAX || self.kept_len > KEPT_LEN_MAX {
            let Some(oldest) = self.kept.pop_front() else { return };
            self.kept_len -= len(&oldest);
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
    use super::*;

    #[test]
    fn the_oldest_messages_are_forgotten() {
        let mut chat = Chat::default();
        for n in 0..KEPT_MAX + 2 {
            chat.keep(Outgoing::Message(Text::from(n.to_string())));
        }
        assert_eq!(chat.kept.len(), KEPT_MAX);
        assert_eq!(chat.kept.front(), Some(&Outgoing::Message(Text::from_static("2"))));
    }

    #[test]
    fn long_messages_are_forgotten_sooner() {
        let mut chat = Chat::default();
        for _ in 0..5 {
            chat.keep(Outgoing::Message(Text::from("x".repeat(900_000))));
        }
        assert_eq!((chat.kept.len(), chat.kept_len), (2, 1_800_000));
    }
}
