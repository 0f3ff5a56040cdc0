//! One connection of a node: HTTP/1.1, then RFC 6455 if upgraded.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use socketio08::Text;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::entry::enter;
use super::exchange::{CutSignal, Guard, QueueReceiver};
use super::http::serve_request;
use super::relay::Tunnel;
use super::{Mail, Shared, Stage, reached};
use crate::PeerInfo;
use crate::socket::{self, Channel, Socket, SocketEvent};
use crate::watched::{Ending, Watched};

const NO_ROOM: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: text/plain\r\n\
Content-Length: 21\r\n\r\ntoo many connections\n";

/// What the requests of one connection share.
pub(super) struct Peer {
    pub(super) shared: Arc<Shared>,
    pub(super) info: PeerInfo,
    pub(super) ending: Ending,
    /// The upgrade that was answered by 101, until the connection is handed over.
    upgrade: Mutex<Option<Upgrade>>,
    /// The same, of a socket that another server owns.
    tunnel: Mutex<Option<Tunnel>>,
    /// The stream that the connection carries now may be given up while nobody reads its queue.
    cut: Mutex<Option<CutSignal>>,
}

/// An exchange on its way from HTTP to messages.
pub(super) struct Upgrade {
    pub(super) connection: OnUpgrade,
    pub(super) queue: QueueReceiver<Text>,
    pub(super) guard: Guard,
}

impl Peer {
    pub(super) fn new(shared: Arc<Shared>, info: PeerInfo, ending: Ending) -> Self {
        Self {
            shared,
            info,
            ending,
            upgrade: Mutex::new(None),
            tunnel: Mutex::new(None),
            cut: Mutex::new(None),
        }
    }

    pub(super) fn begin_upgrade(&self, upgrade: Upgrade) {
        *self.upgrade.lock().unwrap_or_else(PoisonError::into_inner) = Some(upgrade);
    }

    pub(super) fn take_upgrade(&self) -> Option<Upgrade> {
        self.upgrade.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn begin_tunnel(&self, tunnel: Tunnel) {
        *self.tunnel.lock().unwrap_or_else(PoisonError::into_inner) = Some(tunnel);
    }

    pub(super) fn take_tunnel(&self) -> Option<Tunnel> {
        self.tunnel.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The connection is to end when the node gives up the stream that begins on it. One that another server carries goes on
    /// until what was queued is sent.
    pub(super) fn watch_for_cut(&self, cut: CutSignal) {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner) = Some(cut);
    }

    fn poll_cut(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        cut.as_mut().map_or(Poll::Pending, |cut| cut.poll(cx))
    }
}

pub(super) async fn serve<Io>(shared: Arc<Shared>, mut io: Io, info: PeerInfo)
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut stage = shared.stage.clone();
    let Ok(_place) = shared.connections.clone().try_acquire_owned() else {
        // A peer that does not take even this has lost nothing.
        let _ = timeout(shared.limits.linger, io.write_all(NO_ROOM)).await;
        return;
    };
    let mut gone = stage.clone();
    tokio::select! {
        biased;
        () = reached(&mut gone, Stage::Gone) => {}
        () = carry(shared, io, info, &mut stage) => {}
    }
}

async fn carry<Io>(shared: Arc<Shared>, io: Io, info: PeerInfo, stage: &mut watch::Receiver<Stage>)
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let io = Watched::new(io, Some(shared.limits.stall_timeout));
    let entered = tokio::select! {
        biased;
        entered = enter(&shared, io, &info) => entered,
        () = reached(stage, Stage::Leaving) => None,
    };
    let Some(io) = entered else { return };
    let peer = Arc::new(Peer::new(Arc::clone(&shared), info, io.ending()));
    let service = {
        let peer = Arc::clone(&peer);
        service_fn(move |request| serve_request(Arc::clone(&peer), request))
    };
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(shared.limits.head_timeout)
        .max_header_size(shared.limits.head_len_max)
        // The head must fit into the buffer with room to see that it is too long.
        .max_buf_size(shared.limits.head_len_max.max(8_192) * 2)
        .auto_date_header(shared.date_header);
    let whole = {
        let mut connection = pin!(http.serve_connection(TokioIo::new(io), service).with_upgrades());
        let serving = async {
            tokio::select! {
                biased;
                ended = connection.as_mut() => ended,
                () = reached(stage, Stage::Leaving) => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            }
        };
        tokio::select! {
            // The connection first: a stream begins, and sets what is watched, while it is polled.
            biased;
            ended = serving => ended.is_ok(),
            () = std::future::poll_fn(|cx| peer.poll_cut(cx)) => false,
        }
    };
    // Dropping the upgrade of a connection that failed reports its end.
    if let Some(tunnel) = peer.take_tunnel()
        && whole
    {
        tunnel.carry().await;
    }
    if let Some(upgrade) = peer.take_upgrade()
        && whole
    {
        carry_socket::<Io>(upgrade).await;
    }
}

/// What ended the sending or brought a message.
enum Step {
    Received(SocketEvent),
    /// The node closed the exchange and everything it queued is sent.
    Sent,
    /// The node gave the socket up.
    Cut,
}

async fn carry_socket<Io>(upgrade: Upgrade)
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Upgrade { connection, queue, guard } = upgrade;
    let shared = guard.shared();
    let Ok(upgraded) = connection.await else { return };
    let Ok(parts) = upgraded.downcast::<TokioIo<Watched<Io>>>() else { return };
    let stream = WebSocketStream::from_partially_read(
        parts.io.into_inner(),
        parts.read_buf.to_vec(),
        Role::Server,
        Some(socket::config(&shared.machine_limits)),
    )
    .await;
    carry_messages(Socket::new(stream), queue, guard).await;
}

/// Carries messages both ways until one side ends the socket.
pub(super) async fn carry_messages(mut socket: impl Channel, mut queue: QueueReceiver<Text>, guard: Guard) {
    let shared = guard.shared();
    loop {
        match std::future::poll_fn(|cx| poll_step(cx, &mut socket, &mut queue)).await {
            Step::Received(SocketEvent::Message(text)) => {
                let Some(room) = shared.room().await else { return };
                let exchange = guard.exchange();
                if shared.mailbox.send(Mail::Message { exchange, text, room }).is_err() {
                    return;
                }
            }
            Step::Received(SocketEvent::Ended { clean, .. }) => return guard.close(clean),
            Step::Sent => {
                guard.defuse();
                // A peer that does not answer the close frame in time is cut.
                let _ = timeout(shared.limits.linger, socket.close_and_end()).await;
                return;
            }
            Step::Cut => return guard.defuse(),
        }
    }
}

fn poll_step(cx: &mut Context<'_>, socket: &mut impl Channel, queue: &mut QueueReceiver<Text>) -> Poll<Step> {
    if queue.poll_cut(cx).is_ready() {
        return Poll::Ready(Step::Cut);
    }
    let sent = socket.poll_send(cx, |cx| queue.poll_next(cx));
    // Reading goes on while writing waits: a peer may write before it reads.
    if let Poll::Ready(event) = socket.poll_receive(cx) {
        return Poll::Ready(Step::Received(event));
    }
    sent.map(|sent| match sent {
        Ok(()) => Step::Sent,
        Err(ended) => Step::Received(ended),
    })
}
