//! The verdict: drawn from the figures by rules, never from a scenario's name.

use serde::Serialize;

use super::figures::{Figures, per_cent};
use super::impact::BALANCER_END;
use super::text::thousands;
use super::why::why;
use crate::scenario::Scenario;

/// How the clients fared.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Every client was connected at the end, nobody was rejected or disconnected, and nothing was lost or doubled.
    Works,
    /// At least nine of ten clients had a session of 5 s at the end (or the whole run was shorter), but something went
    /// wrong on the way.
    Degraded,
    /// Fewer than nine of ten had one.
    Broken,
    /// The run decides nothing: no client could start, or a fault hit nobody.
    Unknown,
}

impl Class {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Class::Works => "works",
            Class::Degraded => "degraded",
            Class::Broken => "broken",
            Class::Unknown => "unknown",
        }
    }
}

/// What happened, and why.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Verdict {
    /// How the clients fared.
    pub verdict: Class,
    /// What happened, in one sentence.
    pub sentence: String,
    /// Why, one sentence for each mechanism seen at work.
    pub why: Vec<String>,
}

/// Draws the verdict.
pub fn judge(scenario: &Scenario, figures: &Figures) -> Verdict {
    let verdict = class(figures);
    Verdict { verdict, sentence: sentence(verdict, figures), why: why(scenario, figures) }
}

fn class(figures: &Figures) -> Class {
    let clients = figures.clients;
    if clients.total == 0 || !idle_faults(figures).is_empty() || !harmless(figures).is_empty() {
        return Class::Unknown;
    }
    if tests_worked(figures, 9) == Some(false) {
        return Class::Broken;
    }
    let stayed = clients.total.saturating_sub(clients.left);
    if u64::from(clients.stable_5s) * 10 < u64::from(stayed) * 9 {
        return Class::Broken;
    }
    let clean = clients.connected_at_end == stayed
        && figures.opens.rejected == 0
        && figures.outage_ms.is_none()
        && [figures.up, figures.down].iter().all(|flow| flow.lost == 0 && flow.duplicated == 0)
        && figures.live_sessions_per_client_max <= 1
        && tests_worked(figures, 10) != Some(false);
    if clean { Class::Works } else { Class::Degraded }
}

/// Whether at least so many of ten connection tests worked; `None` if there were none.
fn tests_worked(figures: &Figures, of_ten: u64) -> Option<bool> {
    let tests = figures.tests.as_ref()?;
    Some(u64::from(tests.worked()) * 10 >= u64::from(tests.begun) * of_ten)
}

/// Servers, or the balancer, that were ended although no client was connected to them.
fn idle_faults(figures: &Figures) -> Vec<String> {
    let idle = |impact: &&super::Impact| {
        matches!(impact.change, "down" | BALANCER_END)
            && !impact.planned
            && impact.its_clients.clients == 0
            && impact.its_clients.disconnected + impact.others.disconnected == 0
    };
    let name = |impact: &super::Impact| match impact.change {
        BALANCER_END => "the balancer".to_owned(),
        _ => impact.server.to_string(),
    };
    figures.impacts.iter().filter(idle).map(name).collect()
}

/// Faults that end no server and touched nothing.
fn harmless(figures: &Figures) -> Vec<String> {
    figures.life.harms.iter().filter(|harm| !harm.bitten).map(super::HarmFigures::title).collect()
}

fn sentence(class: Class, figures: &Figures) -> String {
    let clients = figures.clients;
    match class {
        Class::Unknown if clients.total == 0 => "no client arrived before the end".to_owned(),
        Class::Unknown if idle_faults(figures).is_empty() => {
            format!("the fault touched nothing: {}", harmless(figures).join(", "))
        }
        Class::Unknown => {
            format!("the fault hit nobody: no client was connected to {}", idle_faults(figures).join(", "))
        }
        Class::Broken | Class::Works if figures.tests.is_some() => {
            figures.tests.as_ref().map(super::TestFigures::line).unwrap_or_default()
        }
        Class::Broken if clients.ever_connected == 0 => "no client ever connected".to_owned(),
        Class::Broken if clients.stable_5s == 0 => "no client kept a session for five seconds".to_owned(),
        Class::Broken => format!(
            "only {} of {} clients had a session of five seconds at the end",
            clients.stable_5s, clients.total
        ),
        Class::Works if clients.left > 0 => {
            "every client that stayed kept its connection; nothing was lost".to_owned()
        }
        Class::Works => "every client connected once and stayed; nothing was lost".to_owned(),
        Class::Degraded => degraded(figures),
    }
}

fn degraded(figures: &Figures) -> String {
    let clients = figures.clients;
    let mut parts = Vec::new();
    if let Some(outage) = figures.outage_ms {
        let hit = clients.ever_disconnected;
        let who = if hit == clients.total {
            "every client".to_owned()
        } else {
            format!("{hit} of {} clients", clients.total)
        };
        parts.push(format!("{who} lost the connection, for {} in the median", seconds(outage.median)));
    } else if figures.opens.rejected > 0 {
        let rejected = per_cent(figures.opens.rejected, figures.opens.total);
        parts.push(format!("{rejected} of the opens were rejected"));
    }
    if figures.up.lost > 0 {
        parts.push(format!(
            "{} of {} messages up were lost",
            thousands(figures.up.lost),
            thousands(figures.up.sent)
        ));
    }
    if figures.clients_with_several_sessions > 0 {
        parts.push(format!(
            "{} of {} clients were left with two live sessions and got {} messages twice",
            figures.clients_with_several_sessions,
            clients.total,
            thousands(figures.down.duplicated)
        ));
    }
    if let Some(tests) = figures.tests.as_ref().filter(|_| tests_worked(figures, 10) == Some(false)) {
        parts.push(tests.line());
    }
    let gone = clients.total.saturating_sub(clients.left).saturating_sub(clients.connected_at_end);
    if gone > 0 {
        parts.push(format!("{gone} were not back at the end"));
    }
    if parts.is_empty() {
        parts.push(format!("{} messages down were lost", thousands(figures.down.lost)));
    }
    parts.join("; ")
}

/// Milliseconds for people.
pub(super) fn seconds(millis: u64) -> String {
    if millis < 1_000 {
        format!("{millis} ms")
    } else {
        format!("{}.{} s", millis / 1_000, millis % 1_000 / 100)
    }
}
