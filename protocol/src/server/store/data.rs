//! The data of a handshake, as nodes tell it each other: headers, address, time, query (recorded; names and order of 0.8.7).

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::RedisConfig;
use super::write::string;
use crate::{Instant, Text};

/// A request's data as JSON, with the time it was issued at.
pub(super) fn of_request(
    config: &RedisConfig,
    now: Instant,
    target: &str,
    headers: &[(Text, Text)],
    address: &str,
) -> Text {
    let millis = config.epoch_millis.saturating_add(now.as_millis());
    let xdomain =
        headers.iter().any(|(name, value)| name.eq_ignore_ascii_case("origin") && !value.is_empty());
    let tail = format!("\"xdomain\":{xdomain},\"issued\":{millis}}}");
    let address = address_object(address);
    let time = string(&date(millis));
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let whole = format!(
        "{{\"headers\":{},\"address\":{address},\"time\":{time},\"query\":{},\"url\":{},{tail}",
        object(header_values(headers)),
        query_object(query),
        string(target),
    );
    if whole.len() <= config.data_len_max {
        return Text::from(whole);
    }
    Text::from(format!(
        "{{\"headers\":{{}},\"address\":{address},\"time\":{time},\"query\":{{}},\"url\":\"\",{tail}"
    ))
}

/// `data` without the time it was issued at: it is used. Anything but an object stays as it is.
#[cfg(feature = "json")]
pub(super) fn used(data: &Text) -> Text {
    match super::consume::members(data) {
        Ok(members) if members.iter().any(|(name, _)| name == "issued") => {
            let kept = members.into_iter().filter(|(name, _)| name != "issued");
            Text::from(object(kept.map(|(name, value)| (name, value.to_string())).collect::<Vec<_>>()))
        }
        _ => data.clone(),
    }
}

#[cfg(not(feature = "json"))]
pub(super) fn used(data: &Text) -> Text {
    data.clone()
}

/// An object of names and JSON texts, in this order.
fn object(members: impl IntoIterator<Item = (String, String)>) -> String {
    let members: Vec<String> =
        members.into_iter().map(|(name, value)| format!("{}:{value}", string(&name))).collect();
    format!("{{{}}}", members.join(","))
}

/// Names in lower case; the values of one name joined by commas, as Node does.
fn header_values(headers: &[(Text, Text)]) -> Vec<(String, String)> {
    let mut joined: Vec<(String, String)> = Vec::new();
    let mut places = BTreeMap::new();
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        let place = *places.entry(name.clone()).or_insert(joined.len());
        match joined.get_mut(place) {
            Some((_, values)) => {
                values.push_str(", ");
                values.push_str(value);
            }
            None => joined.push((name, value.to_string())),
        }
    }
    joined.into_iter().map(|(name, value)| (name, string(&value))).collect()
}

fn address_object(address: &str) -> String {
    match address.parse::<core::net::SocketAddr>() {
        Ok(socket) => {
            format!("{{\"address\":{},\"port\":{}}}", string(&socket.ip().to_string()), socket.port())
        }
        Err(_) => format!("{{\"address\":{}}}", string(address)),
    }
}

/// A name that stands several times has a list of values.
fn query_object(query: &str) -> String {
    let mut order: Vec<String> = Vec::new();
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = unescaped(name);
        if !values.contains_key(&name) {
            order.push(name.clone());
        }
        values.entry(name).or_default().push(string(&unescaped(value)));
    }
    object(order.into_iter().map(|name| {
        let list = values.remove(&name).unwrap_or_default();
        let value = if list.len() == 1 { list.concat() } else { format!("[{}]", list.join(",")) };
        (name, value)
    }))
}

/// Percent signs and plus signs resolved; a bad escape stays as it is.
fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escape = bytes.get(at + 1..at + 3).filter(|_| byte == b'%').and_then(|digits| {
            let digits = core::str::from_utf8(digits).ok()?;
            if digits.starts_with('+') { None } else { u8::from_str_radix(digits, 16).ok() }
        });
        match (escape, byte) {
            (Some(escaped), _) => {
                out.push(escaped);
                at += 3;
                continue;
            }
            (None, b'+') => out.push(b' '),
            (None, byte) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The date as V8 prints it where the time zone is UTC.
fn date(millis: u64) -> String {
    const DAYS_OF_400_YEARS: u64 = 146_097;
    let secs = millis / 1_000;
    let days = secs / 86_400;
    // 1970-01-01 was a Thursday. Years are counted from March, so that the leap day is the last of a year.
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][usize::try_from(days % 7).unwrap_or(0)];
    let days = days + 719_468;
    let era = days / DAYS_OF_400_YEARS;
    let day_of_era = days % DAYS_OF_400_YEARS;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12;
    let year = era * 400 + year_of_era + u64::from(month < 2);
    let month = MONTHS[usize::try_from(month).unwrap_or(0)];
    let (hour, minute, second) = (secs / 3_600 % 24, secs / 60 % 60, secs % 60);
    format!("{weekday} {month} {day:02} {year} {hour:02}:{minute:02}:{second:02} GMT+0000 (UTC)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_as_recorded() {
        assert_eq!(date(1_795_386_504_627), "Sun Nov 22 2026 22:28:24 GMT+0000 (UTC)");
        assert_eq!(date(0), "Thu Jan 01 1970 00:00:00 GMT+0000 (UTC)");
        assert_eq!(date(1_330_473_600_000), "Wed Feb 29 2012 00:00:00 GMT+0000 (UTC)");
        assert_eq!(date(1_331_000_000_000), "Tue Mar 06 2012 02:13:20 GMT+0000 (UTC)");
    }

    #[test]
    fn a_query_is_unescaped_and_repeated_names_make_a_list() {
        assert_eq!(query_object("t=1&a=%C3%A9+x&t=2&b"), r#"{"t":["1","2"],"a":"é x","b":""}"#);
        assert_eq!(query_object("a=%zz%4&b=%+1"), r#"{"a":"%zz%4","b":"% 1"}"#);
    }

    #[test]
    fn data_that_is_too_long_keeps_the_address_and_the_times() {
        let config = RedisConfig::new(1, 0).data_len_max(200);
        let headers = [(Text::from_static("Cookie"), Text::from("x".repeat(300)))];
        let data = of_request(&config, Instant::ZERO, "/socket.io/1/", &headers, "192.0.2.7:80");
        assert!(data.starts_with(r#"{"headers":{},"address":{"address":"192.0.2.7","port":80}"#), "{data}");
        assert!(data.ends_with(r#""issued":0}"#), "{data}");
    }
}
