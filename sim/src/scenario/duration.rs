//! Durations as scenario files write them: a whole number and a unit.

use core::time::Duration;

/// Units from long to short, in microseconds.
const UNITS: [(&str, u64); 5] =
    [("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1)];

/// The longest duration a file may name: a day.
pub(super) const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The duration of a text such as `50ms`.
///
/// # Errors
/// What is wrong with it and what to write, to be put after the name of the key.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let remedy = "write a whole number and one of us, ms, s, m, h: \"1500ms\"";
    let Some((_, micros)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(format!("is \"{text}\", which is no duration; {remedy}"));
    };
    let number: u64 = number.parse().map_err(|_| format!("is \"{text}\", which is no duration; {remedy}"))?;
    let duration = number.checked_mul(*micros).map(Duration::from_micros);
    let duration = duration.filter(|duration| *duration <= LONGEST);
    duration.ok_or_else(|| format!("is \"{text}\", which is longer than {}", format_duration(LONGEST)))
}

/// The shortest text that a scenario file reads as this duration (in whole microseconds): `1500ms`, `2m`, `0s`.
pub fn format_duration(duration: Duration) -> String {
    let micros = duration.as_micros();
    if micros == 0 {
        return "0s".to_owned();
    }
    let exact = UNITS.iter().find(|(_, unit)| micros.is_multiple_of(u128::from(*unit)));
    let (name, unit) = exact.copied().unwrap_or(("us", 1));
    format!("{}{name}", micros / u128::from(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read_and_written_back() {
        for text in ["200us", "50ms", "13s", "2m", "1h", "1500ms", "0s", "90s"] {
            assert_eq!(format_duration(parse_duration(text).unwrap()), text);
        }
        assert_eq!(format_duration(parse_duration("60s").unwrap()), "1m");
    }

    #[test]
    fn what_is_no_duration_is_refused_with_a_remedy() {
        for text in ["", "5", "s", "1.5s", "-1s", "1 s", "5sec", "99999999999999999999s", "é5s"] {
            let error = parse_duration(text).unwrap_err();
            assert!(error.contains("no duration"), "{text}: {error}");
        }
        assert!(parse_duration("25h").unwrap_err().contains("longer than 24h"));
        assert!(parse_duration("18446744073709551615h").unwrap_err().contains("longer than 24h"));
    }
}
