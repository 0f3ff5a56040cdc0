//! The signs, each with the rule of either release behind it (facts 3, 4, 11).

use std::time::Duration;

use socketio08::handshake::Handshake;
use socketio08::{Profile, Transport};

use super::Sign;
use crate::probe::http::{Answer, NoAnswer, Site};
use crate::probe::{Options, epoch_millis, session_target};

/// A name under which nobody can have a page (RFC 2606): no allow-list has it.
const STRANGER: &str = "http://sio08-probe.invalid";

/// How long a server of 0.8 is given to leave a `?disconnect` without an answer.
const SILENCE: Duration = Duration::from_secs(2);

/// How long a poll is watched to be held; several times as long as answers take here.
const HELD: Duration = Duration::from_millis(300);

/// The defaults are 15 and 25 s, and 60 and 60 s. A setting: weak.
pub(super) fn timers(handshake: &Handshake) -> Sign {
    let timers = (handshake.heartbeat_timeout, handshake.close_timeout);
    let defaults = |profile: Profile| (Some(profile.heartbeat_timeout()), Some(profile.close_timeout()));
    match Profile::ALL.into_iter().find(|profile| defaults(*profile) == timers) {
        Some(profile) => {
            let [heartbeat, close] = [profile.heartbeat_timeout(), profile.close_timeout()];
            let what =
                format!("timers {}:{}, the defaults of {profile}", heartbeat.as_secs(), close.as_secs());
            Sign::of(profile, 1, what)
        }
        None => Sign::silent("timers of neither's defaults"),
    }
}

/// Two decimal numbers in a row, or 20 characters of base64 for URLs.
pub(super) fn session_id(id: &str) -> Sign {
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if id.bytes().all(|byte| byte.is_ascii_digit()) && (8..=20).contains(&id.len()) {
        Sign::of(Profile::V0_8_7, 3, format!("a session id of {} digits", id.len()))
    } else if id.len() == 20 && id.bytes().all(base64) {
        Sign::of(Profile::V0_9, 3, "a session id of 20 characters of base64")
    } else {
        Sign::silent(format!("a session id of {} characters, as neither issues", id.chars().count()))
    }
}

/// The signs that need requests of their own.
pub(super) async fn of_requests(
    options: &Options,
    site: &Site,
    handshake: &Handshake,
    first: &Answer,
) -> Vec<Sign> {
    let resource = &options.resource;
    let handshake_target = |query: &str| format!("{resource}/1/?{query}&t={}", epoch_millis());
    let mut signs = Vec::new();
    let stranger = site.get_from(&handshake_target("probe=origin"), STRANGER).await;
    signs.extend(stranger.ok().map(|answer| allowed_origin(&answer)));
    let script = site.get(&handshake_target("jsonp=sio08"), &[]).await;
    signs.extend(script.ok().map(|answer| callback(&answer)));
    if handshake.transports.contains(&Transport::XhrPolling) {
        let nobody = session_target(options, Transport::XhrPolling, "sio08-probe-nobody");
        let post = site.post(&nobody, &[], "8::").await;
        signs.extend(post.ok().map(|answer| posted(&answer)));
        let brief = Site { patience: SILENCE.max(first.took * 4), ..site.clone() };
        let goodbye = brief.get(&format!("{nobody}&disconnect=1"), &[]).await;
        signs.extend(disconnected(goodbye));
        signs.extend(hung_up(options, site, handshake, first).await);
    }
    signs
}

/// A page of an origin that no list names: `*`, or its name and credentials. A proxy may add such headers: weak.
fn allowed_origin(answer: &Answer) -> Sign {
    match (answer.allow_origin.as_deref(), answer.status) {
        (Some("*"), _) => Sign::of(Profile::V0_8_7, 1, "any origin is allowed by *"),
        (Some(STRANGER), _) => Sign::of(Profile::V0_9, 1, "any origin is allowed by its name"),
        (_, 403) => Sign::silent("a foreign origin is refused"),
        _ => Sign::silent("no CORS headers for a foreign origin"),
    }
}

/// `jsonp=sio08` is no index: 0.8 writes it into the script, 0.9 ignores it, as servers of either profile do that check.
fn callback(answer: &Answer) -> Sign {
    if answer.body.starts_with("io.j[sio08](") {
        Sign::of(Profile::V0_8_7, 3, "jsonp=sio08 is written into a script unchecked")
    } else {
        Sign::silent("jsonp=sio08 is not taken for an index")
    }
}

/// A POST of nobody's is answered `1` by both; only 0.9 names the type.
fn posted(answer: &Answer) -> Sign {
    match &answer.content_type {
        _ if answer.status != 200 || answer.body != "1" => {
            Sign::silent(format!("a POST of an unknown session is answered {}", answer.status_and_server()))
        }
        None => Sign::of(Profile::V0_8_7, 3, "a POST is answered without a Content-Type"),
        Some(named) => Sign::of(Profile::V0_9, 3, format!("a POST is answered with Content-Type {named}")),
    }
}

/// `?disconnect` is answered by 0.9 only; a proxy that gets no answer makes one.
fn disconnected(answer: Result<Answer, NoAnswer>) -> Option<Sign> {
    let unanswered = |how: &str| Some(Sign::of(Profile::V0_8_7, 2, format!("?disconnect is {how}")));
    match answer {
        Ok(answer) if answer.status == 200 && answer.body.is_empty() => {
            Some(Sign::of(Profile::V0_9, 3, "?disconnect is answered 200"))
        }
        Ok(answer) if matches!(answer.status, 502 | 504) => {
            unanswered(&format!("not answered (a proxy says {})", answer.status_and_server()))
        }
        Ok(answer) => Some(Sign::silent(format!("?disconnect is answered {}", answer.status_and_server()))),
        Err(NoAnswer::Closed) => unanswered("closed without an answer"),
        Err(NoAnswer::Timeout(_)) => unanswered("not answered"),
        Err(_) => None,
    }
}

/// A poll that the client hangs up ends a session of 0.8. A proxy may hide the hang-up: that a session lives on is weak.
async fn hung_up(options: &Options, site: &Site, handshake: &Handshake, first: &Answer) -> Option<Sign> {
    let target = || session_target(options, Transport::XhrPolling, &handshake.session);
    let held = HELD.max(first.took * 4);
    let watched = Site { patience: held, ..site.clone() };
    let cookies = &first.cookies;
    if site.get(&target(), cookies).await.ok()?.body != "1::" {
        return None;
    }
    // An application that greets answers some polls before one is held. This one is hung up when its time is over.
    let mut polls = 0;
    while watched.get(&target(), cookies).await.is_ok() {
        polls += 1;
        if polls > 4 {
            return None;
        }
    }
    tokio::time::sleep(held).await;
    let next = watched.get(&target(), cookies).await;
    let sign = match next {
        Ok(answer) if answer.body == "7:::1+0" => {
            Some(Sign::of(Profile::V0_8_7, 2, "a poll that is hung up ends the session"))
        }
        Ok(_) | Err(NoAnswer::Timeout(_)) => {
            Some(Sign::of(Profile::V0_9, 1, "a session survives a poll that is hung up"))
        }
        Err(_) => None,
    };
    // Unanswered, the session would wait for its close timeout on the server.
    let _ = site.post(&target(), cookies, "0::").await;
    sign
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handshake(text: &'static str) -> Handshake {
        Handshake::decode(text).expect("a handshake")
    }

    fn said(sign: &Sign) -> (Option<Profile>, u32) {
        (sign.says, sign.weight)
    }

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, body: body.to_owned(), ..Answer::default() }
    }

    #[test]
    fn default_timers_are_a_weak_sign_and_others_none() {
        assert_eq!(said(&timers(&handshake("1:15:25:websocket"))), (Some(Profile::V0_8_7), 1));
        assert_eq!(said(&timers(&handshake("1:60:60:websocket"))), (Some(Profile::V0_9), 1));
        for other in ["1:15:60:websocket", "1::60:websocket", "1:30:30:websocket"] {
            assert_eq!(timers(&handshake(other)).says, None, "{other}");
        }
    }

    #[test]
    fn digits_and_twenty_characters_are_told_apart() {
        assert_eq!(session_id("9023484211492301546").says, Some(Profile::V0_8_7));
        assert_eq!(session_id("7HY-89xPtLTAuoYGTjoc").says, Some(Profile::V0_9));
        for neither in ["4711", "7HY-89xPtLTAuoYGTjocABCD", "7HY.89xPtLTAuoYGTjoc"] {
            assert_eq!(session_id(neither).says, None, "{neither}");
        }
    }

    #[test]
    fn a_wildcard_and_an_echo_of_the_origin_are_weak_signs() {
        let allowing = |origin: &str| Answer { allow_origin: Some(origin.to_owned()), ..answer(200, "") };
        assert_eq!(said(&allowed_origin(&allowing("*"))), (Some(Profile::V0_8_7), 1));
        assert_eq!(said(&allowed_origin(&allowing(STRANGER))), (Some(Profile::V0_9), 1));
        assert_eq!(allowed_origin(&allowing("http://elsewhere")).says, None);
        assert_eq!(allowed_origin(&answer(403, "handshake bad origin")).says, None);
    }

    #[test]
    fn a_script_that_calls_what_it_was_told_is_a_sign_of_0_8_and_its_absence_none() {
        assert_eq!(callback(&answer(200, "io.j[sio08](\"1:15:25:websocket\");")).says, Some(Profile::V0_8_7));
        assert_eq!(callback(&answer(200, "1:60:60:websocket")).says, None);
    }

    #[test]
    fn the_type_of_the_answer_to_a_post_tells() {
        let typed = Answer { content_type: Some("text/plain".to_owned()), ..answer(200, "1") };
        assert_eq!(posted(&typed).says, Some(Profile::V0_9));
        assert_eq!(posted(&answer(200, "1")).says, Some(Profile::V0_8_7));
        assert_eq!(posted(&answer(502, "1")).says, None);
    }

    #[test]
    fn an_answer_to_disconnect_tells_and_so_does_none() {
        let says = |answer| disconnected(answer).and_then(|sign| sign.says);
        assert_eq!(says(Ok(answer(200, ""))), Some(Profile::V0_9));
        assert_eq!(says(Err(NoAnswer::Closed)), Some(Profile::V0_8_7));
        assert_eq!(says(Err(NoAnswer::Timeout(SILENCE))), Some(Profile::V0_8_7));
        assert_eq!(says(Ok(answer(504, "gateway"))), Some(Profile::V0_8_7));
        assert_eq!(says(Ok(answer(404, "no"))), None);
        assert_eq!(says(Err(NoAnswer::NotHttp)), None);
    }
}
