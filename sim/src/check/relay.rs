//! Requests that one server makes to another one, on behalf of a client: routed sessions.

use socketio08::server::{Method, Request, ServerInput};
use socketio08::{ExchangeId, Text};

use super::marks::Mark;
use super::network::{Down, Exchange, Relay, Up};
use super::setup::letter;
use super::step::Step;
use super::told::Party;

impl Step<'_> {
    /// A server makes this request to another one.
    pub(super) fn forward(&mut self, by: u8, number: ExchangeId, node: &str, request: Request) {
        let to = (0..self.setup.servers).find(|server| letter(*server) == node);
        let here = Some((by, number));
        let asked = self.world.exchanges.iter().find(|exchange| exchange.server == here);
        let (Some(to), Some(asked)) = (to, asked) else {
            self.world.marks.set(Mark::Astray);
            return;
        };
        let up = Up::Request {
            post: request.method == Method::Post,
            upgrade: request.upgrade,
            target: request.target,
            body: Text::from_utf8_lossy(request.body),
            headers: request.headers,
        };
        let relay = Some(Relay { by, to, begun: false });
        let made = Exchange { relay, ..Exchange::new(asked.client, number, asked.session.clone(), up) };
        self.world.exchanges.push(made);
        self.remark(Party::Server(by), || format!("forwards it to server {node}"));
    }

    /// The exchange that brings to another server what comes on this one.
    pub(super) fn relay_of(&mut self, server: u8, number: ExchangeId) -> Option<&mut Exchange> {
        self.world.exchanges.iter_mut().find(|exchange| exchange.relays(server, number))
    }

    /// The same, if what came on `exchange` is forwarded.
    pub(super) fn relaying(&self, exchange: &Exchange) -> Option<&Exchange> {
        let (server, number) = exchange.server?;
        self.world.exchanges.iter().find(|other| other.relays(server, number))
    }

    /// What came on this exchange is not forwarded any more.
    pub(super) fn give_relay_up(&mut self, server: u8, number: ExchangeId, clean: bool) {
        if let Some(relay) = self.relay_of(server, number) {
            relay.leave_client(clean);
        }
    }

    /// Nobody listens there.
    pub(super) fn refuse_relay(&mut self, at: u8) -> Option<()> {
        let exchange = self.world.exchanges.get_mut(usize::from(at))?;
        exchange.drop_up();
        exchange.push_down(Down::Closed { clean: false });
        Some(())
    }

    /// Something of the owner reached the server that forwarded, whose carrier passes it on.
    pub(super) fn relay_back(&mut self, at: u8, relay: Relay, number: ExchangeId, item: Down) -> Option<()> {
        let (over, failed) = match item {
            Down::Response { .. } => (true, false),
            Down::Closed { .. } => (true, !relay.begun),
            Down::Opened | Down::Message(_) => (false, false),
        };
        if failed {
            return self.tell_relaying(relay.by, ServerInput::ForwardFailed { exchange: number });
        }
        let here = Some((relay.by, number));
        if let Some(asked) = self.world.exchanges.iter_mut().find(|exchange| exchange.server == here) {
            asked.push_down(item);
            if over {
                asked.leave_server();
            }
        }
        if !relay.begun {
            if let Some(relay) = &mut self.world.exchanges.get_mut(usize::from(at))?.relay {
                relay.begun = true;
            }
            self.tell_relaying(relay.by, ServerInput::ForwardBegun { exchange: number })?;
        }
        if over {
            self.tell_relaying(relay.by, ServerInput::Closed { exchange: number, clean: true })?;
        }
        Some(())
    }

    fn tell_relaying(&mut self, server: u8, input: ServerInput) -> Option<()> {
        self.drive_server(server, |machine, now| machine.handle_input(now, input))
    }
}
