//! Request targets, both ways: `/socket.io/1/[TRANSPORT/SID][?query]`.

use alloc::string::String;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_till1};
use nom::character::complete::{char, digit0, digit1, hex_digit1, one_of};
use nom::combinator::{all_consuming, opt, value};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use crate::{Text, Transport};

/// What a request target asks for (facts 3.1 to 3.4), the resource being `/socket.io`.
///
/// ```
/// use socketio08::Transport;
/// use socketio08::target::Target;
///
/// match Target::parse("/socket.io", "/socket.io/1/websocket/4711?t=1") {
///     Target::Session { transport, session, query } => {
///         assert_eq!((transport, session, query), (Ok(Transport::Websocket), "4711", "t=1"));
///     }
///     other => unreachable!("{other:?}"),
/// }
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Target<'a> {
    /// Not under the resource: the application's own request.
    Outside,
    /// Under the resource, but no protocol path: answered `Welcome to socket.io.`.
    Welcome,
    /// The client script or another static file under the resource, by its name (`socket.io.js`,
    /// `socket.io.v0.8.7.js`, `socket.io+websocket.js`, `static/flashsocket/WebSocketMain.swf`).
    Static(&'a str),
    /// A protocol revision other than 1: answered 500.
    WrongProtocol,
    /// A handshake.
    Handshake {
        /// The query, without its question mark.
        query: &'a str,
    },
    /// A request of a session.
    Session {
        /// The transport, or the name if it is unknown (empty if it is missing).
        transport: Result<Transport, &'a str>,
        /// The session id, as sent.
        session: &'a str,
        /// The query, without its question mark.
        query: &'a str,
    },
}

impl<'a> Target<'a> {
    /// Reads the target of a request (path and query) under `resource` (`/socket.io`).
    ///
    /// The resource is a prefix: `/socket.iofoo` is [`Target::Welcome`], not [`Target::Outside`] (facts 3.1).
    ///
    /// ```
    /// # use socketio08::target::Target;
    /// let parse = |target| Target::parse("/socket.io", target);
    /// assert_eq!(parse("/socket.io/1/?t=7"), Target::Handshake { query: "t=7" });
    /// assert_eq!(parse("/socket.io/2/"), Target::WrongProtocol);
    /// assert_eq!(parse("/socket.io/socket.io.js"), Target::Static("socket.io.js"));
    /// assert_eq!(parse("/index.html"), Target::Outside);
    /// ```
    #[must_use]
    pub fn parse(resource: &str, target: &'a str) -> Self {
        let Some((path, query)) = under(resource, target) else { return Target::Outside };
        let Some([revision, transport, session]) = segments(path) else { return Target::Welcome };
        if let Some(name) = static_name(path) {
            return Target::Static(name);
        }
        match Revision::read(revision) {
            Revision::NoNumber if transport.is_empty() => Target::Welcome,
            Revision::One if session.is_empty() => Target::Handshake { query },
            Revision::One => Target::session(transport, session, query),
            Revision::NoNumber | Revision::Other => Target::WrongProtocol,
        }
    }

    /// Reads the target of an Upgrade request. 0.8.7 checks no revision there and knows no handshake (facts 3.2), so
    /// every protocol path is a [`Target::Session`], with an empty `session` if it has none.
    ///
    /// ```
    /// # use socketio08::{Transport, target::Target};
    /// let target = Target::parse_upgrade("/socket.io", "/socket.io/2/websocket/4711");
    /// let transport = Ok(Transport::Websocket);
    /// assert_eq!(target, Target::Session { transport, session: "4711", query: "" }, "whatever the revision");
    /// ```
    #[must_use]
    pub fn parse_upgrade(resource: &str, target: &'a str) -> Self {
        let Some((path, query)) = under(resource, target) else { return Target::Outside };
        let Some([_, transport, session]) = segments(path) else { return Target::Welcome };
        Target::session(transport, session, query)
    }

    fn session(transport: &'a str, session: &'a str, query: &'a str) -> Self {
        Target::Session { transport: Transport::from_name(transport).ok_or(transport), session, query }
    }
}

/// The raw value of the first parameter `name` in a query: empty if it has none, `None` if it is absent.
///
/// ```
/// # use socketio08::target::query_parameter;
/// assert_eq!(query_parameter("t=1&token=a%20b", "token"), Some("a%20b"));
/// assert_eq!(query_parameter("t=1", "token"), None);
/// ```
#[must_use]
pub fn query_parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// The path after the resource, and the query.
fn under<'a>(resource: &str, target: &'a str) -> Option<(&'a str, &'a str)> {
    let rest = target.strip_prefix(resource)?;
    let rest = rest.split_once('#').map_or(rest, |(rest, _fragment)| rest);
    Some(rest.split_once('?').unwrap_or((rest, "")))
}

/// `/REVISION[/TRANSPORT[/SESSION]][/]`, each slash and each of the last two segments optional: `/1//` is revision 1 alone and
/// `/1//7` is session 7 of no transport (facts 3.1).
fn segments(path: &str) -> Option<[&str; 3]> {
    let slash = |text| opt(char::<&str, ()>('/')).parse(text);
    let mut parser = all_consuming(preceded(
        char('/'),
        (
            terminated(take_till1(|c| c == '/'), slash),
            terminated(take_till(|c| c == '/'), slash),
            terminated(take_till(|c| c == '/'), slash),
        ),
    ));
    let (_, (revision, transport, session)) = parser.parse(path).ok()?;
    Some([revision, transport, session])
}

/// The files that 0.8.7 serves, wherever in the path they are named (recorded: `/1/socket.io.js`).
fn static_name(path: &str) -> Option<&str> {
    ["/socket.io.js", "/socket.io.v", "/socket.io+", "/static/flashsocket/WebSocketMain"]
        .iter()
        .find_map(|file| path.find(file))
        .map(|start| &path[start + 1..])
}

/// The first segment, which 0.8.7 compares as a JavaScript number (facts 3.2).
enum Revision {
    One,
    /// Zero, or no number at all: 0.8.7 takes both for missing.
    NoNumber,
    Other,
}

impl Revision {
    fn read(segment: &str) -> Self {
        let Some(number) = number(segment) else { return Revision::NoNumber };
        // No comparison is off by rounding: JavaScript reads the same double.
        match number {
            1.0 => Revision::One,
            0.0 => Revision::NoNumber,
            _ => Revision::Other,
        }
    }
}

/// JavaScript's `Number` of a text without blanks: `1`, `01`, `1.0`, `+1`, `1e0`, `.1e1`, `0x1`, `Infinity`.
pub(crate) fn number(text: &str) -> Option<f64> {
    let hex = all_consuming(preceded(alt((tag("0x"), tag("0X"))), hex_digit1::<&str, ()>)).parse(text);
    if let Ok((_, digits)) = hex {
        let digits = digits.chars().filter_map(|digit| digit.to_digit(16));
        return Some(digits.fold(0.0, |number, digit| number * 16.0 + f64::from(digit)));
    }
    // Rust's own grammar of floats knows `inf` and `nan` besides.
    all_consuming(decimal).parse(text).ok()?;
    text.parse().ok()
}

fn decimal(text: &str) -> IResult<&str, (), ()> {
    let sign = |text| opt(one_of::<&str, _, ()>("+-")).parse(text);
    let whole = value((), (digit1, opt(preceded(char('.'), digit0))));
    let part = value((), preceded(char('.'), digit1));
    let exponent = opt((one_of("eE"), sign, digit1));
    let finite = value((), (alt((whole, part)), exponent));
    preceded(sign, alt((value((), tag("Infinity")), finite))).parse(text)
}

/// The target of a handshake, with a query that may be empty: `/socket.io/1/?t=1`.
///
/// ```
/// # use socketio08::target;
/// assert_eq!(target::handshake("/socket.io", "t=1"), "/socket.io/1/?t=1");
/// ```
#[must_use]
pub fn handshake(resource: &str, query: &str) -> Text {
    join(&[resource, "/1/"], query)
}

/// The target of a session request: `/socket.io/1/xhr-polling/SID?t=1`.
///
/// ```
/// # use socketio08::{Transport, target};
/// let target = target::session("/socket.io", Transport::XhrPolling, "4711", "t=1");
/// assert_eq!(target, "/socket.io/1/xhr-polling/4711?t=1");
/// ```
#[must_use]
pub fn session(resource: &str, transport: Transport, session: &str, query: &str) -> Text {
    join(&[resource, "/1/", transport.name(), "/", session], query)
}

/// The target of the request by which a page that unloads ends its session: `/socket.io/1//SID/?disconnect=1` (facts 11).
///
/// ```
/// # use socketio08::target;
/// assert_eq!(target::disconnect("/socket.io", "4711"), "/socket.io/1//4711/?disconnect=1");
/// ```
#[must_use]
pub fn disconnect(resource: &str, session: &str) -> Text {
    join(&[resource, "/1//", session, "/"], "disconnect=1")
}

fn join(path: &[&str], query: &str) -> Text {
    let mut target =
        String::with_capacity(path.iter().map(|part| part.len()).sum::<usize>() + 1 + query.len());
    for part in path {
        target.push_str(part);
    }
    if !query.is_empty() {
        target.push('?');
        target.push_str(query);
    }
    Text::from(target)
}
