//! What the store keeps of one session: who owns it, or, if nobody does, what the session is.
//!
//! A list of fields, each `LENGTH:` in decimal bytes and then its text. Nothing in it depends on the version of a library, and a record
//! that does not read back whole is no record.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Write;

use super::super::HandshakeData;
use super::super::session::Session;
use crate::{Instant, Text, Transport};

/// The first field: another layout has another one.
const LAYOUT: &str = "socketio08 session 1";

/// What a record says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Record {
    /// A server has the session.
    Owned(u64),
    /// Nobody has it: the next server takes it, but for a while only the one that it was let go for.
    Free(Box<Session>, Option<u64>),
}

#[derive(Default)]
struct Fields(String);

impl Fields {
    fn text(&mut self, text: &str) {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{}:{text}", text.len());
    }

    fn number(&mut self, number: u64) {
        self.text(&number.to_string());
    }

    fn count(&mut self, count: usize) {
        self.number(u64::try_from(count).unwrap_or(u64::MAX));
    }
}

/// A record of a session that `node_id` owns.
pub(super) fn owned(node_id: u64) -> Text {
    let mut fields = Fields::default();
    fields.text(LAYOUT);
    fields.number(node_id);
    Text::from(fields.0)
}

/// A record of a session that nobody owns; instants are written as milliseconds from 1970.
pub(super) fn free(session: &Session, epoch_millis: u64, reserved: Option<u64>) -> Text {
    let mut fields = Fields::default();
    fields.text(LAYOUT);
    fields.text("");
    fields.text(&reserved.map(|node_id| node_id.to_string()).unwrap_or_default());
    fields.text(session.transport.map_or("", Transport::name));
    fields.count(session.joined.len());
    session.joined.iter().for_each(|endpoint| fields.text(endpoint));
    fields.count(session.rooms.len());
    for (endpoint, room) in &session.rooms {
        fields.text(endpoint);
        fields.text(room);
    }
    for acks in [&session.ack_ids.clone().into_iter().collect(), &session.pending_acks] {
        fields.count(acks.len());
        for (endpoint, number) in acks {
            fields.text(endpoint);
            fields.number(*number);
        }
    }
    fields.count(session.outbox.packets().len());
    session.outbox.packets().for_each(|packet| fields.text(packet));
    handshake(&mut fields, &session.handshake, epoch_millis);
    Text::from(fields.0)
}

fn handshake(fields: &mut Fields, data: &HandshakeData, epoch_millis: u64) {
    fields.count(data.headers.len());
    for (name, value) in &data.headers {
        fields.text(name);
        fields.text(value);
    }
    fields.text(&data.address);
    fields.text(&data.query);
    fields.text(&data.url);
    fields.number(u64::from(data.xdomain) | u64::from(data.secure) << 1);
    fields.number(epoch_millis.saturating_add(data.issued.as_millis()));
}

struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn text(&mut self) -> Option<&'a str> {
        let (len, rest) = self.0.split_once(':')?;
        let (text, rest) = rest.split_at_checked(len.parse().ok()?)?;
        self.0 = rest;
        Some(text)
    }

    fn owned(&mut self) -> Option<Text> {
        self.text().map(Text::from)
    }

    fn number(&mut self) -> Option<u64> {
        self.text()?.parse().ok()
    }

    /// As many as a count before them says; the text is finite, so a wrong count ends the reading.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number()?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(item(self)?);
        }
        Some(items)
    }
}

/// Reads a record; `None` if it is none.
pub(super) fn read(text: &str, epoch_millis: u64) -> Option<Record> {
    let mut fields = Reader(text);
    if fields.text()? != LAYOUT {
        return None;
    }
    let owner = fields.text()?;
    let record = if owner.is_empty() {
        let reserved = match fields.text()? {
            "" => None,
            node_id => Some(node_id.parse().ok()?),
        };
        Record::Free(Box::new(session(&mut fields, epoch_millis)?), reserved)
    } else {
        Record::Owned(owner.parse().ok()?)
    };
    fields.0.is_empty().then_some(record)
}

fn session(fields: &mut Reader<'_>, epoch_millis: u64) -> Option<Session> {
    let transport = match fields.text()? {
        "" => None,
        name => Some(Transport::from_name(name)?),
    };
    let joined: BTreeSet<Text> = fields.list(Reader::owned)?.into_iter().collect();
    let pair = |fields: &mut Reader<'_>| Some((fields.owned()?, fields.owned()?));
    let rooms: BTreeSet<(Text, Text)> = fields.list(pair)?.into_iter().collect();
    let ack = |fields: &mut Reader<'_>| Some((fields.owned()?, fields.number()?));
    let ack_ids: BTreeMap<Text, u64> = fields.list(ack)?.into_iter().collect();
    let pending_acks: BTreeSet<(Text, u64)> = fields.list(ack)?.into_iter().collect();
    let packets: VecDeque<Text> = fields.list(Reader::owned)?.into();
    let headers = fields.list(pair)?;
    let (address, query, url) = (fields.owned()?, fields.owned()?, fields.owned()?);
    let flags = fields.number()?;
    let issued = Instant::from_millis(fields.number()?.saturating_sub(epoch_millis));
    let (xdomain, secure) = (flags & 1 != 0, flags & 2 != 0);
    let data = HandshakeData { headers, address, query, url, xdomain, secure, issued };
    let mut session = Session::new(None, Arc::new(data));
    session.transport = transport;
    session.joined = joined;
    session.rooms = rooms;
    session.ack_ids = ack_ids;
    session.pending_acks = pending_acks;
    session.outbox.restore(packets);
    Some(session)
}
