//! What the browser of a client forbids.

use socketio08::client::{ClientInput, ClientTransmit};
use socketio08::server::ExchangeId;
use socketio08::target::Target;
use socketio08::{Text, Transport};

use super::World;
use crate::trace::ClientId;
use crate::world::population::Forbidden;

/// The transport that a transmit is of, and its exchange; `None` for a handshake, and for what needs no new request.
fn asks(transmit: &ClientTransmit) -> Option<(Transport, ExchangeId)> {
    let (exchange, target) = match transmit {
        ClientTransmit::Get { exchange, target }
        | ClientTransmit::Stream { exchange, target }
        | ClientTransmit::Post { exchange, target, .. }
        | ClientTransmit::Form { exchange, target, .. }
        | ClientTransmit::Open { exchange, target } => (exchange, target),
        ClientTransmit::Message { .. } | ClientTransmit::Close { .. } => return None,
    };
    Some((transport(target)?, *exchange))
}

pub(super) fn transport(target: &Text) -> Option<Transport> {
    match Target::parse("/socket.io", target) {
        Target::Session { transport, .. } => transport.ok(),
        _ => None,
    }
}

impl World<'_> {
    /// Whether the browser forbade it; then it never left, and the client knows.
    pub(super) fn forbids(&mut self, client: ClientId, transmit: &ClientTransmit) -> bool {
        let node = &mut self.clients[client.index()];
        let Some((asked, exchange)) = asks(transmit).filter(|_| !node.forbidden.is_empty()) else {
            return false;
        };
        let Some((_, how)) = node.forbidden.iter().find(|(transport, _)| *transport == asked) else {
            return false;
        };
        match how {
            Forbidden::Fails => {
                node.machine.handle_input(self.now, ClientInput::Closed { exchange, clean: false });
            }
            Forbidden::Stops => node.stopped = true,
        }
        true
    }
}
