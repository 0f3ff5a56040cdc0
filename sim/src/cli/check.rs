//! `sio08 check`: every order of events of a small deployment, played on the real machines.

use std::fmt::Write as _;
use std::io::IsTerminal;

use clap::Args;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use super::Exit;
use super::replay::{telling, write, write_svg};
use super::simulate::{Failure, print};
use crate::check::{
    Balance, Behaviour, Effort, Explored, Fault, Finding, Kind, Progress, Setup, Store, Transports, Way,
    explore, replay,
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
    /// How servers share sessions
    #[arg(long, value_enum, default_value_t = Store::Memory)]
    store: Store,
    /// What clients and servers talk over
    #[arg(long, value_enum, default_value_t = Transports::XhrPolling)]
    transports: Transports,
    /// Whose behaviour the clients have
    #[arg(long, value_enum, default_value_t = Behaviour::Improved)]
    client: Behaviour,
    /// How many messages each client sends, and gets
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=6))]
    messages: u8,
    /// How many packets may wait at a client, or for a session [default: as many as there can be]
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=14))]
    outbox: Option<u8>,
    /// How often something goes wrong
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=9))]
    faults: u8,
    /// What may go wrong
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Setup::FAULTS)]
    kinds: Vec<Fault>,
    /// Follows no way further than this many steps
    #[arg(long)]
    depth: Option<usize>,
    /// Draws the way that is told as a sequence diagram into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<String>,
    /// Where the way that is told is written, for `sio08 replay`
    #[arg(long, value_name = "FILE", default_value = "counterexample.json")]
    out: String,
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
            store: self.store,
            transports: self.transports,
            behaviour: self.client,
            messages: self.messages,
            outbox: self.outbox,
            faults: self.faults,
            kinds: self.kinds.clone(),
            #[cfg(feature = "seeded-faults")]
            seeded: None,
        }
    }
}

/// Runs the command. Exits 0 if every property is as claimed, 1 if one is not.
pub(super) fn run(args: &CheckArgs) -> Exit {
    attempt(args).unwrap_or_else(|failure| failure.report())
}

fn attempt(args: &CheckArgs) -> Result<Exit, Failure> {
    let setup = args.setup();
    print(&format!("{}\n", header(&setup)))?;
    let bar = spinner();
    let effort = Effort { depth: args.depth, threads: args.threads };
    let explored = explore(&setup, effort, &mut |progress| bar.set_message(rate(progress)));
    bar.finish_and_clear();
    print(&screen(&explored))?;
    tell(args, &setup, &explored)?;
    Ok(if explored.findings.iter().all(|finding| is_fine(finding, &explored)) {
        Exit::Holds
    } else {
        Exit::Violated
    })
}

/// What should happen sometimes may lie beyond the depth asked for.
fn is_fine(finding: &Finding, explored: &Explored) -> bool {
    finding.holds() || (finding.kind == Kind::Sometimes && !explored.whole)
}

/// Tells the way to what should not be, or else to what should happen sometimes.
fn tell(args: &CheckArgs, setup: &Setup, explored: &Explored) -> Result<(), Failure> {
    let violated = explored.findings.iter().find(|finding| finding.kind == Kind::Always && !finding.holds());
    let told = violated.or_else(|| explored.findings.iter().find(|finding| finding.path.is_some()));
    let Some((finding, path)) = told.and_then(|finding| Some((finding, finding.path.as_ref()?))) else {
        return Ok(());
    };
    let story = replay(setup, path).map_err(|error| Failure::Usage(error.to_string()))?;
    print(&format!("\n{}", telling(finding.name, &story)))?;
    write_svg(args.svg.as_deref(), &story)?;
    write(&args.out, &Way::new(finding.name, setup, path).write())?;
    print(&format!("  again: sio08 replay {}\n", args.out))
}

fn header(setup: &Setup) -> String {
    let names: Vec<&str> = setup.transports().into_iter().map(socketio08::Transport::name).collect();
    format!(
        "check · {} → {} → {}{} · {} · {} each way · {}",
        count(setup.clients, "client"),
        balanced(setup.balance),
        count(setup.servers, "server"),
        shared(setup.store),
        names.join(", "),
        count(setup.messages, "message"),
        count(setup.faults, "fault"),
    )
}

fn balanced(balance: Balance) -> &'static str {
    match balance {
        Balance::RoundRobin => "round robin",
        Balance::Sticky => "sticky",
        Balance::Random => "random",
    }
}

fn shared(store: Store) -> &'static str {
    match store {
        Store::Memory => "",
        Store::Routed => ", routed sessions",
        Store::Portable => ", portable sessions",
        Store::Redis => ", Redis",
    }
}

fn count(number: u8, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
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
        let _ = writeln!(out, "  {:<28} {}", finding.name, verdict(finding, explored.whole));
    }
    out
}

fn verdict(finding: &Finding, whole: bool) -> String {
    match (finding.kind, &finding.path) {
        (Kind::Always, None) if !whole => "holds so far".to_owned(),
        (Kind::Always, None) => "holds".to_owned(),
        (Kind::Always, Some(path)) => format!("VIOLATED after {} steps", path.len()),
        (Kind::Sometimes, Some(path)) => format!("happens, after {} steps", path.len()),
        (Kind::Sometimes, None) if !whole => "has not happened so far".to_owned(),
        (Kind::Sometimes, None) => "NEVER HAPPENS".to_owned(),
    }
}
