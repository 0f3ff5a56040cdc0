//! What is between clients and servers: exchanges, each with what is on its way in both directions. Within one exchange and
//! direction nothing overtakes; exchanges are on connections of their own and overtake each other at will.

use std::collections::VecDeque;

use socketio08::payload::Payload;
use socketio08::server::Method;
use socketio08::{Body, ExchangeId, Limits, Packet, Text};

/// Whether an exchange works.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Way {
    Open,
    /// Nothing arrives for the time being.
    Held,
    /// Reset: both ends are told, and nothing else arrives.
    Cut,
    /// Silent: nothing arrives, and nobody is told.
    Lost,
}

/// What is on its way to a server.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Up {
    Request { post: bool, upgrade: bool, target: Text, body: Text, headers: Vec<(Text, Text)> },
    Message(Text),
    Closed { clean: bool },
}

impl Up {
    pub(super) fn method(post: bool) -> Method {
        if post { Method::Post } else { Method::Get }
    }
}

/// What is on its way to a client.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Down {
    Response { status: u16, body: Text },
    Opened,
    Message(Text),
    Closed { clean: bool },
}

/// An exchange that one server has with another: it brings there what its client sent here.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Relay {
    pub(super) by: u8,
    pub(super) to: u8,
    /// The answer has begun.
    pub(super) begun: bool,
}

/// One exchange. It is forgotten when neither side has it any more.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Exchange {
    pub(super) client: u8,
    /// What it is if it is a server's with another one, on behalf of the client.
    pub(super) relay: Option<Relay>,
    /// The client's number, or that of the server in its place; `None`: it is done with it.
    pub(super) number: Option<ExchangeId>,
    /// The server and its number; `None`: not there yet, or the server is done with it.
    pub(super) server: Option<(u8, ExchangeId)>,
    /// The server that is done with it, while what it said is on its way.
    pub(super) answered_by: Option<u8>,
    /// The session that it names.
    pub(super) session: Option<Text>,
    pub(super) way: Way,
    pub(super) up: VecDeque<Up>,
    pub(super) down: VecDeque<Down>,
    /// The body of a POST that the server has, and has not answered.
    pub(super) posted: Option<Text>,
    /// What it took and will not bring, since it was looked at last.
    pub(super) dropped: Dropped,
}

/// Messages that an exchange took and will not bring: bit n for message n.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Dropped {
    pub(super) up: Numbers,
    pub(super) down: Numbers,
}

/// A set of messages: bit n for message n.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Numbers(u8);

impl Numbers {
    pub(super) fn insert(&mut self, number: u8) {
        self.0 |= 1_u8.checked_shl(u32::from(number)).unwrap_or(0);
    }

    pub(super) fn remove(&mut self, number: u8) {
        self.0 &= !1_u8.checked_shl(u32::from(number)).unwrap_or(0);
    }

    pub(super) fn remove_all(&mut self, others: Numbers) {
        self.0 &= !others.0;
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The messages of ours in a packet or a payload.
    fn add(&mut self, text: &Text) {
        for packet in Payload::new(text.clone(), &Limits::default()).flatten() {
            if let Ok(Body::Message { data }) = Packet::decode(&packet).map(|packet| packet.body)
                && let Some(number) = number_of(&data)
            {
                self.insert(number);
            }
        }
    }
}

/// The number in a message of ours.
pub(super) fn number_of(text: &str) -> Option<u8> {
    text.get(1..)?.parse().ok()
}

impl Dropped {
    pub(super) fn up(&mut self, item: &Up) {
        if let Up::Request { body: text, .. } | Up::Message(text) = item {
            self.posted(text);
        }
    }

    pub(super) fn posted(&mut self, text: &Text) {
        self.up.add(text);
    }

    fn down(&mut self, item: &Down) {
        if let Down::Response { body: text, .. } | Down::Message(text) = item {
            self.down.add(text);
        }
    }
}

impl Exchange {
    /// A request of a client that is to go to a server.
    pub(super) fn new(client: u8, number: ExchangeId, session: Option<Text>, request: Up) -> Self {
        Self {
            client,
            relay: None,
            number: Some(number),
            server: None,
            answered_by: None,
            session,
            way: Way::Open,
            up: [request].into(),
            down: [].into(),
            posted: None,
            dropped: Dropped::default(),
        }
    }

    /// Whether its near end is this client.
    pub(super) fn is_of(&self, client: u8) -> bool {
        self.client == client && self.relay.is_none()
    }

    /// Whether it brings to another server what came to `server` on its exchange `number`.
    pub(super) fn relays(&self, server: u8, number: ExchangeId) -> bool {
        self.relay.is_some_and(|relay| relay.by == server) && self.number == Some(number)
    }

    /// Sends towards the server.
    pub(super) fn push_up(&mut self, item: Up) {
        let is_taken = self.server.is_some() || self.is_fresh();
        if is_taken && matches!(self.way, Way::Open | Way::Held) {
            self.up.push_back(item);
        } else {
            self.dropped.up(&item);
        }
    }

    /// Nothing that is on its way to the server arrives.
    pub(super) fn drop_up(&mut self) {
        for item in self.up.drain(..) {
            self.dropped.up(&item);
        }
    }

    /// Nothing that is on its way to the client arrives.
    fn drop_down(&mut self) {
        for item in self.down.drain(..) {
            self.dropped.down(&item);
        }
    }

    /// Sends towards the client, if it still listens.
    pub(super) fn push_down(&mut self, item: Down) {
        if matches!(self.way, Way::Open | Way::Held) && self.number.is_some() {
            self.down.push_back(item);
        } else {
            self.dropped.down(&item);
        }
    }

    /// Whether something arrives if it is let.
    pub(super) fn is_moving(&self) -> bool {
        matches!(self.way, Way::Open | Way::Cut) && !(self.up.is_empty() && self.down.is_empty())
    }

    /// The request has not reached a server yet.
    pub(super) fn is_fresh(&self) -> bool {
        matches!(self.up.front(), Some(Up::Request { .. }))
    }

    /// Neither side has it.
    pub(super) fn is_over(&self) -> bool {
        self.number.is_none() && self.server.is_none() && !self.is_fresh()
    }

    /// The server is done with it.
    pub(super) fn leave_server(&mut self) {
        self.answered_by = self.server.take().map(|(server, _)| server);
        self.posted = None;
        self.drop_up();
    }

    /// The client is done with it; the server is told if it has the exchange, or will have it.
    pub(super) fn leave_client(&mut self, clean: bool) {
        self.number = None;
        self.drop_down();
        if self.server.is_some() || self.is_fresh() {
            self.push_up(Up::Closed { clean });
        }
    }

    pub(super) fn cut(&mut self) {
        self.drop_up();
        self.drop_down();
        if self.server.is_some() {
            self.up.push_back(Up::Closed { clean: false });
        }
        if self.number.is_some() {
            self.down.push_back(Down::Closed { clean: false });
        }
        self.way = Way::Cut;
    }

    pub(super) fn lose(&mut self) {
        self.drop_up();
        self.drop_down();
        self.way = Way::Lost;
    }
}
