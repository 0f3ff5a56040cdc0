//! The end of trouble: what lasts for ever in a scenario is given an end, and the run goes on for as long as every client may
//! take to come back.

use core::time::Duration;

use super::demands::found;
use crate::scenario::{BalancerKind, ClientProfile, Harm, Scenario, ServerIx};
use crate::world::{application, fault, population};

/// How long an attempt takes that is not answered: the connect timeout of a client, for each transport it may try.
const ATTEMPT: Duration = Duration::from_secs(10);

/// Retransmissions that are on their way when a cut ends: TCP doubles its clock, so they come as late as the cut was long.
const REPETITION: Duration = Duration::from_secs(4);

/// A scenario with its end of trouble.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Healed {
    /// The scenario, every fault over before its end.
    pub scenario: Scenario,
    /// From when on nothing breaks any more.
    pub at: Duration,
    /// Whether every client can be asked to be connected at the end.
    pub live: bool,
}

/// Gives every fault an end and the run the time to heal.
pub fn heal(scenario: &Scenario) -> Healed {
    let mut scenario = scenario.clone();
    let at = fault::plan(&scenario).iter().map(|action| action.at).max().unwrap_or_default();
    let at = arrived(&scenario).max(at) + Duration::from_secs(1);
    for fault in &mut scenario.faults {
        fault.restart_after.get_or_insert(at.saturating_sub(fault.at));
    }
    for fault in scenario.redis_faults.iter_mut().chain(&mut scenario.balancer_faults) {
        fault.restart_after.get_or_insert(at.saturating_sub(fault.at));
    }
    for harm in &mut scenario.harms {
        harm.lasts.get_or_insert(at.saturating_sub(harm.at));
    }
    // What is started at that moment listens later.
    let at = at + scenario.servers.start_time;
    let live = found(&scenario) && scenario.clients.sorts().all(|sort| sort.moves.is_none());
    // Where nobody can be asked to be back, waiting for it would only cost time.
    let wait = if live { patience(&scenario, at) } else { Duration::from_secs(1) };
    scenario.duration = scenario.duration.max(at + wait);
    Healed { scenario, at, live }
}

fn arrived(scenario: &Scenario) -> Duration {
    scenario.clients.sorts().map(population::last_arrival).max().unwrap_or_default()
}

/// How long a client may take to be connected after `at`. The delay before its next attempt is no longer than it has been
/// away already (delays double), so than the world is old; it may still have to notice, and its attempt may meet a balancer
/// that has not noticed that a server is back: then it doubles once more.
fn patience(scenario: &Scenario, at: Duration) -> Duration {
    let delay = |age: Duration| {
        let longest = |sort: &crate::scenario::Clients| {
            let doubled = age + sort.reconnect.delay.saturating_mul(2);
            let cap =
                sort.reconnect.cap.or_else(|| improved(sort.profile).then_some(Duration::from_secs(30)));
            cap.map_or(doubled, |cap| doubled.min(cap))
        };
        scenario.clients.sorts().map(longest).max().unwrap_or_default()
    };
    let attempts = scenario.clients.sorts().map(|sort| sort.transports.len()).max().unwrap_or(1);
    let attempt = ATTEMPT.saturating_mul(u32::try_from(attempts).unwrap_or(1));
    let noticed = silence(scenario) + repetition(&scenario.harms) + recovery(scenario);
    let first = noticed + delay(at + noticed) + attempt;
    first + delay(at + first) + attempt
}

/// The longest silence before a client counts its connection as lost: two polls that are answered when their time is over, and the
/// close timeout after it.
fn silence(scenario: &Scenario) -> Duration {
    let config = application::server_config(scenario, ServerIx(0), 0);
    config.polling_duration * 2 + config.close_timeout
}

fn improved(profile: ClientProfile) -> bool {
    profile == ClientProfile::Improved
}

fn repetition(harms: &[Harm]) -> Duration {
    let longest = harms.iter().filter_map(|harm| harm.lasts).max();
    longest.map_or(Duration::ZERO, |longest| longest.saturating_mul(2) + REPETITION)
}

/// How long the balancer takes to use a server again that is back.
fn recovery(scenario: &Scenario) -> Duration {
    let balancer = &scenario.balancer;
    let checks = balancer.check.map_or(Duration::ZERO, |check| check.inter.saturating_mul(check.rise + 1));
    let failed =
        if balancer.kind == BalancerKind::Nginx { balancer.nginx.fail_timeout } else { Duration::ZERO };
    checks + failed + balancer.slowstart + Duration::from_secs(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn healed(more: &str) -> Healed {
        let text = format!("schema = 1\nname = \"x\"\nduration = \"20s\"\n{more}");
        heal(&Scenario::parse("x.toml", &text, &[]).unwrap())
    }

    #[test]
    fn a_server_that_stays_down_is_back_when_the_world_heals() {
        let healed = healed("[[fault]]\nat = \"8s\"\nkill = \"s1\"\n[[fault]]\nat = \"3s\"\ncut = \"s2\"\n");
        let back = healed.scenario.faults[0].at + healed.scenario.faults[0].restart_after.unwrap();
        let over = healed.scenario.harms[0].at + healed.scenario.harms[0].lasts.unwrap();
        assert_eq!((back, over), (healed.at, healed.at));
        assert!(fault::plan(&healed.scenario).iter().all(|action| action.at <= healed.at));
    }

    #[test]
    fn the_run_lasts_longer_the_later_the_world_heals() {
        let sticky = "[balancer]\nbalance = \"source\"\n";
        let late = healed(&format!("{sticky}[[fault]]\nat = \"18s\"\nkill = \"s1\"\n")).scenario.duration;
        assert!(late > healed(sticky).scenario.duration && late > Duration::from_secs(90));
    }

    #[test]
    fn liveness_is_demanded_only_where_a_session_is_found_again() {
        assert!(healed("[balancer]\nbalance = \"source\"\n").live);
        assert!(healed("[servers]\ncount = 1\n").live);
        assert!(healed("[balancer]\ncookie = { name = \"S\", mode = \"insert\" }\n").live);
        assert!(
            !healed("[clients]\ncookies = false\n[balancer]\ncookie = { name = \"S\", mode = \"insert\" }\n")
                .live
        );
        assert!(!healed("").live);
    }
}
