//! The first bytes of a connection, before HTTP: a flash policy request, a websocket of a draft, or anything else, which
//! goes on to hyper as it came.
//!
//! Hyper can carry neither: a policy request is no HTTP, and the head that accepts a draft is compared byte by byte by its
//! clients. Only the first request of a connection is looked at; clients of the drafts open one for each websocket.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use socketio08::Text;
use socketio08::hixie::{Connection, HandshakeError, HeadReader, Upgrade};
use socketio08::policy::{self, Seen};
use socketio08::server::{Method, Request, Response};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::connection::carry_messages;
use super::exchange::{Answer, Guard};
use super::{Mail, Shared};
use crate::PeerInfo;
use crate::draft_socket::{DraftSocket, end};
use crate::watched::Watched;

/// What a connection begins with.
enum First {
    /// HTTP, or nothing known: all that was read.
    Http(Bytes),
    PolicyRequest,
    /// A request of a draft, and the bytes after it.
    Draft(Upgrade, Bytes),
    /// Nothing that is answered.
    Nothing,
}

/// Serves a connection that is not HTTP's to its end; gives back one that is, with its first bytes to be read again.
pub(super) async fn enter<Io>(
    shared: &Arc<Shared>,
    mut io: Watched<Io>,
    info: &PeerInfo,
) -> Option<Watched<Io>>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    if !shared.hixie && shared.flash_policy.is_none() {
        return Some(io);
    }
    // A head that is too slow is cut, as hyper cuts it.
    let first = timeout(shared.limits.head_timeout, first(shared, &mut io)).await.unwrap_or(First::Nothing);
    match first {
        First::Http(bytes) => {
            io.unread(bytes);
            return Some(io);
        }
        First::PolicyRequest => {
            let file = shared.flash_policy.clone().unwrap_or_default();
            say_and_end(shared, &mut io, &file).await;
        }
        First::Draft(upgrade, rest) => {
            io.unread(rest);
            draft(shared, io, info, &upgrade).await;
        }
        First::Nothing => {
            // A peer that does not end its side either is cut.
            let _ = timeout(shared.limits.linger, end(&mut io)).await;
        }
    }
    None
}

async fn first<Io: AsyncRead + AsyncWrite + Unpin>(shared: &Shared, io: &mut Watched<Io>) -> First {
    let mut head = HeadReader::new(shared.limits.head_len_max);
    let mut seen = BytesMut::new();
    let mut room = [0; 2_048];
    loop {
        let Ok(len @ 1..) = io.read(&mut room).await else { return First::Nothing };
        let piece = room.get(..len).unwrap_or_default();
        seen.extend_from_slice(piece);
        if shared.flash_policy.is_some() {
            match policy::recognize(&seen) {
                Seen::Request => return First::PolicyRequest,
                Seen::More => continue,
                Seen::Other => {}
            }
        }
        if !shared.hixie || !may_be_get(&seen) {
            return First::Http(seen.freeze());
        }
        // All pieces so far are a beginning of `GET `, so the reader has had each.
        match head.handle_bytes(piece) {
            Ok(None) => {}
            Ok(Some((head, rest))) => return whole(&head, rest, seen.freeze()),
            Err(_) => return First::Http(seen.freeze()),
        }
    }
}

fn may_be_get(bytes: &[u8]) -> bool {
    let get = b"GET ";
    bytes.starts_with(get) || get.starts_with(bytes)
}

/// What a whole head is.
fn whole(head: &[u8], rest: &[u8], all: Bytes) -> First {
    match Upgrade::parse(head) {
        Ok(Some(upgrade)) => {
            First::Draft(upgrade, all.slice_ref(all.get(all.len() - rest.len()..).unwrap_or_default()))
        }
        // What is wrong with an HTTP head, hyper tells the peer.
        Ok(None) | Err(HandshakeError::NotHttp | HandshakeError::TooManyHeaders) => First::Http(all),
        // A key that cannot be answered: cut off without a response. 0.8.7 sends a wrong digest (facts 7.10).
        Err(_) => First::Nothing,
    }
}

/// Hands the request to the node and carries the websocket if it is accepted.
async fn draft<Io>(shared: &Arc<Shared>, mut io: Watched<Io>, info: &PeerInfo, upgrade: &Upgrade)
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let shared = &shared.owner(upgrade.target(), true);
    let Some(room) = shared.room().await else { return };
    let exchange = shared.next_exchange();
    let request = Request {
        exchange,
        method: Method::Get,
        target: upgrade.target().clone(),
        headers: upgrade.headers().to_vec(),
        body: Bytes::new(),
        upgrade: true,
        address: info.address.clone(),
        secure: info.secure,
    };
    let (answer, answered) = oneshot::channel();
    let guard = Guard::new(Arc::clone(shared), exchange, io.ending());
    if shared.mailbox.send(Mail::Request { request, answer, room }).is_err() {
        return;
    }
    let answer = answered.await;
    match answer {
        Ok(Answer::Upgrade(queue)) => {
            let len_max = shared.machine_limits.payload_len_max;
            let connection = Connection::accept(upgrade, info.secure, len_max);
            let socket = DraftSocket::new(io, connection, shared.limits.head_timeout);
            carry_messages(socket, queue, guard).await;
        }
        Ok(Answer::Respond(response)) => {
            guard.defuse();
            say_and_end(shared, &mut io, refusal(&response).as_bytes()).await;
        }
        // A response that goes on answers no upgrade: the machine never begins one here, and the guard would report it.
        // Nor is one forwarded: other servers are asked by RFC 6455.
        Ok(Answer::Begin(..) | Answer::Relay(_)) => {}
        Ok(Answer::Close) | Err(_) => {
            guard.defuse();
            let _ = timeout(shared.limits.linger, end(&mut io)).await;
        }
    }
}

/// The refusal of an upgrade, without its body, which no client of a draft reads.
fn refusal(response: &Response) -> Text {
    let reason = hyper::StatusCode::from_u16(response.status).ok();
    let phrase = reason.and_then(|status| status.canonical_reason()).unwrap_or("Refused");
    Text::from(format!(
        "HTTP/1.1 {} {phrase}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        response.status
    ))
}

/// Last words, and the end.
async fn say_and_end<Io: AsyncRead + AsyncWrite + Unpin>(
    shared: &Shared,
    io: &mut Watched<Io>,
    words: &[u8],
) {
    let saying = async {
        if io.write_all(words).await.is_ok() {
            end(io).await;
        }
    };
    // A peer that does not take it, or does not end its side, is cut.
    let _ = timeout(shared.limits.linger, saying).await;
}
