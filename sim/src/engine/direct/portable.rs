//! Portable sessions: operations on the shared store, and servers that are stopped and leave their sessions there.

use std::time::Duration;

use socketio08::server::ServerInput;

use super::World;
use super::queue::{Down, Event};
use super::redis::RedisEvent;
use super::server::Process;
use crate::scenario::{ServerIx, Store};
use crate::world::redis::{Command, KeeperAct, KeeperLink, Operation, StoreAct};

/// How long a process that leaves waits for its last operations, as `adapter/src/portable` does.
const FLUSH_MAX: Duration = Duration::from_secs(3);

impl World<'_> {
    // --- the store

    /// A machine asks the store for something.
    pub(super) fn store_operates(&mut self, server: ServerIx, operation: Operation) {
        let sharing = &mut self.servers[server.0].sharing;
        match operation.act {
            StoreAct::Get => sharing.store_reads += 1,
            StoreAct::Put { .. } | StoreAct::Delete { .. } => sharing.store_writes += 1,
        }
        let now = self.now;
        if let Some(keeper) = self.redis.as_mut().and_then(|shared| shared.keeper_mut(server)) {
            keeper.send(now, operation);
            self.settle_keeper(server);
        }
    }

    /// Carries out what the connection to the store says, until there is nothing left.
    pub(super) fn settle_keeper(&mut self, server: ServerIx) {
        loop {
            let Some(shared) = &mut self.redis else { return };
            let Some(act) = shared.keeper_mut(server).and_then(KeeperLink::poll_act) else { return };
            match act {
                KeeperAct::Connect => {
                    let line = shared.new_keeper_line(server);
                    self.send_to_redis(server, RedisEvent::Asked(line));
                }
                KeeperAct::Send(operation) => {
                    if let Some(line) = shared.keeper_line(server) {
                        let command = Command::Operate(operation);
                        self.send_to_redis(server, RedisEvent::Command(line, command));
                    }
                }
                KeeperAct::Answer { ticket, answer } => {
                    self.server_takes(server, ServerInput::Stored { ticket, answer });
                }
            }
        }
    }

    // --- leaving

    /// Whether a process that is stopped leaves its sessions to the others.
    pub(super) fn hands_over(&self) -> bool {
        self.scenario.servers.store == Store::Portable
    }

    /// The process puts its sessions into the store.
    pub(super) fn hand_over(&mut self, server: ServerIx) {
        let Some(process) = &mut self.servers[server.0].process else { return };
        process.machine.hand_over_all(self.now);
        self.settle_server(server);
    }

    /// The process takes no more connections, and ends when its sessions are in the store.
    pub(super) fn leave(&mut self, server: ServerIx) {
        let node = &mut self.servers[server.0];
        let (start, links) = (node.starts, node.links.clone());
        let Some(process) = &mut node.process else { return };
        process.leaving = true;
        for link in links {
            self.write(server, link, Down::Fin, Duration::ZERO);
        }
        self.queue.push(self.now + FLUSH_MAX, Event::LeftTooLate(server, start));
        self.end_if_left(server);
    }

    /// Ends a process that leaves and has nothing more to wait for.
    pub(super) fn end_if_left(&mut self, server: ServerIx) {
        let node = &self.servers[server.0];
        let stored = |process: &Process| process.leaving && process.machine.store_operations_waiting() == 0;
        if node.process.as_ref().is_some_and(stored) && node.links.is_empty() {
            self.finish(server);
        }
    }

    /// The store takes too long.
    pub(super) fn left_too_late(&mut self, server: ServerIx, start: u32) {
        let node = &self.servers[server.0];
        if node.starts == start && node.process.as_ref().is_some_and(|process| process.leaving) {
            self.finish(server);
        }
    }
}
