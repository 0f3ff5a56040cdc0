//! Socket.IO 0.8 in an axum application, beside its own routes: `/health`, `/announce` and whatever else it has go on as they
//! are; `/socket.io` belongs to the node.
//!
//! A route of axum speaks to the sessions by [`Node::call`]; the sessions' events come to the [`Application`].

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::{get, post};
use socketio08::server::{AckMode, Audience, Outgoing, Server, ServerConfig, ServerEvent};
use socketio08::{Instant, Text, event_text};
use socketio08_tokio::{Application, Node, NodeConfig, PeerInfo, RandomIds};

/// Passes each event of a session on to all the others.
struct Relay;

impl Application for Relay {
    fn event(&mut self, now: Instant, server: &mut Server, event: ServerEvent) {
        match event {
            ServerEvent::Connected { session, endpoint, .. } => {
                let welcome = Outgoing::Message(Text::from_static("welcome"));
                // It fails for a session that ended meanwhile, which needs no welcome.
                let _ = server.send(now, &session, &endpoint, welcome, AckMode::None);
            }
            ServerEvent::Received { session, packet } => {
                if let socketio08::Body::Event { data } = packet.body {
                    let others = Audience::default().endpoint(packet.endpoint).except(vec![session]);
                    // The endpoint is one that a packet came from, so there is nothing that can fail.
                    let _ = server.broadcast(now, &others, &Outgoing::Event(data));
                }
            }
            _ => {}
        }
    }
}

/// Starts the node on the current runtime.
///
/// # Panics
/// Outside of a tokio runtime.
#[must_use]
pub fn start() -> Node {
    Node::start(NodeConfig::new(ServerConfig::default()), Relay, RandomIds)
}

/// The whole application. Serve it by `into_make_service_with_connect_info::<SocketAddr>()`, so that the node is told who
/// connects.
pub fn application(node: Node) -> Router {
    let socket_io = node.service(peer);
    Router::new()
        .route("/health", get(async || "well\n"))
        .route("/announce", post(announce))
        .with_state(node)
        // Not `nest_service`, which would take the prefix off that the protocol's targets begin with.
        .route_service("/socket.io/{*target}", socket_io)
}

/// An ordinary handler that speaks to every session.
async fn announce(State(node): State<Node>, body: String) -> StatusCode {
    let Ok(event) = event_text("announcement", &[body]) else { return StatusCode::INTERNAL_SERVER_ERROR };
    node.call(move |now, server| {
        // The root endpoint always exists.
        let _ = server.broadcast(now, &Audience::default(), &Outgoing::Event(event));
    });
    StatusCode::NO_CONTENT
}

fn peer(head: &Parts) -> PeerInfo {
    match head.extensions.get::<ConnectInfo<SocketAddr>>() {
        Some(ConnectInfo(address)) => address.ip().to_string().into(),
        None => PeerInfo::default(),
    }
}
