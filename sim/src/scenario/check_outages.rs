//! Faults of Redis and of the balancer that could never happen.

use core::time::Duration;

use super::check::place;
use super::duration::format_duration;
use super::error::Problem;
use super::model::{BalancerKind, Outage, Scenario};
use super::tree::Node;

/// Refuses faults of a balancer that is not there, is down already, or would come back after the end.
pub(super) fn balancer(scenario: &Scenario, root: &Node) -> Result<(), Problem> {
    let there = match scenario.balancer.kind {
        BalancerKind::Haproxy | BalancerKind::Nginx => Ok(()),
        BalancerKind::Cluster => Err("a cluster has no balancer to end: its workers share one port"),
        BalancerKind::None => Err("there is no balancer to end; take kind = \"none\" away from [balancer]"),
    };
    check(scenario, root, "balancer", &scenario.balancer_faults, there)
}

/// Refuses faults of what is not `there`, is down already, or would come back after the end.
pub(super) fn check(
    scenario: &Scenario,
    root: &Node,
    verb: &str,
    faults: &[Outage],
    there: Result<(), &str>,
) -> Result<(), Problem> {
    let mut down: Vec<(Duration, Option<Duration>)> = Vec::new();
    for (nth, fault) in faults.iter().enumerate() {
        let problem = |key: &str, message: String| {
            let index = place(root, |item| item.get(&[verb]).is_some(), nth);
            Err(Problem { place: root.place_of(&["fault", &index, key]), message })
        };
        if let Err(missing) = there {
            return problem(verb, missing.to_owned());
        }
        let back = fault.restart_after.map(|after| fault.at + after);
        let end = format_duration(scenario.duration);
        if fault.at >= scenario.duration {
            let message = format!("fault at {}, but the run ends at {end}", format_duration(fault.at));
            return problem("at", message);
        }
        if let Some(back) = back.filter(|back| *back >= scenario.duration) {
            let message =
                format!("{verb} would be back at {}, but the run ends at {end}", format_duration(back));
            return problem("restart_after", message);
        }
        let overlaps = |(from, until): &(Duration, Option<Duration>)| {
            until.is_none_or(|until| fault.at < until) && back.is_none_or(|back| *from < back)
        };
        if down.iter().any(overlaps) {
            return problem("at", format!("{verb} would be down already: two of its faults overlap"));
        }
        down.push((fault.at, back));
    }
    Ok(())
}
