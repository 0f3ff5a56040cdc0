//! Asks a real deployment whether Socket.IO 0.8 works through it: a plain request, a handshake, each transport, and whether
//! the pool behind it is sticky. Says which step failed and what that usually means.

mod http;
mod profile;
mod session;
mod steps;
mod sticky;
mod transport;
mod url;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use socketio08::{Text, Transport, handshake::Handshake};

use self::http::Site;
pub use self::session::{Happening, Session};
use self::steps::Problem;
pub use self::url::{Url, UrlError};

/// The transports that can be probed, in this order: the one that always works first.
pub const TRANSPORTS: [Transport; 4] =
    [Transport::XhrPolling, Transport::JsonpPolling, Transport::Htmlfile, Transport::Websocket];

/// What to ask and how long to wait for it.
#[derive(Clone, Debug)]
pub struct Options {
    /// The deployment.
    pub url: Url,
    /// The resource, `/socket.io`.
    pub resource: String,
    /// Only this transport.
    pub transport: Option<Transport>,
    /// For each answer.
    pub patience: Duration,
    /// The silence before the last message, 5 s.
    pub quiet: Duration,
    /// How many sessions are opened to judge stickiness; 0: it is not judged.
    pub handshakes: u32,
}

/// Probes, printing a line as each step ends and a verdict last; returns whether everything worked.
///
/// # Errors
/// Those of `out`.
pub async fn probe(options: &Options, out: &mut impl Write) -> io::Result<bool> {
    let mut screen = Screen { out, problems: Vec::new() };
    steps(options, &mut screen).await?;
    screen.verdict()
}

async fn steps(options: &Options, screen: &mut Screen<'_, impl Write>) -> io::Result<()> {
    let site = match steps::reach(options).await {
        Ok((site, line)) => {
            screen.line("HTTP", &line)?;
            site
        }
        Err(problem) => return screen.problem("HTTP", problem),
    };
    let (handshake, answer) = match steps::handshake(options, &site).await {
        Ok((handshake, answer, line)) => {
            screen.line("handshake", &line)?;
            (handshake, answer)
        }
        Err(problem) => return screen.problem("handshake", problem),
    };
    let judgement = profile::judge(options, &site, &handshake, &answer).await;
    screen.line("profile", &judgement.verdict)?;
    for sign in &judgement.signs {
        screen.line("", &format!("  {sign}"))?;
    }
    for transport in TRANSPORTS.into_iter().filter(|each| options.transport.is_none_or(|one| one == *each)) {
        if handshake.transports.contains(&transport) {
            match transport::converse(options, &site, transport, &answer.cookies).await {
                Ok(line) => screen.line(transport.name(), &line)?,
                Err(problem) => screen.problem(transport.name(), problem)?,
            }
        } else if options.transport.is_some() {
            screen.problem(transport.name(), not_offered(transport))?;
        } else {
            screen.line(transport.name(), "not offered by the server")?;
        }
    }
    if !TRANSPORTS.iter().any(|transport| handshake.transports.contains(transport)) {
        screen.problem("transports", no_transport(&handshake))?;
    }
    if options.handshakes > 0 && handshake.transports.contains(&Transport::XhrPolling) {
        match sticky::judge(options, &site).await {
            Ok(line) => screen.line("stickiness", &line)?,
            Err(problem) => screen.problem("stickiness", problem)?,
        }
    }
    Ok(())
}

fn not_offered(transport: Transport) -> Problem {
    Problem {
        line: format!(
            "not offered by the server: enable it there (its `transports` setting lists {transport}?)"
        ),
        summary: format!("the server does not offer {transport}"),
    }
}

fn no_transport(handshake: &Handshake) -> Problem {
    let offered: Vec<_> = handshake.transports.iter().map(|transport| transport.name()).collect();
    Problem {
        line: format!("the server offers `{}`, of which this probe speaks none", offered.join(",")),
        summary: "the server offers no transport that can be probed".to_owned(),
    }
}

/// Prints the steps and remembers what failed.
struct Screen<'a, W> {
    out: &'a mut W,
    problems: Vec<String>,
}

impl<W: Write> Screen<'_, W> {
    fn line(&mut self, label: &str, line: &str) -> io::Result<()> {
        writeln!(self.out, "  {label:<13} {line}")?;
        // Each step may take seconds: a line in a buffer tells nobody what is going on.
        self.out.flush()
    }

    fn problem(&mut self, label: &str, problem: Problem) -> io::Result<()> {
        self.problems.push(problem.summary);
        self.line(label, &problem.line)
    }

    fn verdict(self) -> io::Result<bool> {
        match self.problems.as_slice() {
            [] => writeln!(self.out, "It worked.")?,
            [one] => writeln!(self.out, "It did not work: {one}.")?,
            [most @ .., last] => {
                writeln!(self.out, "It did not work: {}, and {last}.", most.join(", "))?;
            }
        }
        Ok(self.problems.is_empty())
    }
}

/// Milliseconds of the Unix epoch, for `t=` in targets, which keeps caches away.
fn epoch_millis() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn handshake_target(options: &Options) -> Text {
    socketio08::target::handshake(&options.resource, &format!("t={}", epoch_millis()))
}

fn session_target(options: &Options, transport: Transport, session: &str) -> Text {
    socketio08::target::session(&options.resource, transport, session, &format!("t={}", epoch_millis()))
}

/// Every address of the host.
async fn resolve(options: &Options) -> Result<Vec<SocketAddr>, Problem> {
    let Url { host, port, .. } = &options.url;
    let lookup = tokio::net::lookup_host((host.as_str(), *port));
    let addresses: Vec<SocketAddr> = match tokio::time::timeout(options.patience, lookup).await {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(_)) | Err(_) => Vec::new(),
    };
    if addresses.is_empty() {
        return Err(Problem {
            line: format!("the name `{host}` has no address: check its spelling, and DNS or /etc/hosts"),
            summary: format!("`{host}` cannot be found"),
        });
    }
    Ok(addresses)
}

fn site(options: &Options, address: SocketAddr) -> Site {
    Site { url: options.url.clone(), address, patience: options.patience }
}
