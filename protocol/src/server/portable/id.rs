//! Signed ids: `REST-EXPIRY-SIGNATURE`, the expiry in hexadecimal seconds from 1970.

use alloc::format;

use super::super::SessionId;
use super::super::key::SIGNATURE_CHARS;
use super::config::PortableConfig;
use crate::{Instant, Text};

const PURPOSE: &str = "session id";

fn seconds(config: &PortableConfig, now: Instant) -> u64 {
    config.epoch_millis.saturating_add(now.as_millis()) / 1_000
}

/// The id under which a session is known to every server.
pub(super) fn issue(config: &PortableConfig, now: Instant, rest: &SessionId) -> SessionId {
    let expiry = seconds(config, now).saturating_add(config.lifetime.as_secs());
    let signed = format!("{}-{expiry:x}", rest.0);
    let signature = config.key.sign(PURPOSE, &[&signed]);
    SessionId(Text::from(format!("{signed}-{signature}")))
}

/// Whether one of the servers issued the id, and it may still be used.
pub(super) fn is_good(config: &PortableConfig, now: Instant, id: &str) -> bool {
    // The signature may have hyphens of its own, but its length is known.
    let Some((signed, signature)) =
        id.len().checked_sub(SIGNATURE_CHARS + 1).and_then(|at| id.split_at_checked(at))
    else {
        return false;
    };
    let Some(signature) = signature.strip_prefix('-') else { return false };
    let expiry = signed.rsplit_once('-').and_then(|(_, expiry)| u64::from_str_radix(expiry, 16).ok());
    expiry.is_some_and(|expiry| seconds(config, now) < expiry)
        && config.key.verify(PURPOSE, &[signed], signature)
}
