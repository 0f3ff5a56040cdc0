//! A node inside an HTTP server that is not ours: requests and upgrades come from hyper, axum or another tower stack.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::StatusCode;
use hyper::body::Body;
use hyper::http::request::Parts;
use hyper_util::rt::TokioIo;
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::body::{NodeBody, Unanswered};
use super::connection::{Peer, Upgrade, carry_messages};
use super::http::{refusal, serve_request};
use super::relay::Tunnel;
use super::{Node, Shared, Stage, reached};
use crate::PeerInfo;
use crate::socket::{self, Socket};
use crate::watched::{Ending, Watched};

type Describe = Arc<dyn Fn(&Parts) -> PeerInfo + Send + Sync>;

impl Node {
    /// Answers one request that another HTTP/1.1 server received, websockets included: once the returned 101 is written, a
    /// task of the current tokio runtime carries the socket. The request must still have its whole path (a router that
    /// strips a prefix must put it back). `peer` is what the application sees of it: an address, or [`PeerInfo`].
    ///
    /// Heads, idle connections and the number of connections are that server's to bound; bodies, sockets and queues are
    /// bounded by this node. Dropping the future aborts the request, as a client that hangs up does.
    ///
    /// ```no_run
    /// use hyper::service::service_fn;
    /// use hyper_util::rt::TokioIo;
    /// use socketio08_tokio::Node;
    ///
    /// async fn serve(node: Node, stream: tokio::net::TcpStream) -> hyper::Result<()> {
    ///     let service = service_fn(move |request| {
    ///         let node = node.clone();
    ///         async move { node.handle(request, "192.0.2.7").await }
    ///     });
    ///     hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Unanswered`]: close the connection without a response.
    pub async fn handle<B: Body<Data = Bytes>>(
        &self,
        request: hyper::Request<B>,
        peer: impl Into<PeerInfo>,
    ) -> Result<hyper::Response<NodeBody>, Unanswered> {
        let peer = Arc::new(Peer::new(Arc::clone(&self.shared), peer.into(), Ending::unwatched()));
        let response = serve_request(Arc::clone(&peer), request).await?;
        let carrying = match (peer.take_upgrade(), peer.take_tunnel()) {
            (Some(upgrade), _) => Carrying::Socket(upgrade),
            (None, Some(tunnel)) => Carrying::Tunnel(tunnel),
            (None, None) => return Ok(response),
        };
        let Ok(place) = self.shared.connections.clone().try_acquire_owned() else {
            return Ok(refusal(StatusCode::SERVICE_UNAVAILABLE, "too many connections"));
        };
        tokio::spawn(carry(Arc::clone(&self.shared), carrying, place));
        Ok(response)
    }

    /// A tower service that answers by [`Node::handle`], for a router. `peer` tells from the head who it is: by a
    /// forwarded-for header, or what the router put into the extensions.
    ///
    /// The service never fails: where the protocol wants no answer, its response fails before the first byte, which ends an
    /// HTTP/1.1 connection without a response.
    ///
    /// ```no_run
    /// # use socketio08_tokio::{Node, NodeService};
    /// # fn service(node: Node) -> NodeService {
    /// // axum: Router::new().route("/health", get(health)).fallback_service(service)
    /// node.service(|head| match head.headers.get("x-forwarded-for").map(|value| value.to_str()) {
    ///     Some(Ok(addresses)) => addresses.rsplit(',').next().unwrap_or_default().trim().into(),
    ///     _ => "unknown".into(),
    /// })
    /// # }
    /// ```
    #[must_use]
    pub fn service(&self, peer: impl Fn(&Parts) -> PeerInfo + Send + Sync + 'static) -> NodeService {
        NodeService { node: self.clone(), peer: Arc::new(peer) }
    }
}

/// What goes on after a 101.
enum Carrying {
    Socket(Upgrade),
    /// A socket that another server owns.
    Tunnel(Tunnel),
}

async fn carry(shared: Arc<Shared>, carrying: Carrying, _place: OwnedSemaphorePermit) {
    let mut gone = shared.stage.clone();
    let carried = async {
        match carrying {
            Carrying::Socket(upgrade) => carry_socket(upgrade).await,
            Carrying::Tunnel(tunnel) => tunnel.carry().await,
        }
    };
    tokio::select! {
        biased;
        () = reached(&mut gone, Stage::Gone) => {}
        () = carried => {}
    }
}

async fn carry_socket(upgrade: Upgrade) {
    let Upgrade { connection, queue, guard } = upgrade;
    let shared = guard.shared();
    // Dropping the guard reports the end of a connection that failed.
    let Ok(upgraded) = connection.await else { return };
    let io = Watched::new(TokioIo::new(upgraded), Some(shared.limits.stall_timeout));
    let config = socket::config(&shared.machine_limits);
    let stream = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
    carry_messages(Socket::new(stream), queue, guard).await;
}

/// A node as a tower service; see [`Node::service`].
///
/// ```
/// use tower_service::Service;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), std::convert::Infallible> {
/// # let (node, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/node.rs"));
/// let mut service = node.service(|_head| "192.0.2.7".into());
/// let request = hyper::Request::get("/socket.io/2/").body(String::new()).expect("a request");
/// assert_eq!(service.call(request).await?.status(), 500, "no such protocol version");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct NodeService {
    node: Node,
    peer: Describe,
}

impl fmt::Debug for NodeService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeService").field("node", &self.node).finish_non_exhaustive()
    }
}

impl<B> tower_service::Service<hyper::Request<B>> for NodeService
where
    B: Body<Data = Bytes> + Send + 'static,
{
    type Response = hyper::Response<NodeBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: hyper::Request<B>) -> Self::Future {
        let node = self.node.clone();
        let peer = Arc::clone(&self.peer);
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let peer = peer(&head);
            let request = hyper::Request::from_parts(head, body);
            let answered = node.handle(request, peer).await;
            Ok(answered.unwrap_or_else(|Unanswered| hyper::Response::new(NodeBody::broken())))
        })
    }
}
