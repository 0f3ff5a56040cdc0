//! The cookies of one client, as far as stickiness needs them.

use std::collections::BTreeMap;

/// A cookie jar. Like that of the recorded client it ignores paths, domains and times, but a cookie that is taken back
/// (`Max-Age=0`, or a date of 1970, which is how HAProxy does it) is forgotten, as by every browser.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Jar {
    kept: bool,
    cookies: BTreeMap<String, String>,
}

impl Jar {
    /// An empty jar; one that keeps nothing if `kept` is false (`cookies = false`).
    pub fn new(kept: bool) -> Self {
        Self { kept, cookies: BTreeMap::new() }
    }

    /// The value of the `Cookie` header of the next request; `None` without cookies.
    pub fn header(&self) -> Option<String> {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Takes the value of one `Set-Cookie` header. What is no cookie is ignored.
    pub fn handle_set_cookie(&mut self, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        if !self.kept || name.trim().is_empty() {
            return;
        }
        if parts.any(takes_back) {
            self.cookies.remove(name.trim());
        } else {
            self.cookies.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
}

fn takes_back(attribute: &str) -> bool {
    let Some((name, value)) = attribute.split_once('=') else { return false };
    let (name, value) = (name.trim(), value.trim());
    (name.eq_ignore_ascii_case("max-age") && value.parse::<i64>().is_ok_and(|age| age <= 0))
        || (name.eq_ignore_ascii_case("expires") && value.contains("1970"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_sent_back_by_name_without_their_attributes() {
        let mut jar = Jar::new(true);
        assert_eq!(jar.header(), None);
        jar.handle_set_cookie("SRV=s2; path=/");
        jar.handle_set_cookie("io = s1~7; HttpOnly");
        assert_eq!(jar.header().as_deref(), Some("SRV=s2; io=s1~7"));
        jar.handle_set_cookie("SRV=s3");
        assert_eq!(jar.header().as_deref(), Some("SRV=s3; io=s1~7"));
    }

    #[test]
    fn a_cookie_taken_back_is_forgotten() {
        for end in ["SRV=; Max-Age=0", "SRV=; Expires=Thu, 01-Jan-1970 00:00:01 GMT; path=/"] {
            let mut jar = Jar::new(true);
            jar.handle_set_cookie("SRV=s2");
            jar.handle_set_cookie(end);
            assert_eq!(jar.header(), None, "{end}");
        }
    }

    #[test]
    fn a_client_without_cookies_keeps_none_and_nonsense_is_no_cookie() {
        let mut off = Jar::new(false);
        off.handle_set_cookie("SRV=s2");
        let mut on = Jar::new(true);
        on.handle_set_cookie("nonsense");
        on.handle_set_cookie("=value");
        assert_eq!((off.header(), on.header()), (None, None));
    }
}
