//! Whether the requests of one session reach one server: handshake and first poll, many times, each request on a new
//! connection. Cookies are kept from one to the next, as a browser does.

use socketio08::handshake::Handshake;
use socketio08::payload::Payload;
use socketio08::{Body, Limits, Packet, Reason, Text, Transport};

use super::http::Site;
use super::steps::Problem;
use super::{Options, handshake_target, session_target};

#[derive(Debug, Default)]
struct Tally {
    accepted: u32,
    rejected: u32,
    /// What else was answered, the first time.
    other: Option<String>,
    others: u32,
    with_cookie: Option<String>,
}

/// Opens the sessions and judges.
pub(super) async fn judge(options: &Options, site: &Site) -> Result<String, Problem> {
    let mut tally = Tally::default();
    for _ in 0..options.handshakes {
        if let Err(other) = open(options, site, &mut tally).await {
            tally.others += 1;
            tally.other.get_or_insert(other);
        }
    }
    tally.verdict(options.handshakes)
}

/// One session: handshake, first poll, and a farewell if it lives.
async fn open(options: &Options, site: &Site, tally: &mut Tally) -> Result<(), String> {
    let answer = site.get(&handshake_target(options), &[]).await.map_err(|error| error.to_string())?;
    let handshake = match Handshake::decode(&answer.body) {
        Ok(handshake) if answer.status == 200 => handshake,
        _ => return Err(format!("a handshake answered {}", answer.status_and_server())),
    };
    if let Some(cookie) = answer.cookies.first() {
        tally.with_cookie = cookie.split('=').next().map(str::to_owned);
    }
    let target = session_target(options, Transport::XhrPolling, &handshake.session);
    let poll = site.get(&target, &answer.cookies).await.map_err(|error| error.to_string())?;
    // A server may frame its greeting together with what follows it.
    let first = Payload::new(Text::from(poll.body.as_str()), &Limits::default()).next();
    match first.and_then(Result::ok).and_then(|text| Packet::decode(&text).ok()).map(|packet| packet.body) {
        Some(Body::Connect { .. }) => {
            tally.accepted += 1;
            // Unanswered, the session would wait for its close timeout on the server.
            let _ = site.post(&target, &answer.cookies, "0::").await;
            Ok(())
        }
        Some(Body::Error { reason: Some(Reason::ClientNotHandshaken), .. }) => {
            tally.rejected += 1;
            Ok(())
        }
        _ => Err(format!("a first poll answered {} {}", poll.status_and_server(), poll.beginning())),
    }
}

impl Tally {
    fn verdict(self, handshakes: u32) -> Result<String, Problem> {
        let counted = format!("{handshakes} handshakes, {} first polls", self.accepted + self.rejected);
        if self.rejected > 0 {
            return Err(Problem {
                line: format!(
                    "{counted}: {} rejected with 7:::1+0: requests of one session reach different servers",
                    self.rejected
                ),
                summary: "the pool is not sticky".to_owned(),
            });
        }
        if let Some(other) = self.other {
            return Err(Problem {
                line: format!("{counted}; {} failed otherwise, the first: {other}", self.others),
                summary: "some sessions cannot be opened".to_owned(),
            });
        }
        let how = match self.with_cookie {
            Some(cookie) => format!("sticky for clients that keep the cookie {cookie}, or a single server"),
            None => "sticky, or a single server".to_owned(),
        };
        Ok(format!("{counted}: none rejected: {how}"))
    }
}
