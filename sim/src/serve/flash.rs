//! The flash policy: on the server's port, and on a port of its own if asked.

use std::io;
use std::net::SocketAddr;

use socketio08::policy::{Policy, PolicyError, Ports};
use socketio08_tokio::PolicyServer;
use tokio::net::TcpListener;

use super::{ListenError, log};

/// Which films may open sockets, and where they ask.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FlashOptions {
    /// Hosts; `*` is every host.
    pub hosts: Vec<String>,
    /// A port for the policy alone; 0 takes a free one.
    pub port: Option<u16>,
}

impl FlashOptions {
    /// The policy for a server at `address`.
    pub(super) fn policy(&self, address: SocketAddr) -> Result<Policy, PolicyError> {
        let port = [address.port()];
        self.hosts.iter().try_fold(Policy::new(), |policy, host| match host.as_str() {
            "*" => policy.allow_any_host(Ports::Some(&port)),
            host => policy.allow(host, Ports::Some(&port)),
        })
    }
}

/// Serves the policy on its own port beside `address`, for ever; never ready if there is none.
pub(super) struct Beside(Option<(PolicyServer, TcpListener)>);

impl Beside {
    pub(super) async fn listen(
        options: Option<&FlashOptions>,
        policy: Option<&Policy>,
        address: SocketAddr,
    ) -> Result<Self, ListenError> {
        let (Some(port), Some(policy)) = (options.and_then(|options| options.port), policy) else {
            return Ok(Self(None));
        };
        let own = SocketAddr::new(address.ip(), port);
        let failed = |error: io::Error| ListenError { address: own, option: "--flash-policy-port", error };
        let listener = TcpListener::bind(own).await.map_err(failed)?;
        log::line(&format!("flash policy on {}", listener.local_addr().map_err(failed)?));
        Ok(Self(Some((PolicyServer::new(policy), listener))))
    }

    pub(super) async fn serve(&self) {
        match &self.0 {
            Some((server, listener)) => server.serve_tcp(listener).await,
            None => std::future::pending().await,
        }
    }
}
