//! What happens to the servers, and when: faults and deploys expanded into one list of actions in order of time.

use core::time::Duration;

use serde::Serialize;

use crate::scenario::{Outage, Scenario, ServerIx, Signal};
use crate::world::balancer::Administration;
use crate::world::deploy;

/// Something done to one server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Action {
    /// When, from the start of the run.
    pub at: Duration,
    /// Which server.
    pub server: ServerIx,
    /// What.
    pub change: Change,
    /// Who asked for it.
    pub origin: Origin,
}

/// What is done to a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Change {
    /// Its process ends by this signal: every connection is closed and every session forgotten. Nothing happens to
    /// a server that is down already.
    End(Signal),
    /// A fresh process is started that will listen later ([`start_time`](crate::scenario::Servers::start_time)).
    Launch,
    /// A fresh process listens. Nothing happens to a server that is up already.
    Start,
    /// Redis ends: its connections are closed and its subscriptions forgotten. `server` means nothing.
    EndRedis,
    /// Redis is back, empty. `server` means nothing.
    StartRedis,
    /// The balancer ends: its connections are closed and all that it knew is forgotten. `server` means nothing.
    EndBalancer,
    /// A fresh process of the balancer listens. `server` means nothing.
    StartBalancer,
    /// The balancer is told what the server may get.
    Administer(Administration),
    /// The server says goodbye to this many sessions each second, until it ends.
    Goodbye(u32),
    /// The balancer is replaced by a fresh process, whose old one ends what it still has after this long. `server`
    /// means nothing.
    Reload(Option<Duration>),
    /// The fault of this place in [`Scenario::harms`] begins. `server` means nothing.
    Harm(usize),
    /// It is over. `server` means nothing.
    Relieve(usize),
}

/// Who asked for an action.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A `[[fault]]`.
    Fault,
    /// The `[deploy]`.
    Deploy,
}

/// Every action of the scenario in order of time. At one instant starts come before ends, so that a server can be ended
/// again the moment it is back; then the order is that of the file, faults before the deploy.
pub fn plan(scenario: &Scenario) -> Vec<Action> {
    let mut actions: Vec<Action> = Vec::new();
    for fault in &scenario.faults {
        let end = Action {
            at: fault.at,
            server: fault.server,
            change: Change::End(fault.signal),
            origin: Origin::Fault,
        };
        actions.push(end);
        if let Some(after) = fault.restart_after {
            actions.push(Action { at: fault.at + after, change: Change::Start, ..end });
        }
    }
    let redis = outages(&scenario.redis_faults, Change::EndRedis, Change::StartRedis);
    let balancer = outages(&scenario.balancer_faults, Change::EndBalancer, Change::StartBalancer);
    actions.extend(redis.chain(balancer));
    for (index, harm) in scenario.harms.iter().enumerate() {
        let (server, origin) = (ServerIx(0), Origin::Fault);
        actions.push(Action { at: harm.at, server, change: Change::Harm(index), origin });
        if let Some(lasts) = harm.lasts {
            actions.push(Action { at: harm.at + lasts, server, change: Change::Relieve(index), origin });
        }
    }
    if let Some(plan) = &scenario.deploy {
        actions.extend(deploy::actions(plan, &scenario.servers));
    }
    delay_starts(&mut actions, scenario.servers.start_time);
    let starts = |change| matches!(change, Change::Start | Change::StartRedis | Change::StartBalancer);
    actions.sort_by_key(|action| (action.at, !starts(action.change)));
    actions
}

fn outages(faults: &[Outage], end: Change, start: Change) -> impl Iterator<Item = Action> {
    let action = |at, change| Action { at, server: ServerIx(0), change, origin: Origin::Fault };
    faults.iter().flat_map(move |fault| {
        let back = fault.restart_after.map(|after| action(fault.at + after, start));
        [action(fault.at, end)].into_iter().chain(back)
    })
}

/// Parts the start of each process from the moment at which it listens.
fn delay_starts(actions: &mut Vec<Action>, start_time: Duration) {
    if start_time.is_zero() {
        return;
    }
    let mut launches = Vec::new();
    for start in actions.iter_mut().filter(|action| action.change == Change::Start) {
        launches.push(Action { change: Change::Launch, ..*start });
        start.at += start_time;
    }
    actions.extend(launches);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(more: &str) -> Vec<(u128, String, Change)> {
        let text = format!("schema = 1\nname = \"plan\"\nduration = \"2m\"\n{more}");
        let scenario = Scenario::parse("plan.toml", &text, &[]).unwrap();
        let row = |action: Action| (action.at.as_millis(), action.server.to_string(), action.change);
        plan(&scenario).into_iter().map(row).collect()
    }

    fn row(at: u128, server: &str, change: Change) -> (u128, String, Change) {
        (at, server.to_owned(), change)
    }

    const KILL: Change = Change::End(Signal::Kill);
    const STOP: Change = Change::End(Signal::Term);

    #[test]
    fn a_killed_server_returns_after_its_time_or_never() {
        let plan = planned(
            "[[fault]]\nat = \"8s\"\nkill = \"s2\"\nrestart_after = \"25s\"\n[[fault]]\nat = \"9s\"\nstop = \"s1\"\n",
        );
        assert_eq!(plan, [row(8_000, "s2", KILL), row(9_000, "s1", STOP), row(33_000, "s2", Change::Start)]);
    }

    #[test]
    fn a_server_listens_when_its_process_has_started() {
        let plan = planned(
            "[servers]\ncount = 1\nstart_time = \"150ms\"\n[[fault]]\nat = \"2s\"\nkill = \"s1\"\nrestart_after = \"1s\"\n\
             [deploy]\nkind = \"all\"\nstart = \"8s\"\ndown = \"2s\"\n",
        );
        let back = |at| [row(at, "s1", Change::Launch), row(at + 150, "s1", Change::Start)];
        let fault = [vec![row(2_000, "s1", KILL)], back(3_000).to_vec()].concat();
        let deploy = [vec![row(8_000, "s1", STOP)], back(10_000).to_vec()].concat();
        assert_eq!(plan, [fault, deploy].concat());
    }

    #[test]
    fn a_rolling_deploy_stops_one_server_every_gap() {
        let plan = planned("[servers]\ncount = 2\n[deploy]\nstart = \"8s\"\ndown = \"1s\"\ngap = \"10s\"\n");
        let first = [row(8_000, "s1", STOP), row(9_000, "s1", Change::Start)];
        let second = [row(18_000, "s2", STOP), row(19_000, "s2", Change::Start)];
        assert_eq!(plan, [first, second].concat());
    }

    #[test]
    fn a_deploy_whose_gap_is_shorter_than_its_down_time_overlaps_itself() {
        let plan = planned("[servers]\ncount = 2\n[deploy]\nstart = \"1s\"\ndown = \"3s\"\ngap = \"1s\"\n");
        let stops = [row(1_000, "s1", STOP), row(2_000, "s2", STOP)];
        let starts = [row(4_000, "s1", Change::Start), row(5_000, "s2", Change::Start)];
        assert_eq!(plan, [stops, starts].concat());
    }

    #[test]
    fn a_server_comes_back_before_it_is_ended_again_at_the_same_instant() {
        let later = "[[fault]]\nat = \"2s\"\nkill = \"s1\"\n";
        let earlier = "[[fault]]\nat = \"1s\"\nkill = \"s1\"\nrestart_after = \"1s\"\n";
        let plan = planned(&format!("{later}{earlier}"));
        assert_eq!(plan, [row(1_000, "s1", KILL), row(2_000, "s1", Change::Start), row(2_000, "s1", KILL)]);
    }
}
