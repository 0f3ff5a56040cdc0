//! What comes from the owner of a session on its way to the client: a response, or the bytes of a websocket.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper::{Response, StatusCode, Version};
use hyper_util::rt::TokioIo;
use socketio08::Instant;
use socketio08::server::{ExchangeId, NodeName, Request, ServerInput};
use tokio::io::copy_bidirectional;
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet};

use super::body::NodeBody;
use super::connection::Peer;
use super::exchange::{Answer, Exchange, Guard};
use crate::Application;
use crate::peers::{Peers, Place, Reply};

/// An answer that began, and the sign to end it.
pub(super) struct Relay {
    reply: Reply,
    cut: oneshot::Receiver<()>,
}

/// A body that another server sends.
pub(super) struct RelayBody {
    body: Incoming,
    place: Option<Place>,
    cut: oneshot::Receiver<()>,
    /// Reports the end of the exchange, however it ends.
    guard: Option<Guard>,
}

impl RelayBody {
    fn end(&mut self) {
        if let Some(place) = self.place.take() {
            place.keep();
        }
        if let Some(guard) = self.guard.take() {
            guard.close(true);
        }
    }

    pub(super) fn poll_part(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if Pin::new(&mut self.cut).poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        let part = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(None) = part {
            self.end();
        }
        part
    }

    pub(super) fn body(&self) -> &Incoming {
        &self.body
    }
}

impl Drop for RelayBody {
    fn drop(&mut self) {
        // The server side of hyper asks no further once the promised length is there.
        if self.body.is_end_stream() {
            self.end();
        }
    }
}

/// A websocket of another server, from the moment its 101 is relayed.
pub(super) struct Tunnel {
    client: OnUpgrade,
    server: OnUpgrade,
    cut: oneshot::Receiver<()>,
    guard: Guard,
}

impl Tunnel {
    /// Carries bytes both ways until either side ends. What the frames say is for the owner.
    pub(super) async fn carry(self) {
        let Tunnel { client, server, cut, guard } = self;
        let (Ok(client), Ok(server)) = (client.await, server.await) else { return };
        let carrying = async {
            let (mut client, mut server): (TokioIo<Upgraded>, _) =
                (TokioIo::new(client), TokioIo::new(server));
            copy_bidirectional(&mut client, &mut server).await
        };
        tokio::select! {
            biased;
            // The node leaves.
            _ = cut => {}
            ended = carrying => guard.close(ended.is_ok()),
        }
    }
}

/// The response for the client; its connection goes on as a tunnel if the owner upgraded.
pub(super) fn respond(
    peer: &Peer,
    mut request: hyper::Request<()>,
    relay: Relay,
    guard: Guard,
) -> Response<NodeBody> {
    let Relay { reply: Reply { mut response, place }, cut } = relay;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let server = hyper::upgrade::on(&mut response);
        let client = hyper::upgrade::on(&mut request);
        peer.begin_tunnel(Tunnel { client, server, cut, guard });
        return response.map(|_| NodeBody::whole(Bytes::new()));
    }
    let endless = response.body().size_hint().exact().is_none();
    if endless && request.version() < Version::HTTP_11 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response.map(|body| NodeBody::relay(RelayBody { body, place: Some(place), cut, guard: Some(guard) }))
}

/// The requests whose owners have not answered.
pub(super) struct Forwards {
    peers: Peers,
    waiting: JoinSet<(ExchangeId, Option<Reply>)>,
    handles: BTreeMap<ExchangeId, AbortHandle>,
}

impl Forwards {
    pub(super) fn new(peers: Peers) -> Self {
        Self { peers, waiting: JoinSet::new(), handles: BTreeMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The next one that was answered or failed; one that was given up is `None`.
    pub(super) async fn next(&mut self) -> Option<(ExchangeId, Option<Reply>)> {
        let (exchange, reply) = self.waiting.join_next().await?.ok()?;
        self.handles.remove(&exchange).map(|_| (exchange, reply))
    }

    /// Nobody waits for this answer any more.
    pub(super) fn give_up(&mut self, exchange: ExchangeId) {
        if let Some(handle) = self.handles.remove(&exchange) {
            handle.abort();
        }
    }
}

impl<A: Application> super::task::Task<A> {
    pub(super) fn forward(&mut self, exchange: ExchangeId, node: NodeName, request: Request) {
        let connect_timeout = self.limits.connect_timeout;
        let forward = self.forwards.peers.clone().forward(node, request, connect_timeout);
        let handle = self.forwards.waiting.spawn(async move { (exchange, forward.await) });
        self.forwards.handles.insert(exchange, handle);
    }

    /// The owner answered, or cannot be reached.
    pub(super) fn forwarded(&mut self, now: Instant, exchange: ExchangeId, reply: Option<Reply>) {
        let Some(reply) = reply else {
            self.input(now, ServerInput::ForwardFailed { exchange });
            return self.drain(now);
        };
        self.input(now, ServerInput::ForwardBegun { exchange });
        if let Some(Exchange::Waiting(answer)) = self.exchanges.remove(&exchange) {
            let (keep, cut) = oneshot::channel();
            self.exchanges.insert(exchange, Exchange::Relayed(keep));
            // A connection that is gone reports the end of the exchange.
            let _ = answer.send(Answer::Relay(Relay { reply, cut }));
        }
        self.drain(now);
    }
}
