//! Flash players: the policy file that one wants before it opens a socket.
//!
//! A player asks at port 10843, where 0.8.7 serves the file to anybody (facts 7.12): a server to which clients connect themselves
//! has it there, and nothing listens there in front of the others. Then it asks at the port that it is to connect to, by a connection of
//! its own which is no HTTP and no TLS. A server sends the file and closes. Whoever reads requests answers 400 and closes,
//! HAProxy as nginx (measured: `<policy-file-request/>` and a zero byte to each). With the file the player opens sockets for as
//! long as the page lives; without it the socket fails, and the next one asks again.

use socketio08::Transport;
use socketio08::client::ClientInput;
use socketio08::server::ExchangeId;

use super::World;
use super::conn::{Conn, Dialer};
use super::platform::transport;
use super::queue::{Carried, Down, Up};
use crate::trace::{ClientId, TraceEvent};
use crate::world::balancer::ConnId;

impl World<'_> {
    /// Opens a websocket, or the player's.
    pub(super) fn open_socket(&mut self, client: ClientId, exchange: ExchangeId, request: Carried) {
        let flash = transport(&request.head.target) == Some(Transport::Flashsocket);
        if !flash || self.clients[client.index()].policy {
            return self.request_on_new(client, exchange, request);
        }
        let id = self.new_conn(Conn {
            exchange: Some(exchange),
            asks_policy: Some(Box::new(request)),
            ..Conn::new(Dialer::Client(client), self.chain.entry(self.scenario))
        });
        self.dial(client, exchange, id);
    }

    /// Something reached a player that asks for the file.
    pub(super) fn flash_hears(&mut self, client: ClientId, id: ConnId, item: &Down) {
        if let Down::Accepted = item {
            return self.send_up(id, Up::Policy);
        }
        let Some(conn) = self.conns.get_mut(id.0) else { return };
        let (exchange, request) = (conn.exchange.take(), conn.asks_policy.take());
        let node = &mut self.clients[client.index()];
        node.policy = matches!(item, Down::Policy);
        let granted = node.policy;
        self.client_closes(id);
        self.trace.record(self.now, TraceEvent::FlashPolicy { client, granted });
        let (Some(exchange), Some(request)) = (exchange, request) else { return };
        self.clients[client.index()].exchanges.remove(&exchange);
        if granted {
            self.request_on_new(client, exchange, *request);
        } else {
            self.client_takes(client, ClientInput::Closed { exchange, clean: false });
        }
    }
}
