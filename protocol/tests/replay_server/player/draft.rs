//! What does not begin as HTTP goes on: websockets of the drafts, by the codec, and flash policy requests.

use bytes::Bytes;
use socketio08::Text;
use socketio08::hixie::{Connection, Event, HeadReader, Upgrade};
use socketio08::policy::{self, Seen};
use socketio08::server::{ExchangeId, Method, Request, ServerInput};

use super::super::compare::{Item, ServerStream};
use super::Player;

/// The longest head and message; those of the recordings are short.
const LEN_MAX: usize = 1_000_000;

/// A websocket of a draft.
pub(super) struct Draft {
    upgrade: Upgrade,
    /// Once the machine accepted it.
    connection: Option<Connection>,
    /// Takes apart what ours sends, as what was recorded is.
    sent: ServerStream,
    /// Messages that wait for the nonce, and whether the end does.
    held: Vec<String>,
    ending: bool,
}

impl Player {
    /// The policy, and the end.
    pub(super) fn give_policy(&mut self, index: usize) {
        if let Some(policy) = &self.policy {
            let file = policy.to_text().to_string();
            self.sent(index, Item::Policy(file));
            self.sent(index, Item::Fin);
        }
    }

    /// Whether the first bytes of a connection are no HTTP, or a request of a draft, which is begun.
    pub(super) fn is_no_http(&mut self, index: usize) -> bool {
        let connection = &mut self.connections[index];
        if connection.requests > 0 {
            return false;
        }
        if connection.ours.iter().any(|sent| sent.item == Item::Fin) {
            return true;
        }
        if connection.bytes.first() == Some(&b'<') {
            match (policy::recognize(&connection.bytes), self.policy.is_some()) {
                (Seen::Request, true) => self.give_policy(index),
                (Seen::More, true) => {}
                _ => self.sent(index, Item::Fin),
            }
            return true;
        }
        let mut reader = HeadReader::new(LEN_MAX);
        let Ok(Some((head, rest))) = reader.handle_bytes(&connection.bytes) else { return false };
        let rest = rest.to_vec();
        match Upgrade::parse(&head) {
            Ok(None) => false,
            Ok(Some(upgrade)) => {
                connection.bytes = rest;
                self.begin_draft(index, upgrade);
                true
            }
            Err(_) => {
                self.sent(index, Item::Fin);
                true
            }
        }
    }

    fn begin_draft(&mut self, index: usize, upgrade: Upgrade) {
        let exchange = ExchangeId(self.exchanges.len() as u64);
        self.exchanges.push((index, 0));
        let request = Request {
            exchange,
            method: Method::Get,
            target: upgrade.target().clone(),
            headers: upgrade.headers().to_vec(),
            body: Bytes::new(),
            upgrade: true,
            address: Text::from("127.0.0.1"),
            secure: false,
        };
        let connection = &mut self.connections[index];
        connection.requests += 1;
        connection.waiting.push(exchange);
        let (sent, held) = (ServerStream::default(), Vec::new());
        connection.draft = Some(Draft { upgrade, connection: None, sent, held, ending: false });
        self.input(ServerInput::Request(request));
    }

    /// What the machine wants sent on a websocket of a draft.
    pub(super) fn carry_out_on_draft(&mut self, index: usize, item: Item) {
        let Some(draft) = &mut self.connections[index].draft else { return };
        match (item, &mut draft.connection) {
            (Item::Upgraded, connection) => {
                *connection = Some(Connection::accept(&draft.upgrade, false, LEN_MAX));
            }
            (Item::Message(text), Some(connection)) => {
                if connection.send(&text).is_err() {
                    draft.held.push(text);
                }
            }
            (Item::Fin, Some(_)) if !draft.held.is_empty() => draft.ending = true,
            (item, _) => self.sent(index, item),
        }
        self.flush_draft(index);
    }

    /// Bytes of the client.
    pub(super) fn draft_bytes(&mut self, index: usize) {
        let bytes = std::mem::take(&mut self.connections[index].bytes);
        if let Some(connection) = self.draft_connection(index) {
            connection.handle_bytes(&bytes);
        }
        self.flush_draft(index);
        while let Some(event) = self.draft_connection(index).and_then(Connection::poll_event) {
            let Some(exchange) = self.connections[index].upgraded else { return };
            match event {
                Event::Open => self.release(index),
                Event::Message(text) => self.input(ServerInput::Message { exchange, text }),
                Event::Closed | Event::Broken(_) | Event::Refused(_) => {
                    self.input(ServerInput::Closed { exchange, clean: true });
                    self.sent(index, Item::Fin);
                }
            }
        }
    }

    fn draft_connection(&mut self, index: usize) -> Option<&mut Connection> {
        self.connections[index].draft.as_mut().and_then(|draft| draft.connection.as_mut())
    }

    /// The nonce is there.
    fn release(&mut self, index: usize) {
        let Some(draft) = &mut self.connections[index].draft else { return };
        let (held, ending) = (std::mem::take(&mut draft.held), draft.ending);
        for text in held {
            self.carry_out_on_draft(index, Item::Message(text));
        }
        if ending {
            self.sent(index, Item::Fin);
        }
    }

    fn flush_draft(&mut self, index: usize) {
        let at_ms = self.now.as_millis();
        let Some(draft) = &mut self.connections[index].draft else { return };
        let connection = &mut draft.connection;
        while let Some(bytes) = connection.as_mut().and_then(Connection::poll_transmit) {
            draft.sent.push(at_ms, &bytes);
        }
        for sent in std::mem::take(&mut draft.sent.items) {
            self.sent(index, sent.item);
        }
    }
}
