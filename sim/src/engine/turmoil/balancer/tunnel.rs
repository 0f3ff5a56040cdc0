//! Copies bytes between a client and a server until either side ends.

use std::io;
use std::rc::Rc;

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::world::balancer::{ConnId, LinkId};

use super::carrier::{Carrier, Raw};
use super::ending::Ending;

/// How many bytes are on their way in one direction: HAProxy's own buffers have 16 kB.
const BUFFER_LEN: usize = 16_384;

/// Which side of a tunnel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Side {
    Client,
    Server,
}

/// A stream of either kind.
trait Io: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Io for T {}

/// Runs a tunnel to its end, which it reports.
pub(super) async fn run(
    carrier: Carrier,
    (conn, client): (ConnId, Raw),
    (link, server): (LinkId, Raw),
    ending: Rc<Ending>,
) {
    let passed = || carrier.passed(link);
    let ended = tokio::select! {
        biased;
        _ = ending.ordered() => return,
        side = copy(client, server, &passed) => side,
    };
    match ended {
        Side::Client => carrier.front_closed(conn),
        Side::Server => carrier.link_closed(link, true),
    }
}

/// `passed` is told of everything that is copied.
async fn copy(client: Raw, server: Raw, passed: &dyn Fn()) -> Side {
    let Ok(client) = stream(client).await else { return Side::Client };
    let Ok(server) = stream(server).await else { return Side::Server };
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_server, mut to_server) = tokio::io::split(server);
    tokio::select! {
        biased;
        ended = pump(&mut from_client, &mut to_server, passed) => match ended {
            End::Source => Side::Client,
            End::Sink => Side::Server,
        },
        ended = pump(&mut from_server, &mut to_client, passed) => match ended {
            End::Source => Side::Server,
            End::Sink => Side::Client,
        },
    }
}

async fn stream(raw: Raw) -> io::Result<Box<dyn Io>> {
    match raw {
        Raw::Stream(stream) => Ok(Box::new(stream)),
        Raw::Upgrade(upgrade) => Ok(Box::new(TokioIo::new(upgrade.await.map_err(io::Error::other)?))),
    }
}

/// Which end of a direction ended.
enum End {
    Source,
    Sink,
}

async fn pump(
    source: &mut (impl AsyncRead + Unpin),
    sink: &mut (impl AsyncWrite + Unpin),
    passed: &dyn Fn(),
) -> End {
    let mut buffer = vec![0; BUFFER_LEN];
    loop {
        let len = match source.read(&mut buffer).await {
            Ok(0) | Err(_) => return End::Source,
            Ok(len) => len,
        };
        if sink.write_all(buffer.get(..len).unwrap_or_default()).await.is_err() || sink.flush().await.is_err()
        {
            return End::Sink;
        }
        passed();
    }
}
