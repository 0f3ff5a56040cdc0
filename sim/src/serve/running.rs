//! The server that runs: one node, or several that share its sessions.

use std::io;
use std::num::NonZeroUsize;

use socketio08::Profile;
use socketio08_tokio::{Farewell, Node, NodeConfig, ProfileIds, Shards, serve_tcp};
use tokio::net::TcpListener;

use super::App;
use super::chat::Rooms;
use super::log::Log;
use super::site;

/// What every shard's site is made of.
pub(super) struct Site {
    pub(super) app: App,
    pub(super) client_script: bool,
    pub(super) quiet: bool,
    /// The store is that of portable sessions.
    pub(super) portable: bool,
}

pub(super) enum Running {
    One(Node),
    Several(Shards),
}

impl Running {
    /// Starts it on the current runtime, over so many shards if a number is given.
    pub(super) fn start(
        config: NodeConfig,
        threads: Option<NonZeroUsize>,
        site: &Site,
        profile: Profile,
    ) -> io::Result<Self> {
        let ids = ProfileIds(profile);
        let rooms = Rooms::new(threads.map_or(1, NonZeroUsize::get));
        let site = |shard| site::Site::new(site, Log::new(site.quiet), &rooms, shard);
        let Some(threads) = threads else { return Ok(Self::One(Node::start(config, site(None), ids))) };
        let shards = Shards::start(&config, threads, |shard| site(Some(shard)), || ids);
        shards.map(Self::Several).map_err(io::Error::other)
    }

    pub(super) async fn serve_tcp(&self, listener: &TcpListener) {
        match self {
            Self::One(node) => serve_tcp(node, listener).await,
            Self::Several(shards) => shards.serve_tcp(listener).await,
        }
    }

    pub(super) async fn shutdown(&self, farewell: Farewell) {
        match self {
            Self::One(node) => node.shutdown(farewell).await,
            Self::Several(shards) => shards.shutdown(farewell).await,
        }
    }
}
