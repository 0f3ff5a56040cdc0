//! Kept connections to one server.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::request::is_of_the_connection;
use super::{Dial, broken};

/// Most idle connections kept to one server: what a busy pool uses at once; each costs both sides some kilobytes.
const IDLE_MAX: usize = 256;

type Sender = SendRequest<Full<Bytes>>;

pub(super) struct Pool {
    dial: Dial,
    idle: Mutex<Vec<Sender>>,
}

/// The beginning of an answer, and the connection that the rest of it comes by.
pub(crate) struct Reply {
    pub(crate) response: hyper::Response<Incoming>,
    pub(crate) place: Place,
}

/// The connection of an answer, to be kept when the answer is whole.
pub(crate) struct Place {
    pool: Arc<Pool>,
    sender: Sender,
}

impl Place {
    /// The answer is whole: the connection can carry another request.
    pub(crate) fn keep(self) {
        if !self.sender.is_closed() {
            let mut idle = self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < IDLE_MAX {
                idle.push(self.sender);
            }
        }
    }
}

impl Pool {
    pub(super) fn new(dial: Dial) -> Self {
        Self { dial, idle: Mutex::default() }
    }

    /// The connection that became idle last.
    fn take_idle(&self) -> Option<Sender> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(sender) = idle.pop() {
            if !sender.is_closed() {
                return Some(sender);
            }
        }
        None
    }

    /// Makes one request. A kept connection that the other server closed meanwhile gives the request back untouched, and the next
    /// one is taken.
    pub(super) async fn request(
        self: &Arc<Self>,
        mut request: hyper::Request<Full<Bytes>>,
        upgrade: bool,
        connect_timeout: Duration,
    ) -> io::Result<Reply> {
        // A connection that is upgraded does not come back: none of the kept ones is spent on it.
        while let Some(mut sender) = (!upgrade).then(|| self.take_idle()).flatten() {
            if sender.ready().await.is_err() {
                continue;
            }
            match sender.try_send_request(request).await {
                Ok(response) => return Ok(self.reply(response, sender)),
                Err(mut error) => match error.take_message() {
                    Some(untouched) => request = untouched,
                    None => return Err(broken(error.into_error())),
                },
            }
        }
        let mut sender = timeout(connect_timeout, self.connect()).await??;
        let response = sender.send_request(request).await.map_err(broken)?;
        Ok(self.reply(response, sender))
    }

    async fn connect(&self) -> io::Result<Sender> {
        let io = (self.dial)().await?;
        let (sender, connection) = http1::handshake(TokioIo::new(io)).await.map_err(broken)?;
        // It ends when the sender and the last response are dropped; who waits for a response hears of its errors.
        tokio::spawn(async move { connection.with_upgrades().await.ok() });
        Ok(sender)
    }

    fn reply(self: &Arc<Self>, mut response: hyper::Response<Incoming>, sender: Sender) -> Reply {
        if response.status() != hyper::StatusCode::SWITCHING_PROTOCOLS {
            let headers = response.headers_mut();
            // Framing is written anew for the client's connection; that a poll's connection is kept is what 0.8.7 says itself.
            let kept = headers
                .get(hyper::header::CONNECTION)
                .cloned()
                .filter(|value| value.to_str().is_ok_and(|value| value.eq_ignore_ascii_case("keep-alive")));
            let names: Vec<_> =
                headers.keys().filter(|name| is_of_the_connection(name.as_str())).cloned().collect();
            for name in names.iter().filter(|name| **name != hyper::header::CONTENT_LENGTH) {
                headers.remove(name);
            }
            if let Some(kept) = kept {
                headers.insert(hyper::header::CONNECTION, kept);
            }
        }
        Reply { response, place: Place { pool: Arc::clone(self), sender } }
    }
}
