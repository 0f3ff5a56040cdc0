//! `sio08 probe`: asks a real deployment.

use std::time::Duration;

use clap::Args;
use socketio08::Transport;

use super::Exit;
use crate::probe::{Options, TRANSPORTS, Url, probe};

/// Asks a real deployment whether Socket.IO 0.8 works through it, and whether the pool behind it is sticky.
///
/// In this order: plain HTTP; the handshake; which release answers (0.8 or 0.9) and by what signs; each transport with five messages echoed,
/// five seconds of silence and one last message; and twenty sessions that tell whether the pool is sticky.
#[derive(Args, Debug)]
pub(super) struct ProbeArgs {
    /// The deployment: `http://HOST[:PORT][/PATH]`.
    url: Url,
    /// Probe only this transport: xhr-polling, jsonp-polling, htmlfile or websocket.
    #[arg(long, value_parser = transport)]
    transport: Option<Transport>,
    /// Where Socket.IO is mounted.
    #[arg(long, default_value = "/socket.io", value_parser = resource)]
    resource: String,
    /// Seconds to wait for each answer.
    #[arg(long, default_value = "10", value_parser = seconds, value_name = "SECONDS")]
    timeout: Duration,
    /// Seconds of silence before the last message.
    #[arg(long, default_value = "5", value_parser = seconds, value_name = "SECONDS")]
    quiet: Duration,
    /// Sessions opened to judge stickiness; 0 leaves it out.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    handshakes: u32,
}

/// Runs the command.
pub(super) fn run(args: ProbeArgs) -> Exit {
    let options = Options {
        url: args.url,
        resource: args.resource,
        transport: args.transport,
        patience: args.timeout,
        quiet: args.quiet,
        handshakes: args.handshakes,
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: no runtime: {error}");
            return Exit::Internal;
        }
    };
    match runtime.block_on(probe(&options, &mut std::io::stdout())) {
        Ok(true) => Exit::Holds,
        Ok(false) => Exit::Violated,
        Err(error) => {
            eprintln!("error: cannot write the result: {error}");
            Exit::Internal
        }
    }
}

fn transport(name: &str) -> Result<Transport, String> {
    let known = TRANSPORTS.into_iter().find(|transport| transport.name() == name);
    known.ok_or_else(|| format!("this probe speaks {}", TRANSPORTS.map(Transport::name).join(", ")))
}

fn resource(path: &str) -> Result<String, String> {
    let trimmed = path.trim_end_matches('/');
    if !trimmed.starts_with('/') || !trimmed.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'?') {
        return Err("a resource is an absolute path, such as /socket.io".to_owned());
    }
    Ok(trimmed.to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds) if (0.01..=3_600.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("seconds are 0.01 to 3600".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::world::application::{PATIENCE, QUIET};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: ProbeArgs,
    }

    #[test]
    fn by_default_it_waits_as_long_as_the_simulated_connection_test() {
        let line = Line::parse_from(["probe", "http://localhost"]);
        assert_eq!((line.args.timeout, line.args.quiet), (PATIENCE, QUIET));
    }
}
