//! What a proxy sees of requests and responses, and what it changes in them.
//!
//! Engines carry heads; the machines read them and answer with [`Edit`]s, which the engine applies to what it carries
//! ([`RequestHead::apply`], [`Headers::apply`]). A head need not be complete: what no rule of a proxy can look at may be left out.

use bytes::Bytes;
use socketio08::Text;
use socketio08::server::Method;

/// The name of the header in which a client gives its cookies back.
pub const COOKIE: &str = "cookie";
/// The name of the header that sets a cookie.
pub const SET_COOKIE: &str = "set-cookie";
/// The name of the header in which a proxy tells a server whom it stands for.
pub const FORWARDED_FOR: &str = "x-forwarded-for";

/// The head of a request.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct RequestHead {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: Text,
    /// The headers.
    pub headers: Headers,
    /// It asks for an upgrade.
    pub upgrade: bool,
}

impl RequestHead {
    /// A request without headers.
    pub fn new(method: Method, target: impl Into<Text>) -> Self {
        Self { method, target: target.into(), headers: Headers::default(), upgrade: false }
    }

    /// Carries out changes, in their order.
    pub fn apply(&mut self, edits: &[Edit]) {
        self.upgrade &= !edits.contains(&Edit::NoUpgrade);
        self.headers.apply(edits);
    }

    /// The target up to the query.
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target.as_str(), |(path, _)| path)
    }

    /// The value of a parameter of the query, as it is written.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        let mut parameters = query.split('&').filter_map(|parameter| parameter.split_once('='));
        parameters.find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The value of a cookie that the client gave back.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.headers.all(COOKIE).flat_map(cookies).find_map(|(key, value)| (key == name).then_some(value))
    }
}

/// The head of a response, with what of the body came together with it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct ResponseHead {
    /// The HTTP status; 101 turns the connections into a tunnel.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The part of the body that arrived with the head; all of it, for a response that was written at once.
    pub body: Bytes,
}

impl ResponseHead {
    /// A response without headers.
    pub fn new(status: u16, body: Bytes) -> Self {
        Self { status, headers: Headers::default(), body }
    }
}

/// Names and values in their order. Names compare without case.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Headers(pub Vec<(Text, Text)>);

impl Headers {
    /// The value of the first header of that name.
    pub fn get(&self, name: &str) -> Option<&Text> {
        self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The values of every header of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Text> {
        self.0.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Appends a header.
    pub fn add(&mut self, name: impl Into<Text>, value: impl Into<Text>) {
        self.0.push((name.into(), value.into()));
    }

    /// Carries out changes, in their order.
    pub fn apply(&mut self, edits: &[Edit]) {
        for edit in edits {
            match edit {
                Edit::Add { name, value } => self.add(*name, value.clone()),
                Edit::Remove { name } => self.0.retain(|(key, _)| !key.eq_ignore_ascii_case(name)),
                Edit::NoUpgrade => self.0.retain(|(key, _)| !key.eq_ignore_ascii_case("upgrade")),
            }
        }
    }
}

/// A change of a head.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Edit {
    /// Append a header.
    Add {
        /// Its name, in lower case.
        name: &'static str,
        /// Its value.
        value: Text,
    },
    /// Take every header of a name away.
    Remove {
        /// The name, in lower case.
        name: &'static str,
    },
    /// Ask for no upgrade (requests only).
    NoUpgrade,
}

/// The cookies of one `Cookie` header: names and values.
pub fn cookies(value: &Text) -> impl Iterator<Item = (&str, &str)> {
    value.split(';').filter_map(|cookie| cookie.trim().split_once('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(target: &'static str) -> RequestHead {
        RequestHead::new(Method::Get, Text::from_static(target))
    }

    #[test]
    fn the_path_ends_at_the_query() {
        assert_eq!(head("/socket.io/1/?t=5").path(), "/socket.io/1/");
        assert_eq!(head("/socket.io/1/").path(), "/socket.io/1/");
    }

    #[test]
    fn a_parameter_is_found_by_its_whole_name() {
        let head = head("/x?cid=7&t=5&id=9");
        assert_eq!((head.parameter("id"), head.parameter("t")), (Some("9"), Some("5")));
        assert_eq!(head.parameter("none"), None);
    }

    #[test]
    fn a_cookie_is_found_in_any_place_of_any_header() {
        let mut head = head("/");
        head.headers.add("Cookie", "a=1; SRV=s2");
        head.headers.add("cookie", "b=x=y");
        assert_eq!(
            (head.cookie("SRV"), head.cookie("b"), head.cookie("srv")),
            (Some("s2"), Some("x=y"), None)
        );
    }

    #[test]
    fn edits_are_carried_out_in_their_order() {
        let mut headers = Headers::default();
        headers.add("Set-Cookie", "a=1");
        headers.apply(&[
            Edit::Remove { name: SET_COOKIE },
            Edit::Add { name: SET_COOKIE, value: Text::from_static("b=2") },
        ]);
        assert_eq!(headers.get(SET_COOKIE).map(Text::as_str), Some("b=2"));
        assert_eq!(headers.0.len(), 1);
    }
}
