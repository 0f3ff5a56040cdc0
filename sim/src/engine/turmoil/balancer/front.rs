//! Clients' connections.

use std::io;
use std::pin::pin;
use std::rc::Rc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, TRANSFER_ENCODING, UPGRADE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use socketio08::Limits;
use tokio::io::AsyncWriteExt;
use tokio::sync::oneshot;
use turmoil::net::TcpStream;

use crate::engine::turmoil::origin::Origin;
use crate::scenario::BalancerMode;
use crate::world::balancer::ConnId;

use super::carrier::{Carrier, Pending};
use super::ending::{Ending, Manner};
use super::head;

/// What HAProxy says to who has asked nothing in time.
const LATE: &[u8] = b"HTTP/1.1 408 Request Time-out\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Serves one client's connection until it ends or is handed to a tunnel.
pub(super) async fn serve(carrier: Carrier, mut stream: TcpStream) {
    let Some(origin) = Origin::read(&mut stream).await else { return };
    let ending = Rc::<Ending>::default();
    match carrier.mode() {
        BalancerMode::Http => {
            let conn = carrier.open(origin, ending.clone(), None);
            serve_http(carrier, conn, stream, &ending).await;
        }
        // The tunnel takes it from here.
        BalancerMode::Tcp => {
            carrier.open(origin, ending, Some(stream));
        }
    }
}

async fn serve_http(carrier: Carrier, conn: ConnId, mut stream: TcpStream, ending: &Ending) {
    let mut first = [0];
    let begun = tokio::select! {
        biased;
        begun = stream.peek(&mut first) => begun,
        manner = ending.ordered() => return end_unasked(stream, manner).await,
    };
    if begun.is_err() {
        return carrier.front_ended(conn, false);
    }
    let service = service_fn(|request| ask(&carrier, conn, request));
    let mut builder = http1::Builder::new();
    builder.auto_date_header(false);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let result = loop {
        tokio::select! {
            biased;
            result = &mut connection => break result,
            manner = ending.ordered() => match manner {
                Manner::Cut | Manner::Late => return,
                Manner::Finish => connection.as_mut().graceful_shutdown(),
            }
        }
    };
    carrier.front_ended(conn, result.is_ok());
}

/// Ends a connection on which nothing has come.
async fn end_unasked(mut stream: TcpStream, manner: Manner) {
    if manner == Manner::Late {
        // A client that is gone does not read it.
        let _ = stream.write_all(LATE).await;
        let _ = stream.shutdown().await;
    }
}

/// Hands a request in and waits for its answer. Without one the connection is closed without a word.
async fn ask(
    carrier: &Carrier,
    conn: ConnId,
    mut request: Request<Incoming>,
) -> io::Result<Response<Full<Bytes>>> {
    let upgrade = request.headers().contains_key(UPGRADE).then(|| hyper::upgrade::on(&mut request));
    let (mut head, body) = request.into_parts();
    strip(&mut head.headers, upgrade.is_some());
    let body = Limited::new(body, Limits::default().payload_len_max);
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let request = Request::from_parts(head, Full::new(body));
    let (reply, answer) = oneshot::channel();
    let head = head::of_request(&request);
    carrier.request(conn, Pending { head, request, upgrade, reply });
    answer.await.map_err(io::Error::other)
}

/// Takes off what is between one hop and the next: each side of the balancer has connections and framing of its own.
pub(super) fn strip(headers: &mut HeaderMap, upgrade: bool) {
    if !upgrade {
        headers.remove(CONNECTION);
        headers.remove("keep-alive");
    }
    headers.remove(TRANSFER_ENCODING);
}
