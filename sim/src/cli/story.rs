//! `sio08 story`: what happened to one client, request by request.

use std::time::Duration;

use clap::Args;

use super::Exit;
use super::simulate::{Failure, observe, print};
use super::subject::Subject;
use crate::report::{Story, header};
use crate::scenario::{format_duration, parse_duration};
use crate::trace::{ClientId, Record};

/// Tells the story of one client: each request, which server took it, and why it answered so.
#[derive(Args, Debug)]
pub(super) struct StoryArgs {
    #[command(flatten)]
    subject: Subject,
    /// The client, counting from 1
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    client: u32,
    /// Leaves out what happened before, `8s`
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Leaves out what happened after, `9s`
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Tells repetitions each time
    #[arg(long)]
    whole: bool,
}

/// Runs the command.
pub(super) fn run(args: &StoryArgs) -> Exit {
    attempt(args).unwrap_or_else(|failure| failure.report())
}

fn attempt(args: &StoryArgs) -> Result<Exit, Failure> {
    let [engine] = args.subject.engine.names() else {
        return Err(Failure::Usage("a story is told by one engine: --engine direct, or turmoil".to_owned()));
    };
    let scenario = args.subject.load()?;
    if args.client > scenario.clients.count {
        return Err(Failure::Usage(format!(
            "--client {}: there are clients 1 to {}",
            args.client, scenario.clients.count
        )));
    }
    let from = time("--from", args.from.as_deref())?.unwrap_or(0);
    let until = time("--until", args.until.as_deref())?.unwrap_or(u64::MAX);
    within(args, from, until, scenario.duration)?;
    let seed = args.subject.seed();
    let mut story = Story::new(&scenario, ClientId(args.client - 1));
    observe(&scenario, seed, *engine, &mut |record: &Record| story.record(record))?;
    print(&format!("{}\n", header(&scenario, seed, args.subject.engine.name())))?;
    print(&format!("  client {} of {}\n\n", args.client, scenario.clients.count))?;
    print(&story.render(from, until, args.whole))?;
    Ok(Exit::Holds)
}

/// Refuses a time in which there is nothing to tell of any client.
fn within(args: &StoryArgs, from: u64, until: u64, duration: Duration) -> Result<(), Failure> {
    let from_text = args.from.as_deref().unwrap_or_default();
    if u128::from(from) > duration.as_micros() {
        let message = format!("--from {from_text}: the run ends at {}", format_duration(duration));
        return Err(Failure::Usage(message));
    }
    if until < from {
        let until = args.until.as_deref().unwrap_or_default();
        return Err(Failure::Usage(format!(
            "--until {until} is before --from {from_text}; give a later time"
        )));
    }
    Ok(())
}

/// Microseconds.
fn time(option: &str, text: Option<&str>) -> Result<Option<u64>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let duration = parse_duration(text).map_err(|wrong| Failure::Usage(format!("{option} {wrong}")))?;
    Ok(Some(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
}
