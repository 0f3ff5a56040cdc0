//! Connections to servers.

use std::net::IpAddr;
use std::rc::Rc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::CONNECTION;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use socketio08::Limits;
use turmoil::net::TcpStream;

use crate::scenario::{BalancerMode, ServerIx};
use crate::world::balancer::LinkId;

use super::carrier::Carrier;
use super::ending::Ending;
use super::front::strip;

/// Opens a link; in http mode also serves it until it ends, in tcp mode the tunnel takes it.
pub(super) async fn serve(carrier: Carrier, link: LinkId, server: IpAddr, ending: Rc<Ending>) {
    // A link that is not wanted any more is opened all the same and then dropped.
    let Ok(stream) = carrier.dialer().connect(server).await else {
        carrier.link_closed(link, false);
        return;
    };
    match carrier.mode() {
        BalancerMode::Http => serve_http(carrier, link, stream, &ending).await,
        BalancerMode::Tcp => {
            carrier.link_opened(link, None, Some(stream));
        }
    }
}

async fn serve_http(carrier: Carrier, link: LinkId, stream: TcpStream, ending: &Ending) {
    // Without a byte on the wire the handshake of HTTP/1.1 cannot fail.
    let Ok((sender, connection)) = http1::handshake(TokioIo::new(stream)).await else {
        carrier.link_closed(link, false);
        return;
    };
    if !carrier.link_opened(link, Some(sender), None) {
        return;
    }
    tokio::select! {
        biased;
        _ = connection.with_upgrades() => carrier.link_connection_ended(link),
        _ = ending.ordered() => {}
    }
}

/// Sends one request and brings back its response.
pub(super) async fn exchange(
    carrier: Carrier,
    link: LinkId,
    mut sender: SendRequest<Full<Bytes>>,
    outgoing: Request<Full<Bytes>>,
) {
    let Ok(response) = send(&mut sender, outgoing).await else {
        carrier.link_closed(link, true);
        return;
    };
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let mut response = response;
        let upgrade = hyper::upgrade::on(&mut response);
        let response = response.map(|_| Full::default());
        carrier.upgraded(link, upgrade, response);
        return;
    }
    let last = response
        .headers()
        .get(CONNECTION)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"close"));
    match whole(response).await {
        Some(response) => carrier.responded(link, sender, response, last),
        None => carrier.link_closed(link, true),
    }
}

async fn send(
    sender: &mut SendRequest<Full<Bytes>>,
    outgoing: Request<Full<Bytes>>,
) -> hyper::Result<Response<Incoming>> {
    sender.ready().await?;
    sender.send_request(outgoing).await
}

/// The response with its body, which the machine sees too.
async fn whole(response: Response<Incoming>) -> Option<(Response<Full<Bytes>>, Bytes)> {
    let (mut head, body) = response.into_parts();
    strip(&mut head.headers, false);
    // A poll can be answered by a whole outbox, framed.
    let limits = Limits::default();
    let body =
        Limited::new(body, 2 * limits.outbox_len_max.max(limits.payload_len_max)).collect().await.ok()?;
    let body = body.to_bytes();
    Some((Response::from_parts(head, Full::new(body.clone())), body))
}

/// Checks a server: whether it accepts a connection.
pub(super) async fn check(carrier: Carrier, server: ServerIx, address: IpAddr) {
    let passed = carrier.dialer().connect(address).await.is_ok();
    carrier.checked(server, passed);
}
