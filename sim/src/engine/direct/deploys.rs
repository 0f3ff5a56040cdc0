//! What a deploy does beside ending and starting servers.

use std::time::Duration;

use super::World;
use crate::scenario::{Destination, ServerIx};
use crate::trace::TraceEvent;
use crate::world::balancer::{Administration, Input};

impl World<'_> {
    /// An operator tells the balancer what a server may get.
    pub(super) fn administer(&mut self, server: ServerIx, administration: Administration) {
        self.trace
            .record(self.now, TraceEvent::Administered { server, administration: name(administration) });
        self.tell_balancer(|to| {
            (*to == Destination::Servers).then_some(Input::Administer { server, administration })
        });
    }

    /// The server says goodbye to its sessions, one after the other.
    pub(super) fn say_goodbye(&mut self, server: ServerIx, rate: u32) {
        let Some(process) = self.servers.get_mut(server.0).and_then(|node| node.process.as_mut()) else {
            return;
        };
        process.app.say_goodbye(self.now, rate);
        self.settle_server(server);
    }

    /// The balancer is replaced by a fresh process.
    pub(super) fn reload(&mut self, hard_stop_after: Option<Duration>) {
        self.trace.record(self.now, TraceEvent::Reloaded);
        self.tell_balancer(|_| Some(Input::Reload { hard_stop_after }));
    }

    /// Tells the balancer something for each of its destinations; where none stands nobody hears it.
    fn tell_balancer(&mut self, input: impl Fn(&Destination) -> Option<Input>) {
        let Some(hop) = self.chain.balancer().filter(|hop| !self.hops[*hop].down) else { return };
        let machine = &mut self.hops[hop].machine;
        let mut backend = 0;
        while let Some(to) = machine.destination(backend) {
            if let Some(input) = input(to) {
                machine.handle_input(self.now, backend, input);
            }
            backend += 1;
        }
        self.settle_hop(hop);
    }
}

fn name(administration: Administration) -> &'static str {
    match administration {
        Administration::Ready => "ready",
        Administration::Drain => "drain",
        Administration::Maintenance => "maint",
    }
}
