//! What a run says in one line: the `finding` of a scenario file, and whether it is what the scenario expects.

use super::figures::{Figures, per_cent};
use super::text::thousands;
use super::verdict::{Class, Verdict, seconds};
use super::why::uneven;
use crate::scenario::{Expect, Scenario};

/// Nobody waits so long for a page, in milliseconds.
const LATE_MS: u64 = 5_000;

/// One line that holds the answer of a run: the verdict, its sentence, and the figures in which runs differ most.
pub fn finding(figures: &Figures, verdict: &Verdict) -> String {
    let mut parts = vec![format!("{}: {}", verdict.verdict.name(), verdict.sentence)];
    if figures.opens.rejected > 0 {
        parts.push(format!("opens rejected {}", per_cent(figures.opens.rejected, figures.opens.total)));
    }
    if let Some(handshakes) = figures.handshakes.per_client {
        parts.push(format!("handshakes per client {} (max {})", handshakes.median, handshakes.max));
    }
    if let Some(first) = figures.first_connect_ms.filter(|first| first.median >= LATE_MS) {
        parts.push(format!("first connection after {} in the median", seconds(first.median)));
    }
    parts.extend(uneven(figures));
    if let Some(outage) = figures.outage_ms {
        parts.push(format!("longest outage {}", seconds(outage.max)));
    }
    // The sentence of a degraded run tells it already.
    if figures.up.lost > 0 && verdict.verdict == Class::Broken {
        parts.push(format!("messages lost {} of {}", thousands(figures.up.lost), thousands(figures.up.sent)));
    }
    parts.join("; ")
}

/// Whether the verdict is the one that the scenario expects; `None` if it expects none, or the run decides nothing.
pub fn meets(scenario: &Scenario, verdict: &Verdict) -> Option<bool> {
    let expected = match scenario.expect? {
        Expect::Works => Class::Works,
        Expect::Degraded => Class::Degraded,
        Expect::Broken => Class::Broken,
    };
    (verdict.verdict != Class::Unknown).then_some(verdict.verdict == expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(expect: &str) -> Scenario {
        let text = format!("schema = 1\nname = \"x\"\nduration = \"13s\"\n{expect}");
        Scenario::parse("x.toml", &text, &[]).unwrap()
    }

    fn verdict(class: Class) -> Verdict {
        Verdict { verdict: class, sentence: String::new(), why: Vec::new() }
    }

    #[test]
    fn an_expectation_is_met_by_its_own_verdict_only() {
        let broken = scenario("expect = \"broken\"");
        assert_eq!(meets(&broken, &verdict(Class::Broken)), Some(true));
        assert_eq!(meets(&broken, &verdict(Class::Works)), Some(false));
        assert_eq!(meets(&broken, &verdict(Class::Degraded)), Some(false));
    }

    #[test]
    fn a_run_that_decides_nothing_neither_meets_nor_misses_an_expectation() {
        assert_eq!(meets(&scenario("expect = \"works\""), &verdict(Class::Unknown)), None);
    }

    #[test]
    fn a_scenario_that_expects_nothing_is_never_missed() {
        assert_eq!(meets(&scenario(""), &verdict(Class::Broken)), None);
    }
}
