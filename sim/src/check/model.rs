//! The model as stateright wants it.

use std::sync::atomic::{AtomicBool, Ordering};

use stateright::{Expectation, Model, Property};

use super::action::{self, Action};
use super::property::{self, Kind, RULES};
use super::settle;
use super::setup::Setup;
use super::world::World;

/// The machines of a [`Setup`], to be explored.
#[derive(Debug)]
pub(super) struct Machines {
    setup: Setup,
    /// Which properties were decided by a state: the first one is kept, for it is nearest.
    decided: [AtomicBool; RULES.len()],
}

impl Machines {
    pub(super) fn new(setup: Setup) -> Self {
        Self { setup, decided: [const { AtomicBool::new(false) }; RULES.len()] }
    }

    /// Whether `world` decides a property for the first time.
    fn decides(&self, index: usize, world: &World) -> bool {
        let (Some(rule), Some(decided)) = (RULES.get(index), self.decided.get(index)) else { return false };
        let deciding = (rule.holds)(&self.setup, world) == (rule.kind == Kind::Sometimes);
        deciding && !decided.swap(true, Ordering::Relaxed)
    }

    fn property<const INDEX: usize>() -> Property<Self> {
        let rule = RULES[INDEX];
        match rule.kind {
            Kind::Always => Property {
                expectation: Expectation::Always,
                name: rule.name,
                condition: |model, world| !model.decides(INDEX, world),
            },
            Kind::Sometimes => Property {
                expectation: Expectation::Sometimes,
                name: rule.name,
                condition: |model, world| model.decides(INDEX, world),
            },
        }
    }
}

/// stateright takes plain functions: one for each place in [`RULES`].
const PROPERTIES: [fn() -> Property<Machines>; RULES.len()] = [
    Machines::property::<0>,
    Machines::property::<1>,
    Machines::property::<2>,
    Machines::property::<3>,
    Machines::property::<4>,
    Machines::property::<5>,
    Machines::property::<6>,
    Machines::property::<7>,
    Machines::property::<8>,
    Machines::property::<9>,
    Machines::property::<10>,
    Machines::property::<11>,
    Machines::property::<12>,
    Machines::property::<13>,
    Machines::property::<14>,
    Machines::property::<15>,
    Machines::property::<16>,
    Machines::property::<17>,
    Machines::property::<18>,
];

impl Model for Machines {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(&self.setup)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        // Nothing that follows a broken property says anything more.
        if !property::is_broken(&self.setup, world) {
            action::actions(&self.setup, world, actions);
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        settle::next(&self.setup, world, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        property::applicable(&self.setup)
            .filter_map(|index| PROPERTIES.get(index))
            .map(|property| property())
            .collect()
    }
}
