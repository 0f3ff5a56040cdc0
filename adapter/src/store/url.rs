//! Where a Redis is.

use std::fmt;
use std::str::FromStr;

/// The address of a Redis: `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]`, or `unix:PATH`. Shown without its password.
///
/// ```
/// # use socketio08_tokio::RedisUrl;
/// let url: RedisUrl = "redis://:secret@192.0.2.7/2".parse()?;
/// assert_eq!(url.to_string(), "192.0.2.7:6379", "without its password");
/// # Ok::<(), socketio08_tokio::RedisUrlError>(())
/// ```
#[derive(Clone)]
pub struct RedisUrl {
    client: Box<redis::Client>,
    shown: String,
}

/// A text that is no address of a Redis.
///
/// ```
/// # use socketio08_tokio::RedisUrl;
/// let error = "rediss://192.0.2.7".parse::<RedisUrl>().unwrap_err();
/// assert!(error.to_string().starts_with("TLS to Redis is not built in"));
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{reason}; write it as redis://HOST:6379, redis://:PASSWORD@HOST:PORT/DATABASE, or unix:/path/to/socket"
)]
pub struct RedisUrlError {
    reason: String,
}

impl RedisUrl {
    pub(crate) fn client(&self) -> &redis::Client {
        &self.client
    }
}

impl FromStr for RedisUrl {
    type Err = RedisUrlError;

    fn from_str(text: &str) -> Result<Self, RedisUrlError> {
        let failed = |reason: String| RedisUrlError { reason };
        let scheme = text.split(':').next().unwrap_or_default();
        if matches!(scheme, "rediss" | "valkeys") {
            return Err(failed(
                "TLS to Redis is not built in (a TLS tunnel such as stunnel does it)".to_owned(),
            ));
        }
        let client = redis::Client::open(text).map_err(|error| failed(lower(&error.to_string())))?;
        let shown = client.get_connection_info().addr().to_string();
        Ok(Self { client: Box::new(client), shown })
    }
}

/// The first letter of a sentence of others, to go into one of ours.
fn lower(text: &str) -> String {
    let text = text.split(" - ").next().unwrap_or(text);
    text.replace("Redis URL did not parse", "this is not a URL").replace("Invalid", "invalid")
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({})", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let url: RedisUrl = "redis://:secret@192.0.2.7:6380/2".parse().expect("an address");
        assert_eq!(
            (format!("{url}"), format!("{url:?}")),
            ("192.0.2.7:6380".into(), "RedisUrl(192.0.2.7:6380)".into())
        );
    }

    #[test]
    fn a_bad_address_is_refused_with_the_form_of_a_good_one() {
        for bad in [
            "",
            "localhost",
            "http://localhost",
            "redis://",
            "redis://host/x",
            "redis://host:99999",
            "rediss://host",
        ] {
            let error = bad.parse::<RedisUrl>().expect_err(bad).to_string();
            assert!(error.contains("redis://HOST:6379"), "{bad}: {error}");
        }
    }
}
