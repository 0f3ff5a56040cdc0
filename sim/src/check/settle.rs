//! After a step: what is over is forgotten, and what only tells how the state was reached is put away.

use std::collections::BTreeSet;
use std::time::Duration;

use socketio08::{ExchangeId, Instant, Text};

use super::action::Action;
use super::network::Numbers;
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
        for machine in self.world.servers.iter_mut().filter_map(|side| side.machine.as_mut()) {
            if passed {
                machine.thaw().rebase(now);
            }
            machine.freeze();
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

    fn settle_client(&mut self, at: usize) {
        let Some(side) = self.world.clients.get_mut(at) else { return };
        if !side.machine.is_stale() && self.now == Instant::ZERO {
            return;
        }
        let numbers = side.machine.thaw().rebase(self.now);
        side.machine.freeze();
        let new = |old: ExchangeId| numbers.iter().find(|(from, _)| *from == old).map_or(old, |(_, to)| *to);
        let mine = |client: u8| usize::from(client) == at;
        for exchange in self.world.exchanges.iter_mut().filter(|exchange| mine(exchange.client)) {
            exchange.number = exchange.number.map(new);
        }
    }

    /// A session that no server knows, that its client has left and that no request names.
    fn forget_sessions(&mut self) {
        let world = &self.world;
        let named = world.exchanges.iter().filter_map(|exchange| exchange.session.clone());
        let held = world.clients.iter().filter_map(|client| client.session.clone());
        let known: BTreeSet<Text> = named.chain(held).collect();
        let keep: Vec<(bool, bool)> = world
            .sessions
            .iter()
            .map(|note| (world.knowing(&note.name).next().is_some(), known.contains(&note.name)))
            .collect();
        let mut keep = keep.into_iter();
        self.world.sessions.retain_mut(|note| {
            let (alive, named) = keep.next().unwrap_or_default();
            if !alive {
                // Nobody keeps it: how long ago it was heard of does not matter any more.
                note.silent = Duration::ZERO;
                note.asked.clear();
                note.acknowledged = 0;
                note.owed = Numbers::default();
            }
            alive || named
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
