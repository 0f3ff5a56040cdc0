//! What keeps a client on its server: cookies and the stick table (`tables-2.md` items 21 to 30).

use core::net::Ipv4Addr;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use socketio08::{Instant, Text};

use super::policy::Asker;
use crate::scenario::{self, Cookie, CookieMode, ServerIx, Stick, StickOn};
use crate::world::balancer::head::{COOKIE, Edit, RequestHead, ResponseHead, SET_COOKIE, cookies};

/// Between the server's name and the application's own value, in prefix mode.
const DELIMITER: char = '~';

/// Cookies and the table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Persistence {
    cookie: Option<Cookie>,
    table: Option<Table>,
}

impl Persistence {
    pub(super) fn new(config: &scenario::Balancer) -> Self {
        Self { cookie: config.cookie.clone(), table: config.stick.map(Table::new) }
    }

    /// The server that the request belongs to, among those for which `takes` says that they take it.
    pub(super) fn server(
        &mut self,
        now: Instant,
        asker: Asker<'_>,
        takes: impl Fn(ServerIx) -> bool,
    ) -> Option<ServerIx> {
        let named = self.cookie.as_ref().and_then(|cookie| named(cookie, asker.head?));
        let named = named.filter(|server| takes(*server));
        named.or_else(|| self.table.as_mut()?.server(now, asker).filter(|server| takes(*server)))
    }

    /// What changes in a request: the server does not see what the balancer put into its cookies.
    pub(super) fn request_edits(&self, head: &RequestHead) -> Vec<Edit> {
        let Some(cookie) = self.cookie.as_ref().filter(|cookie| head.cookie(&cookie.name).is_some()) else {
            return Vec::new();
        };
        let mut edits = vec![Edit::Remove { name: COOKIE }];
        for value in head.headers.all(COOKIE) {
            let kept: Vec<_> = cookies(value).filter_map(|(name, value)| own(cookie, name, value)).collect();
            if !kept.is_empty() {
                edits.push(Edit::Add { name: COOKIE, value: Text::from(kept.join("; ")) });
            }
        }
        edits
    }

    /// A server answered: what changes in the response. `directed`: the request went where it belongs.
    pub(super) fn response(
        &mut self,
        now: Instant,
        asker: Asker<'_>,
        (server, directed): (ServerIx, bool),
        response: &ResponseHead,
    ) -> Vec<Edit> {
        if let Some(table) = &mut self.table {
            table.learn(now, asker, server, response);
        }
        match &self.cookie {
            Some(Cookie { name, mode: CookieMode::Insert }) if !directed => {
                vec![Edit::Add { name: SET_COOKIE, value: Text::from(format!("{name}={server}; path=/")) }]
            }
            Some(Cookie { name, mode: CookieMode::Prefix }) => prefixed(name, server, response),
            _ => Vec::new(),
        }
    }
}

/// The server that the cookie of a request names.
fn named(cookie: &Cookie, head: &RequestHead) -> Option<ServerIx> {
    let value = head.cookie(&cookie.name)?;
    let name = match cookie.mode {
        CookieMode::Insert => value,
        CookieMode::Prefix => value.split_once(DELIMITER)?.0,
    };
    let number: usize = name.strip_prefix('s')?.parse().ok()?;
    number.checked_sub(1).map(ServerIx)
}

/// A cookie as the server gets it.
fn own(cookie: &Cookie, name: &str, value: &str) -> Option<String> {
    if name != cookie.name {
        return Some(format!("{name}={value}"));
    }
    match cookie.mode {
        CookieMode::Insert => None,
        CookieMode::Prefix => {
            let own = value.split_once(DELIMITER).map_or(value, |(_, own)| own);
            Some(format!("{name}={own}"))
        }
    }
}

fn prefixed(name: &str, server: ServerIx, response: &ResponseHead) -> Vec<Edit> {
    let sets = |value: &Text| value.split_once('=').is_some_and(|(key, _)| key.trim() == name);
    if !response.headers.all(SET_COOKIE).any(sets) {
        return Vec::new();
    }
    let mut edits = vec![Edit::Remove { name: SET_COOKIE }];
    for value in response.headers.all(SET_COOKIE) {
        let value = match value.split_once('=').filter(|_| sets(value)) {
            Some((key, rest)) => Text::from(format!("{key}={server}{DELIMITER}{rest}")),
            None => value.clone(),
        };
        edits.push(Edit::Add { name: SET_COOKIE, value });
    }
    edits
}

/// What an entry is found by.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Key {
    Address(Ipv4Addr),
    Session(Text),
}

/// `stick-table`: which server a key went to.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Table {
    on: StickOn,
    size: usize,
    expire: Duration,
    entries: BTreeMap<Key, (ServerIx, Instant)>,
    /// The same, by the time at which they expire.
    expiry: BTreeSet<(Instant, Key)>,
}

impl Table {
    fn new(stick: Stick) -> Self {
        let size = usize::try_from(stick.size).unwrap_or(usize::MAX);
        Self { on: stick.on, size, expire: stick.expire, entries: BTreeMap::new(), expiry: BTreeSet::new() }
    }

    /// The key of a request.
    fn key(&self, asker: Asker<'_>) -> Option<Key> {
        match self.on {
            StickOn::Src => Some(Key::Address(asker.source)),
            StickOn::Path | StickOn::Response => session(asker.head?).map(Key::Session),
        }
    }

    /// The server of a request, whose entry lasts longer again.
    fn server(&mut self, now: Instant, asker: Asker<'_>) -> Option<ServerIx> {
        self.forget_expired(now);
        let key = self.key(asker)?;
        let (server, _) = *self.entries.get(&key)?;
        self.set(now, key, server);
        Some(server)
    }

    /// A server answered: its key sticks to it. Keys are stored when the response comes, so the last one wins.
    fn learn(&mut self, now: Instant, asker: Asker<'_>, server: ServerIx, response: &ResponseHead) {
        let key = match self.on {
            StickOn::Src | StickOn::Path => self.key(asker),
            StickOn::Response if asker.head.is_some_and(is_handshake) => {
                announced(response).map(Key::Session)
            }
            StickOn::Response => None,
        };
        if let Some(key) = key {
            self.forget_expired(now);
            self.make_room(&key);
            self.set(now, key, server);
        }
    }

    fn set(&mut self, now: Instant, key: Key, server: ServerIx) {
        let expires = now + self.expire;
        if let Some((_, before)) = self.entries.insert(key.clone(), (server, expires)) {
            self.expiry.remove(&(before, key.clone()));
        }
        self.expiry.insert((expires, key));
    }

    fn forget_expired(&mut self, now: Instant) {
        while let Some((_, key)) = self.expiry.first().filter(|(at, _)| *at <= now).cloned() {
            self.forget(&key);
        }
    }

    /// A full table loses a 256th, and one more: those that expire first.
    fn make_room(&mut self, key: &Key) {
        if self.entries.len() < self.size || self.entries.contains_key(key) {
            return;
        }
        for _ in 0..=(self.size >> 8) {
            let Some((_, oldest)) = self.expiry.first().cloned() else { return };
            self.forget(&oldest);
        }
    }

    fn forget(&mut self, key: &Key) {
        if let Some((_, expires)) = self.entries.remove(key) {
            self.expiry.remove(&(expires, key.clone()));
        }
    }
}

/// The session id in the path: the fifth of the parts between slashes, `/socket.io/1/xhr-polling/ID`.
fn session(head: &RequestHead) -> Option<Text> {
    let id = head.path().split('/').nth(4)?;
    (!id.is_empty()).then(|| head.target.slice_ref(id))
}

/// `path_reg ^/socket.io/1/?$`.
fn is_handshake(head: &RequestHead) -> bool {
    matches!(head.path(), "/socket.io/1" | "/socket.io/1/")
}

/// The session id that the body of a handshake's response begins with, if the body came together with the head.
fn announced(response: &ResponseHead) -> Option<Text> {
    let body = Text::from_utf8_lossy(response.body.clone());
    let (id, _) = body.split_once(':').unwrap_or((body.as_str(), ""));
    (!id.is_empty()).then(|| body.slice_ref(id))
}
