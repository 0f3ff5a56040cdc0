//! What may happen next.

use serde::{Deserialize, Serialize};
use socketio08::Timer;
use socketio08::client::ClientState;

use super::network::{Exchange, Up, Way};
use super::setup::{Balance, Fault, Setup, Store};
use super::shared::Ask;
use super::world::World;

/// One step. Clients, servers and exchanges are numbered from zero; the exchanges are those of the state, in its order.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// A client's application connects: at first, and after its machine gave up; only once where requests of one session go to
    /// several servers.
    Connect(u8),
    /// A client's application sends a message.
    Say(u8),
    /// A server's application sends a message to a session: by its place among those of the state.
    Tell(u8, u8),
    /// The next thing on an exchange reaches this server; a request that finds none gets a refusal.
    Arrive(u8, Option<u8>),
    /// The next thing on an exchange reaches its client.
    Return(u8),
    /// The store takes what a server said to it.
    Store(u8),
    /// The next word of the store reaches this server.
    Hear(u8),
    /// What a server said to the store last is lost on its way.
    Unsaid(u8),
    /// The next word of the store to this server is lost.
    Unheard(u8),
    /// The earliest deadline fires, at a client.
    WakeClient(u8),
    /// The earliest deadline fires, at a server.
    WakeServer(u8),
    /// An exchange is reset.
    Cut(u8),
    /// An exchange goes silent for good.
    Lose(u8),
    /// An exchange is held up.
    Hold(u8),
    /// An exchange goes on.
    Release(u8),
    /// A poll on its way is doubled.
    Duplicate(u8),
    /// A server ends.
    Crash(u8),
    /// A server starts again.
    Restart(u8),
}

impl Action {
    /// Whether it is something going wrong.
    pub fn is_fault(self) -> bool {
        matches!(
            self,
            Action::Cut(_)
                | Action::Lose(_)
                | Action::Hold(_)
                | Action::Duplicate(_)
                | Action::Crash(_)
                | Action::Unsaid(_)
                | Action::Unheard(_)
        )
    }
}

fn numbered<T>(items: &[T]) -> impl Iterator<Item = (u8, &T)> {
    (0..).zip(items)
}

/// Everything that may happen in `world`.
pub(super) fn actions(setup: &Setup, world: &World, out: &mut Vec<Action>) {
    applications(setup, world, out);
    deliveries(setup, world, out);
    for (at, line) in numbered(&world.shared.lines) {
        if !line.up.is_empty() {
            out.push(Action::Store(at));
        }
        if !line.down.is_empty() {
            out.push(Action::Hear(at));
        }
    }
    wakes(world, out);
    out.extend(repairs(world));
    if world.faults_left > 0 {
        for kind in &setup.kinds {
            faults(setup, *kind, world, out);
        }
    }
}

fn applications(setup: &Setup, world: &World, out: &mut Vec<Action>) {
    for (at, client) in numbered(&world.clients) {
        if client.machine.state() == ClientState::Idle && client.connects != Some(0) {
            out.push(Action::Connect(at));
        }
        if client.sent < setup.messages && client.session.is_some() {
            out.push(Action::Say(at));
        }
    }
    for (at, note) in numbered(&world.sessions) {
        let told = world.clients.get(usize::from(note.client)).map_or(u8::MAX, |client| client.told);
        if told < setup.messages {
            let homes = (0..setup.servers).filter(|server| world.has_open(*server, &note.name));
            out.extend(homes.map(|server| Action::Tell(server, at)));
        }
    }
}

fn deliveries(setup: &Setup, world: &World, out: &mut Vec<Action>) {
    for (at, exchange) in numbered(&world.exchanges) {
        if !matches!(exchange.way, Way::Open | Way::Cut) {
            continue;
        }
        match exchange.up.front() {
            Some(Up::Request { .. }) => {
                let choices = match exchange.relay {
                    Some(relay) => [relay.to].into_iter().filter(|server| world.is_up(*server)).collect(),
                    None => choices(setup, world, exchange.client),
                };
                if choices.is_empty() {
                    out.push(Action::Arrive(at, None));
                }
                out.extend(choices.into_iter().map(|server| Action::Arrive(at, Some(server))));
            }
            Some(_) => out.extend(exchange.server.map(|(server, _)| Action::Arrive(at, Some(server)))),
            None => {}
        }
        if !exchange.down.is_empty() {
            out.push(Action::Return(at));
        }
    }
}

/// The servers that the balancer may pick for a request of this client: none if all are down.
pub(super) fn choices(setup: &Setup, world: &World, client: u8) -> Vec<u8> {
    let from = |first: u8| (0..setup.servers).map(move |step| (first + step) % setup.servers);
    let first_up = |first: u8| from(first).find(|server| world.is_up(*server));
    match setup.balance {
        Balance::Random => from(0).filter(|server| world.is_up(*server)).collect(),
        Balance::RoundRobin => first_up(world.turn).into_iter().collect(),
        Balance::Sticky => {
            let stuck = world.stick.get(usize::from(client)).copied().flatten();
            first_up(stuck.unwrap_or(client % setup.servers)).into_iter().collect()
        }
    }
}

/// Time passes only while nothing is moving, for what moves is faster than any timer; what is due now fires in any order.
fn wakes(world: &World, out: &mut Vec<Action>) {
    let Some(next) = world.next_deadline() else { return };
    let is_moving = || world.exchanges.iter().any(Exchange::is_moving) || world.shared.is_moving();
    if next > socketio08::Instant::ZERO && is_moving() {
        return;
    }
    for (at, client) in numbered(&world.clients) {
        if client.machine.poll_timeout().is_some_and(|deadline| deadline.at == next) {
            out.push(Action::WakeClient(at));
        }
    }
    for (at, server) in numbered(&world.servers) {
        let deadline = server.machine.as_ref().and_then(|machine| machine.poll_timeout());
        if deadline.is_some_and(|deadline| deadline.at == next) {
            out.push(Action::WakeServer(at));
        }
    }
}

fn repairs(world: &World) -> impl Iterator<Item = Action> {
    let held = numbered(&world.exchanges).filter(|(_, exchange)| exchange.way == Way::Held);
    let down = numbered(&world.servers).filter(|(_, server)| server.machine.is_none());
    let released: Vec<Action> = held.map(|(at, _)| Action::Release(at)).collect();
    released.into_iter().chain(down.map(|(at, _)| Action::Restart(at)))
}

fn faults(setup: &Setup, kind: Fault, world: &World, out: &mut Vec<Action>) {
    if kind == Fault::Crash {
        let up = (0..).zip(&world.servers).filter(|(_, server)| server.machine.is_some());
        out.extend(up.map(|(at, _)| Action::Crash(at)));
        return;
    }
    if kind == Fault::Store {
        // What becomes of Redis's servers when it is not heard is no promise of theirs.
        let lines = numbered(&world.shared.lines).filter(|_| setup.store == Store::Portable);
        for (at, line) in lines {
            let asks = line.up.iter().any(|ask| matches!(ask, Ask::Operate { .. } | Ask::Publish { .. }));
            out.extend(asks.then_some(Action::Unsaid(at)));
            out.extend((!line.down.is_empty()).then_some(Action::Unheard(at)));
        }
        return;
    }
    for (at, exchange) in numbered(&world.exchanges) {
        if exchange.way != Way::Open {
            continue;
        }
        match kind {
            Fault::Cut => out.push(Action::Cut(at)),
            Fault::Lose => out.push(Action::Lose(at)),
            Fault::Hold => out.push(Action::Hold(at)),
            Fault::Duplicate if is_poll(exchange) => out.push(Action::Duplicate(at)),
            Fault::Duplicate | Fault::Crash | Fault::Store => {}
        }
    }
}

/// A client's GET of a session on its way: proxies repeat those, and never a POST.
fn is_poll(exchange: &Exchange) -> bool {
    exchange.session.is_some()
        && exchange.relay.is_none()
        && exchange.number.is_some()
        && matches!(exchange.up.front(), Some(Up::Request { post: false, upgrade: false, .. }))
}

/// Why a machine wakes, in words.
pub(super) fn reason(timer: Timer) -> &'static str {
    match timer {
        Timer::Authorization => "the application has not answered in time",
        Timer::Close => "no GET came within the close timeout",
        Timer::Connect => "the connect timeout is over",
        Timer::Forward => "the server that has the session has not answered in time",
        Timer::Handover => "another server, or the store, has not answered in time",
        Timer::Handshake => "nobody used the handshake",
        Timer::Heartbeat => "time for a heartbeat",
        Timer::HeartbeatReply => "nothing was heard within the heartbeat timeout",
        Timer::Poll => "the poll has waited for the polling duration",
        Timer::Reconnect => "the next attempt is due",
        _ => "a deadline is due",
    }
}
