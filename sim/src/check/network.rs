//! What is between clients and servers: exchanges, each with what is on its way in both directions. Within one exchange and
//! direction nothing overtakes; exchanges are on connections of their own and overtake each other at will.

use std::collections::VecDeque;

use socketio08::server::Method;
use socketio08::{ExchangeId, Text};

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
    Request { post: bool, upgrade: bool, target: Text, body: Text },
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

/// One exchange. It is forgotten when neither side has it any more.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Exchange {
    pub(super) client: u8,
    /// The client's number; `None`: the client is done with it.
    pub(super) number: Option<ExchangeId>,
    /// The server and its number; `None`: not there yet, or the server is done with it.
    pub(super) server: Option<(u8, ExchangeId)>,
    /// The session that it names.
    pub(super) session: Option<Text>,
    pub(super) way: Way,
    pub(super) up: VecDeque<Up>,
    pub(super) down: VecDeque<Down>,
}

impl Exchange {
    /// Sends towards the server.
    pub(super) fn push_up(&mut self, item: Up) {
        if matches!(self.way, Way::Open | Way::Held) {
            self.up.push_back(item);
        }
    }

    /// Sends towards the client, if it still listens.
    pub(super) fn push_down(&mut self, item: Down) {
        if matches!(self.way, Way::Open | Way::Held) && self.number.is_some() {
            self.down.push_back(item);
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
        self.server = None;
        self.up.clear();
    }

    /// The client is done with it; the server is told if it has the exchange, or will have it.
    pub(super) fn leave_client(&mut self, clean: bool) {
        self.number = None;
        self.down.clear();
        if self.server.is_some() || self.is_fresh() {
            self.push_up(Up::Closed { clean });
        }
    }

    pub(super) fn cut(&mut self) {
        self.up.clear();
        self.down.clear();
        if self.server.is_some() {
            self.up.push_back(Up::Closed { clean: false });
        }
        if self.number.is_some() {
            self.down.push_back(Down::Closed { clean: false });
        }
        self.way = Way::Cut;
    }

    pub(super) fn lose(&mut self) {
        self.up.clear();
        self.down.clear();
        self.way = Way::Lost;
    }
}
