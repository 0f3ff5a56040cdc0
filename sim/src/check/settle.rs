//! After a step: what is over is forgotten, and what only tells how the state was reached is put away.

use std::collections::BTreeSet;
use std::time::Duration;

use socketio08::{ExchangeId, Instant, Text};

use super::action::Action;
use super::network::{Exchange, Numbers};
use super::setup::Setup;
use super::step::Step;
use super::world::{SessionNote, World};

/// The state after `action`, or `None` if it cannot be done in this one.
pub(super) fn next(setup: &Setup, world: &World, action: Action) -> Option<World> {
    let mut step = Step::new(setup, world, false);
    let done = step.act(action);
    step.settle();
    done.then_some(step.world)
}

/// What is left of a session.
#[derive(Default)]
struct Traces {
    /// At a server.
    served: bool,
    /// There, or in the store.
    exists: bool,
    /// In something on its way, or in what a client or a server remembers.
    named: bool,
}

impl Step<'_> {
    /// Makes equal futures equal states. Must follow [`Step::act`].
    pub(super) fn settle(&mut self) {
        let now = self.now;
        let passed = now > Instant::ZERO;
        self.forgive_dropped();
        self.world.exchanges.retain(|exchange| !exchange.is_over());
        for at in 0..self.world.clients.len() {
            self.settle_client(at);
        }
        for at in 0..self.setup.servers {
            self.settle_server(at, passed);
        }
        self.forget_sessions();
        self.forget_waits();
        self.world.exchanges.sort();
        self.world.sessions.sort();
        self.now = Instant::ZERO;
    }

    /// What an exchange took and did not bring is not owed: no peer of this protocol can know of it.
    fn forgive_dropped(&mut self) {
        let world = &mut self.world;
        for exchange in &mut world.exchanges {
            let dropped = std::mem::take(&mut exchange.dropped);
            if let Some(client) = world.clients.get_mut(usize::from(exchange.client)) {
                client.owed.remove_all(dropped.up);
            }
            let named = |note: &&mut SessionNote| Some(&note.name) == exchange.session.as_ref();
            if let Some(note) = world.sessions.iter_mut().find(named) {
                note.owed.remove_all(dropped.down);
            }
        }
    }

    fn settle_server(&mut self, at: u8, passed: bool) {
        let now = self.now;
        let quiet = self.world.is_quiet(at);
        let greatest = self.world.numbers(at).max().unwrap_or(0);
        if let Some(side) = self.world.servers.get_mut(usize::from(at)) {
            side.last_number = if quiet { 0 } else { side.last_number.max(greatest) };
        }
        let side = self.world.servers.get_mut(usize::from(at));
        let Some(machine) = side.and_then(|side| side.machine.as_mut()) else { return };
        if passed || (machine.is_stale() && self.setup.has_store()) {
            let tickets = machine.thaw().rebase(now);
            if let Some(line) = self.world.shared.line_mut(at) {
                line.renumber(&tickets);
            }
        }
        machine.freeze();
    }

    fn settle_client(&mut self, at: usize) {
        let Some(side) = self.world.clients.get_mut(at) else { return };
        if !side.machine.is_stale() && self.now == Instant::ZERO {
            return;
        }
        let numbers = side.machine.thaw().rebase(self.now);
        side.machine.freeze();
        let new = |old: ExchangeId| numbers.iter().find(|(from, _)| *from == old).map_or(old, |(_, to)| *to);
        let mine = |exchange: &&mut Exchange| u8::try_from(at).is_ok_and(|client| exchange.is_of(client));
        for exchange in self.world.exchanges.iter_mut().filter(mine) {
            exchange.number = exchange.number.map(new);
        }
    }

    /// A session that no server knows, that its client has left and that nothing on its way names.
    fn forget_sessions(&mut self) {
        let world = &self.world;
        let named = world.exchanges.iter().filter_map(|exchange| exchange.session.clone());
        let held = world.clients.iter().filter_map(|client| client.session.clone());
        let named: BTreeSet<Text> = named.chain(held).collect();
        let look = |note: &SessionNote| Traces {
            served: world.knowing(&note.name).next().is_some(),
            exists: world.exists(&note.name),
            named: named.contains(&note.name) || world.speaks_of(&note.name),
        };
        let traces: Vec<Traces> = world.sessions.iter().map(look).collect();
        let mut traces = traces.into_iter();
        self.world.sessions.retain_mut(|note| {
            let left = traces.next().unwrap_or_default();
            if !left.served {
                // No server keeps it: how long ago it was heard of does not matter any more.
                note.silent = Duration::ZERO;
            }
            if !left.exists {
                note.asked.clear();
                note.acknowledged = 0;
                note.owed = Numbers::default();
            }
            left.exists || left.named
        });
    }

    fn forget_waits(&mut self) {
        let healed = self.world.is_healed();
        let state = |client| (self.world.waits(client), self.world.is_behind(client));
        let states: Vec<(bool, bool)> = self.world.clients.iter().map(state).collect();
        for (client, (waits, behind)) in self.world.clients.iter_mut().zip(states) {
            if !waits || !healed {
                client.unconnected = Duration::ZERO;
            }
            if !behind || !healed {
                client.behind = Duration::ZERO;
            }
        }
    }
}
