//! A Socket.IO server that is a proxy for the second stack, as node-http-proxy makes it: what is not Socket.IO's goes there, each
//! request by a connection of its own, and what comes back costs the server the time of a message.

use socketio08::target::Target;

use super::World;
use super::conn::{Conn, Dialer, Listener};
use super::queue::{Carried, Down, Up};
use crate::scenario::{OtherPaths, ServerIx};
use crate::world::balancer::ConnId;

impl World<'_> {
    /// Whether a server passes the request on. Upgrades of other paths are left to Socket.IO, which destroys them.
    pub(super) fn is_for_app(&self, request: &Carried) -> bool {
        let passes_on = self.scenario.servers.other_paths == OtherPaths::App && !request.head.upgrade;
        passes_on && Target::parse("/socket.io", &request.head.target) == Target::Outside
    }

    /// Makes the request at the next server of the second stack.
    pub(super) fn pass_to_app(&mut self, server: ServerIx, from: ConnId, request: Box<Carried>) {
        let Some(process) = &mut self.servers[server.0].process else { return };
        let app = process.passed_on % self.apps.len();
        process.passed_on += 1;
        let id = self.new_conn(Conn {
            serves: Some(from),
            waiting: Some(request),
            ..Conn::new(Dialer::Server(server), Listener::App(app))
        });
        self.send_up(id, Up::Syn);
    }

    /// Something of the second stack, which answers everything whole, and whose servers never end.
    pub(super) fn app_answered(&mut self, id: ConnId, item: Down) {
        let Down::Response(_) = item else { return };
        let client = self.conns.get(id.0).and_then(|conn| conn.serves);
        self.hang_up_on_peer(id);
        // Whoever asked may have gone, or the process that passed it on.
        if let Some(client) =
            client.filter(|client| self.conns.get(client.0).is_some_and(|conn| conn.at_listener))
        {
            self.send_down(client, item);
        }
    }
}
