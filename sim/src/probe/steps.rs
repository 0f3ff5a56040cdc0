//! The first two steps: is there HTTP, and does a handshake come back.

use socketio08::handshake::Handshake;

use super::http::{Answer, NoAnswer, Site};
use super::{Options, handshake_target, resolve, site};

/// A step that failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Problem {
    /// What happened and what that usually means.
    pub(super) line: String,
    /// A few words for the verdict.
    pub(super) summary: String,
}

impl Problem {
    fn no_answer(error: &NoAnswer) -> Self {
        let summary = match error {
            NoAnswer::Refused(address) => format!("nothing listens on {address}"),
            NoAnswer::ConnectTimeout(address, _) | NoAnswer::Connect(address, _) => {
                format!("{address} cannot be reached")
            }
            NoAnswer::NotHttp => "what listens there does not speak HTTP".to_owned(),
            NoAnswer::Timeout(_) | NoAnswer::Closed | NoAnswer::TooLong | NoAnswer::Other(_) => {
                "there is no answer".to_owned()
            }
        };
        Self { line: error.to_string(), summary }
    }
}

/// Makes the plain request at the first address that takes it.
pub(super) async fn reach(options: &Options) -> Result<(Site, String), Problem> {
    let mut first_error = None;
    for address in resolve(options).await? {
        let site = site(options, address);
        match site.get(&options.url.path, &[]).await {
            Ok(answer) => {
                let line = format!("{} in {}", answer.status_and_server(), milliseconds(&answer));
                return Ok((site, line));
            }
            // Something is there: the next address would be another deployment.
            Err(
                error @ (NoAnswer::NotHttp | NoAnswer::Closed | NoAnswer::TooLong | NoAnswer::Timeout(_)),
            ) => {
                return Err(Problem::no_answer(&error));
            }
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(Problem::no_answer(&first_error.unwrap_or(NoAnswer::Closed)))
}

/// Makes a handshake; returns it with the whole answer, and the line to print.
pub(super) async fn handshake(
    options: &Options,
    site: &Site,
) -> Result<(Handshake, Answer, String), Problem> {
    let answer =
        site.get(&handshake_target(options), &[]).await.map_err(|error| Problem::no_answer(&error))?;
    let handshake = read_handshake(options, &answer)?;
    let line = describe(&handshake);
    Ok((handshake, answer, line))
}

/// The handshake in an answer, or what the answer usually means.
fn read_handshake(options: &Options, answer: &Answer) -> Result<Handshake, Problem> {
    if answer.status == 200 {
        return Handshake::decode(&answer.body).map_err(|error| not_a_handshake(options, answer, &error));
    }
    let (meaning, summary) = meaning(options, answer);
    Err(Problem { line: format!("answered {}: {meaning}", answer.status_and_server()), summary })
}

fn not_a_handshake(
    options: &Options,
    answer: &Answer,
    error: &socketio08::handshake::HandshakeError,
) -> Problem {
    let resource = &options.resource;
    if answer.body.starts_with("Welcome to socket.io") {
        return Problem {
            line: format!(
                "answered `Welcome to socket.io.`: Socket.IO is there, but {resource} is not its resource (--resource), or a proxy \
                 rewrites the path"
            ),
            summary: format!("{resource} is not where Socket.IO answers"),
        };
    }
    Problem {
        line: format!(
            "answered 200, but {error}: {} is something else's answer; does the proxy pass {resource}/ to Socket.IO?",
            answer.beginning()
        ),
        summary: format!("{resource}/ is not answered by Socket.IO 0.8"),
    }
}

fn meaning(options: &Options, answer: &Answer) -> (String, String) {
    let resource = &options.resource;
    match answer.status {
        301 | 302 | 303 | 307 | 308 => (
            format!(
                "a redirection to {}: probe that address",
                answer.location.as_deref().unwrap_or("nowhere")
            ),
            "the handshake is redirected, which clients do not follow".to_owned(),
        ),
        400 if answer.body.contains("Transport unknown") || answer.body.contains("\"code\"") => (
            "this is Socket.IO 1.0 or later, which does not speak 0.8".to_owned(),
            "the server is Socket.IO 1.0 or later".to_owned(),
        ),
        403 => (
            format!(
                "{}: the application's authorization or its `origins` setting refused it",
                answer.beginning()
            ),
            "the handshake is refused".to_owned(),
        ),
        404 => (
            format!(
                "nothing serves {resource}/ here: wrong path (--resource), or the proxy does not pass it to Socket.IO"
            ),
            format!("nothing serves {resource}/"),
        ),
        500 if answer.body.contains("Protocol version") => (
            "this server does not speak protocol revision 1 (Socket.IO 0.7 to 0.9)".to_owned(),
            "the server does not speak protocol revision 1".to_owned(),
        ),
        502..=504 => (
            "the proxy has no live server for it: are the servers up, and does its health check pass?"
                .to_owned(),
            "the proxy reaches no server".to_owned(),
        ),
        _ => (
            format!("a handshake is answered 200; the body was {}", answer.beginning()),
            format!("the handshake is answered {}", answer.status),
        ),
    }
}

fn describe(handshake: &Handshake) -> String {
    let seconds = |timeout: Option<std::time::Duration>| {
        timeout.map_or_else(|| "off".to_owned(), |timeout| format!("{} s", timeout.as_secs_f64()))
    };
    let transports: Vec<_> = handshake.transports.iter().map(|transport| transport.name()).collect();
    format!(
        "protocol 1 (heartbeat {}, close {}), transports {}",
        seconds(handshake.heartbeat_timeout),
        seconds(handshake.close_timeout),
        if transports.is_empty() { "none".to_owned() } else { transports.join(" ") },
    )
}

fn milliseconds(answer: &Answer) -> String {
    format!("{} ms", answer.took.as_millis().max(1))
}
