//! Deploy plans.

use core::time::Duration;

use crate::scenario::{Deploy, DeployKind, ServerIx, Servers};
use crate::world::balancer::Administration;
use crate::world::fault::{Action, Change, Origin};

/// The actions of a deploy, not sorted; those of one instant are in their order. A process that is started listens at once.
pub fn actions(deploy: &Deploy, servers: &Servers) -> Vec<Action> {
    let plan = Plan { deploy, servers: servers.count, start_time: servers.start_time };
    match deploy.kind {
        DeployKind::All => (0..servers.count).flat_map(|server| plan.restart(deploy.start, server)).collect(),
        DeployKind::Rolling => plan.each_in_turn(|at, server| plan.restart(at, server)),
        DeployKind::RollingDrain => plan.each_in_turn(|at, server| plan.drain(at, server)),
        DeployKind::BlueGreen => plan.blue_green(),
        DeployKind::Scale => plan.scale(),
        DeployKind::Reload => vec![action(deploy.start, 0, Change::Reload(deploy.hard_stop_after))],
    }
}

struct Plan<'a> {
    deploy: &'a Deploy,
    servers: u32,
    start_time: Duration,
}

impl Plan<'_> {
    fn each_in_turn(&self, turn: impl Fn(Duration, u32) -> Vec<Action>) -> Vec<Action> {
        (0..self.servers)
            .flat_map(|server| turn(self.deploy.start + self.deploy.gap * server, server))
            .collect()
    }

    fn restart(&self, at: Duration, server: u32) -> Vec<Action> {
        let end = action(at, server, Change::End(self.deploy.signal));
        vec![end, Action { at: at + self.deploy.down, change: Change::Start, ..end }]
    }

    /// Drained, perhaps with goodbyes, then restarted, then in use again.
    fn drain(&self, at: Duration, server: u32) -> Vec<Action> {
        let stop = at + self.deploy.drain;
        let back = stop + self.deploy.down + self.deploy.ready.unwrap_or(self.start_time);
        let mut actions = vec![action(at, server, Change::Administer(Administration::Drain))];
        actions.extend(self.deploy.goodbye.map(|rate| action(at, server, Change::Goodbye(rate))));
        actions.extend(self.restart(stop, server));
        actions.push(action(back, server, Change::Administer(Administration::Ready)));
        actions
    }

    /// The servers that are new: the last of the pool.
    fn new_servers(&self) -> core::ops::Range<u32> {
        self.servers.saturating_sub(self.deploy.new)..self.servers
    }

    fn stop(&self, at: Option<Duration>, servers: core::ops::Range<u32>) -> Vec<Action> {
        let Some(at) = at else { return Vec::new() };
        servers.map(|server| action(at, server, Change::End(self.deploy.signal))).collect()
    }

    fn blue_green(&self) -> Vec<Action> {
        let (start, old) = (self.deploy.start, 0..self.new_servers().start);
        [
            administer(Duration::ZERO, self.new_servers(), Administration::Maintenance),
            administer(start, self.new_servers(), Administration::Ready),
            administer(start, old.clone(), Administration::Maintenance),
            self.stop(self.deploy.stop_after.map(|after| start + after), old),
        ]
        .concat()
    }

    fn scale(&self) -> Vec<Action> {
        let start = self.deploy.start;
        let back = self.deploy.back_after.map(|after| start + after);
        let mut actions = administer(Duration::ZERO, self.new_servers(), Administration::Maintenance);
        actions.extend(administer(start, self.new_servers(), Administration::Ready));
        if let Some(back) = back {
            actions.extend(administer(back, self.new_servers(), Administration::Maintenance));
            let stop = self.deploy.stop_after.map(|after| back + after);
            actions.extend(self.stop(stop, self.new_servers()));
        }
        actions
    }
}

fn action(at: Duration, server: u32, change: Change) -> Action {
    Action { at, server: ServerIx(server as usize), change, origin: Origin::Deploy }
}

fn administer(at: Duration, servers: core::ops::Range<u32>, to: Administration) -> Vec<Action> {
    servers.map(|server| action(at, server, Change::Administer(to))).collect()
}
