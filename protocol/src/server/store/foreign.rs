//! The data of a handshake that another node took, as the application is given it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::RedisConfig;
use super::consume::members;
use crate::server::HandshakeData;
use crate::{Instant, Text};

/// Reads what [`super::data::of_request`] writes. What is missing or of another type is empty: an application of the other
/// node may have put something else in its place.
pub(super) fn read(config: &RedisConfig, json: &str) -> HandshakeData {
    let members = members(json).unwrap_or_default();
    let url = Text::from(value::<String>(&members, "url").unwrap_or_default());
    let query = url.split_once('?').map_or(Text::EMPTY, |(_, query)| Text::from(query));
    let issued: u64 = value(&members, "issued").unwrap_or(config.epoch_millis);
    HandshakeData {
        headers: headers(&members),
        address: address(&members),
        query,
        xdomain: value(&members, "xdomain").unwrap_or_default(),
        secure: value(&members, "secure").unwrap_or_default(),
        issued: Instant::from_millis(issued.saturating_sub(config.epoch_millis)),
        url,
    }
}

type Members<'a> = Vec<(String, &'a RawValue)>;

fn raw<'a>(members: &Members<'a>, name: &str) -> Option<&'a str> {
    members.iter().find(|(key, _)| key == name).map(|(_, value)| value.get())
}

fn value<T: DeserializeOwned>(members: &Members<'_>, name: &str) -> Option<T> {
    serde_json::from_str(raw(members, name)?).ok()
}

fn headers(of: &Members<'_>) -> Vec<(Text, Text)> {
    let object = raw(of, "headers").and_then(|json| members(json).ok()).unwrap_or_default();
    let texts = object.into_iter().filter_map(|(name, value)| {
        let value: String = serde_json::from_str(value.get()).ok()?;
        Some((Text::from(name), Text::from(value)))
    });
    texts.collect()
}

fn address(of: &Members<'_>) -> Text {
    let object = raw(of, "address").and_then(|json| members(json).ok()).unwrap_or_default();
    let host: String = value(&object, "address").unwrap_or_default();
    let port: Option<u16> = value(&object, "port");
    let v6 = host.contains(':');
    Text::from(match port {
        Some(port) if v6 => format!("[{host}]:{port}"),
        Some(port) => format!("{host}:{port}"),
        None => host,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::store::data;

    #[test]
    fn what_one_node_writes_another_one_reads() {
        let config = RedisConfig::new(1, 1_000_000);
        let header = |name, value| (Text::from_static(name), Text::from_static(value));
        let sent = HandshakeData {
            headers: alloc::vec![header("origin", "http://a.com"), header("cookie", "a=\"b\"")],
            address: Text::from_static("[::1]:80"),
            query: Text::from_static("a=%20b"),
            url: Text::from_static("/socket.io/1/?a=%20b"),
            xdomain: true,
            secure: false,
            issued: Instant::from_millis(5),
        };
        let json = data::of_request(&config, sent.issued, &sent.url, &sent.headers, &sent.address);
        assert_eq!(read(&config, &json), sent);
    }

    #[test]
    fn what_is_no_handshake_data_is_empty() {
        let config = RedisConfig::new(1, 7);
        for json in ["{}", "null", r#"{"headers":[],"address":"x","url":1,"issued":"y"}"#] {
            let data = read(&config, json);
            assert!(data.headers.is_empty() && data.url.is_empty() && data.address.is_empty(), "{json}");
            assert_eq!(data.issued, Instant::ZERO);
        }
    }
}
