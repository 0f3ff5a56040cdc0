//! What is checked of every state. The texts, and why each holds, are in `docs/INVARIANTS.md`.

use socketio08::client::ClientState;
use socketio08::server::SessionId;

use super::marks::Mark;
use super::network::Way;
use super::setup::{Balance, Behaviour, Fault, Setup, Store, Transports};
use super::store::bit;
use super::world::{SessionNote, World};

/// Whether something must hold in every state, or in one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// In every state.
    Always,
    /// In at least one state: the shortest way to it is the witness.
    Sometimes,
}

/// One property.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// Its name, which `docs/INVARIANTS.md` has too.
    pub(super) name: &'static str,
    /// Whether always or sometimes.
    pub(super) kind: Kind,
    /// Whether it is claimed of this model.
    applies: fn(&Setup) -> bool,
    /// Whether the state has it.
    pub(super) holds: fn(&Setup, &World) -> bool,
}

/// Every property, in the order of the report.
pub(super) const RULES: [Rule; 19] = [
    Rule { applies: has_one_way, ..always("delivered-once", |_, world| !world.marks.has(Mark::Twice)) },
    Rule { applies: has_one_way, ..always("order-kept", |_, world| !world.marks.has(Mark::OutOfOrder)) },
    Rule { applies: has_one_way, ..always("ack-once", |_, world| !world.marks.has(Mark::AckTwice)) },
    Rule {
        applies: |setup| is_improved(setup) && has_one_way(setup),
        ..always("ack-asked", |_, world| !world.marks.has(Mark::AckUnasked))
    },
    Rule { applies: is_improved, ..always("one-live-session", one_live_session) },
    always("session-has-timer", session_has_timer),
    always("session-outlives-no-timer", |setup, world| {
        world.sessions.iter().all(|note| note.silent <= setup.silence_max())
    }),
    always("queues-within-limits", queues_within_limits),
    always("session-issued-here", session_issued_here),
    Rule { applies: |setup| setup.store != Store::Redis, ..always("one-owner", one_owner) },
    always("peers-understand", |setup, world| {
        let refused = world.marks.has(Mark::Refused) && !setup.may_overflow();
        !refused && ![Mark::Violation, Mark::Astray].into_iter().any(|mark| world.marks.has(mark))
    }),
    Rule {
        applies: stays_connected,
        ..always("sticky-never-rejected", |_, world| world.faulted || !world.marks.has(Mark::Rejected))
    },
    Rule {
        applies: stays_connected,
        ..always("sticky-never-lost", |_, world| world.faulted || !world.marks.has(Mark::Lost))
    },
    Rule {
        applies: |setup| finds_sessions(setup) && is_improved(setup),
        ..always("healed-connects", |setup, world| {
            world.clients.iter().all(|client| client.unconnected <= setup.recovery_max())
        })
    },
    Rule { applies: is_improved, ..always("way-forward", way_forward) },
    Rule {
        applies: |setup| (is_improved(setup) || setup.faults == 0) && has_one_way(setup),
        ..always("accepted-arrives", |setup, world| {
            world.clients.iter().all(|client| client.behind <= setup.catch_up_max())
        })
    },
    Rule {
        kind: Kind::Sometimes,
        applies: |setup| !finds_sessions(setup) && setup.balance == Balance::RoundRobin,
        ..always("round-robin-rejects", |_, world| !world.faulted && world.marks.has(Mark::Rejected))
    },
    Rule {
        kind: Kind::Sometimes,
        applies: |setup| !has_one_way(setup) && setup.messages > 0,
        ..always("redis-doubles", |_, world| world.marks.has(Mark::Twice))
    },
    Rule {
        kind: Kind::Sometimes,
        applies: |setup| !is_improved(setup) && setup.faults > 0 && setup.kinds.contains(&Fault::Lose),
        ..always("genuine-hangs", |setup, world| !way_forward(setup, world))
    },
];

const fn always(name: &'static str, holds: fn(&Setup, &World) -> bool) -> Rule {
    Rule { name, kind: Kind::Always, applies: |_| true, holds }
}

fn is_improved(setup: &Setup) -> bool {
    setup.behaviour == Behaviour::Improved
}

/// Whether nothing but a fault ends a connection.
fn stays_connected(setup: &Setup) -> bool {
    finds_sessions(setup) && !setup.may_overflow()
}

/// Whether requests find their session, wherever the balancer sends them.
fn finds_sessions(setup: &Setup) -> bool {
    setup.is_sticky() || setup.is_anywhere()
}

/// Whether packets of a session wait at one server. With Redis they wait at every one that hears of them, and whether the next
/// poll finds them there is a race with the news that another poll has taken them.
fn has_one_way(setup: &Setup) -> bool {
    setup.store != Store::Redis || setup.is_sticky() || setup.transports == Transports::Websocket
}

/// The places in [`RULES`] of those claimed of a model.
pub(super) fn applicable(setup: &Setup) -> impl Iterator<Item = usize> {
    RULES.iter().enumerate().filter(|(_, rule)| (rule.applies)(setup)).map(|(index, _)| index)
}

/// Whether a state breaks a property that must always hold.
pub(super) fn is_broken(setup: &Setup, world: &World) -> bool {
    applicable(setup)
        .filter_map(|index| RULES.get(index))
        .any(|rule| rule.kind == Kind::Always && !(rule.holds)(setup, world))
}

fn one_live_session(_: &Setup, world: &World) -> bool {
    world.clients.iter().all(|client| client.machine.live_sessions().count() <= 1)
}

/// Every session that a server knows ends by itself if nothing else comes. With Redis one server's timer is enough, once
/// every publication was heard: the others wait for what it publishes.
fn session_has_timer(setup: &Setup, world: &World) -> bool {
    world.sessions.iter().all(|note| {
        let id = SessionId(note.name.clone());
        let mut timed = world.knowing(&note.name).map(|(_, server)| server.deadline_of(&id).is_some());
        match setup.store {
            Store::Redis => {
                world.shared.is_moving()
                    || timed.any(|timed| timed)
                    || world.knowing(&note.name).next().is_none()
            }
            Store::Memory | Store::Routed | Store::Portable => timed.all(|timed| timed),
        }
    })
}

fn queues_within_limits(setup: &Setup, world: &World) -> bool {
    let limits = setup.limits();
    let clients = world.clients.iter().all(|client| client.machine.outbox_len() <= limits.outbox_packets_max);
    let servers = world.sessions.iter().all(|note| {
        let id = SessionId(note.name.clone());
        world
            .knowing(&note.name)
            .all(|(_, server)| server.outbox_len(&id).unwrap_or(0) <= limits.outbox_packets_max)
    });
    clients && servers
}

/// Only the server that issued a session knows it, and not after it was started anew, or one that the store told of it.
fn session_issued_here(setup: &Setup, world: &World) -> bool {
    let may_know = |note: &SessionNote, server: u8| match setup.store {
        Store::Memory | Store::Routed => note.alive && server == note.server,
        Store::Portable => true,
        Store::Redis => (note.alive && server == note.server) || note.told & bit(server) != 0,
    };
    let issued = |note: &SessionNote| world.knowing(&note.name).all(|(server, _)| may_know(note, server));
    world.sessions.iter().all(issued) && !world.marks.has(Mark::Foreign) && world.strangers() == 0
}

/// No two servers know a session.
fn one_owner(_: &Setup, world: &World) -> bool {
    world.sessions.iter().all(|note| world.knowing(&note.name).count() <= 1)
}

/// A client that has no connection waits for a deadline or an answer, or has told its application; one that is connected
/// will hear from its server, or notice that it does not.
fn way_forward(_: &Setup, world: &World) -> bool {
    (0..).zip(&world.clients).all(|(at, client)| {
        client.machine.state() == ClientState::Idle
            || client.machine.poll_timeout().is_some()
            || is_answered(world, at)
    })
}

fn is_answered(world: &World, client: u8) -> bool {
    world
        .exchanges
        .iter()
        .any(|exchange| exchange.is_of(client) && exchange.number.is_some() && exchange.way != Way::Lost)
}

/// The properties that a state breaks, or has if they are of the kind `sometimes`.
pub(super) fn decided(setup: &Setup, world: &World) -> Vec<&'static str> {
    applicable(setup)
        .filter_map(|index| RULES.get(index))
        .filter(|rule| (rule.holds)(setup, world) == (rule.kind == Kind::Sometimes))
        .map(|rule| rule.name)
        .collect()
}
