//! `sio08 check`: every order of events of a small deployment, played on the real machines.

use std::io::IsTerminal;

use clap::Args;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use super::Exit;
use super::simulate::{Failure, print};
use crate::check::{
    Balance, Behaviour, Effort, Explored, Fault, Finding, Kind, Progress, Setup, Transports, explore,
};

/// Explores every order of events that a small deployment can have, on the real client and server, and says which properties hold.
#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    /// Clients
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    clients: u8,
    /// Servers
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=3))]
    servers: u8,
    /// Who picks the server of a request
    #[arg(long, value_enum, default_value_t = Balance::Sticky)]
    balance: Balance,
    /// What clients and servers talk over
    #[arg(long, value_enum, default_value_t = Transports::XhrPolling)]
    transports: Transports,
    /// Whose behaviour the clients have
    #[arg(long, value_enum, default_value_t = Behaviour::Improved)]
    client: Behaviour,
    /// How many messages each client sends, and gets
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=6))]
    messages: u8,
    /// How often something goes wrong
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=9))]
    faults: u8,
    /// What may go wrong
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Setup::FAULTS)]
    kinds: Vec<Fault>,
    /// Follows no way further than this many steps
    #[arg(long)]
    depth: Option<usize>,
    /// Threads; with more than one the ways told are not always the shortest
    #[arg(long, default_value_t = 1)]
    threads: usize,
}

impl CheckArgs {
    fn setup(&self) -> Setup {
        Setup {
            clients: self.clients,
            servers: self.servers,
            balance: self.balance,
            transports: self.transports,
            behaviour: self.client,
            messages: self.messages,
            faults: self.faults,
            kinds: self.kinds.clone(),
        }
    }
}

/// Runs the command. Exits 0 if every property is as claimed, 1 if one is not.
pub(super) fn run(args: &CheckArgs) -> Exit {
    attempt(args).unwrap_or_else(|failure| failure.report())
}

fn attempt(args: &CheckArgs) -> Result<Exit, Failure> {
    let setup = args.setup();
    let bar = spinner();
    let effort = Effort { depth: args.depth, threads: args.threads };
    let explored = explore(&setup, effort, &mut |progress| bar.set_message(rate(progress)));
    bar.finish_and_clear();
    print(&screen(&explored))?;
    let holds = explored.findings.iter().all(|finding| finding.holds() || !explored.whole && finding.path.is_none());
    Ok(if holds { Exit::Holds } else { Exit::Violated })
}

fn spinner() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg}") {
        bar.set_style(style);
    }
    bar
}

fn rate(progress: Progress) -> String {
    let states = u64::try_from(progress.states).unwrap_or(u64::MAX);
    let steps = u64::try_from(progress.steps).unwrap_or(u64::MAX);
    let per_second = u128::from(states).saturating_mul(1_000) / progress.took.as_millis().max(1);
    format!(
        "{} states, {} steps, depth {}, {:.1} s ({} states/s)",
        HumanCount(states),
        HumanCount(steps),
        progress.depth,
        progress.took.as_secs_f64(),
        HumanCount(u64::try_from(per_second).unwrap_or(u64::MAX)),
    )
}

fn screen(explored: &Explored) -> String {
    let end = if explored.whole { "explored to the end" } else { "cut off at the depth asked for" };
    let mut out = format!("  {}: {end}\n\n", rate(explored.progress));
    for finding in &explored.findings {
        out.push_str(&format!("  {:<28} {}\n", finding.name, verdict(finding)));
    }
    out
}

fn verdict(finding: &Finding) -> String {
    match (finding.kind, &finding.path) {
        (Kind::Always, None) => "holds".to_owned(),
        (Kind::Always, Some(path)) => format!("VIOLATED after {} steps", path.len()),
        (Kind::Sometimes, Some(path)) => format!("happens, after {} steps", path.len()),
        (Kind::Sometimes, None) => "NEVER HAPPENS".to_owned(),
    }
}
