//! The options by which servers of one pool know each other.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use clap::Args;
use socketio08::server::{NodeName, SharedKey};
use socketio08_tokio::{Peers, RedisUrl};

use crate::scenario::read_failure;
use crate::serve::Pool;

#[derive(Args, Debug)]
#[command(next_help_heading = "Sessions in a pool of servers")]
pub(super) struct PoolArgs {
    /// Route sessions: this server's name, which begins the ids of its sessions. Any balancing will do then, for every server forwards
    /// requests to the one that the id names. Needs --peer and --secret-file.
    #[arg(long, value_name = "NAME", value_parser = node, requires = "peers", requires = "secret_file")]
    node: Option<NodeName>,
    /// Another server of the pool, where this one reaches it: s2=http://10.0.0.2:8000. May be given several times.
    #[arg(long = "peer", value_name = "NAME=URL", value_parser = peer, requires = "node")]
    peers: Vec<(NodeName, SocketAddr)>,
    /// Keep sessions in this Redis, from which every server that uses it takes them over: redis://[:PASSWORD@]HOST[:PORT][/DATABASE].
    /// Any balancing will do, and sessions outlive servers that are stopped. Needs --secret-file.
    #[arg(long, value_name = "URL", requires = "secret_file", conflicts_with_all = ["node", "redis"])]
    portable: Option<RedisUrl>,
    /// A file with the secret that all servers of the pool share, 16 bytes or more; what surrounds it as blanks and ends of line is
    /// left out.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

fn node(text: &str) -> Result<NodeName, String> {
    NodeName::new(text).map_err(|error| error.to_string())
}

fn peer(text: &str) -> Result<(NodeName, SocketAddr), String> {
    let (name, url) = text.split_once('=').ok_or("write it as NAME=URL: s2=http://10.0.0.2:8000")?;
    let authority = url.strip_prefix("http://").ok_or_else(|| {
        format!("{url} is no URL this server can forward to: http://HOST:PORT (without TLS, on a network of your own)")
    })?;
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    let mut addresses = authority
        .to_socket_addrs()
        .map_err(|error| format!("{authority}: {error}; write http://HOST:PORT"))?;
    let address = addresses.next().ok_or_else(|| format!("{authority} has no address"))?;
    Ok((node(name)?, address))
}

impl PoolArgs {
    /// The pool, if one is asked for.
    pub(super) fn read(self) -> Result<Option<Pool>, String> {
        let Some(path) = self.secret_file else { return Ok(None) };
        let secret = std::fs::read(&path).map_err(|error| {
            format!(
                "--secret-file {0}: {1}; `openssl rand -base64 33 > {0}` makes one",
                path.display(),
                read_failure(&error)
            )
        })?;
        let key = SharedKey::new(secret.trim_ascii())
            .map_err(|error| format!("--secret-file {}: {error}", path.display()))?;
        if let Some(url) = self.portable {
            return Ok(Some(Pool::Portable { redis: url, key }));
        }
        let Some(node) = self.node else {
            return Err("--secret-file is for a pool: give --node and --peer, or --portable, too".to_owned());
        };
        let mut peers = Peers::default();
        for (name, address) in self.peers {
            if name == node {
                return Err(format!("--peer {name}: this server has that name itself (--node {node})"));
            }
            if peers.names().any(|other| *other == name) {
                return Err(format!("--peer {name}: two servers have that name"));
            }
            peers = peers.tcp(name, address);
        }
        Ok(Some(Pool::Routed { node, peers, key }))
    }
}
