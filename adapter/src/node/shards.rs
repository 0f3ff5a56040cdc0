//! One server on several processors: nodes side by side, each with a part of the sessions.
//!
//! A session is at one node, its owner, for good; which one is told by a hash of its id, so that every node knows it without asking
//! anybody. A connection belongs to the node that it was given to; each request on it goes to the mailbox of the owner of its
//! session. Nodes share nothing but their mailboxes.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use futures_util::future::join_all;
use socketio08::server::{Routing, Server, Store};
use socketio08::target::Target;
use socketio08::{Instant, Text};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

use super::{Farewell, Mail, Node, NodeConfig, Shared};
use crate::tcp::accept_each;
use crate::{Application, IdSource, PeerInfo};

/// How many ids are drawn at most for one that is a certain shard's, for each shard. One of so many fits with a chance of all but
/// one in 10^27.
const DRAWS_PER_SHARD: usize = 64;

/// Most commands that wait at one shard for what others tell it: seconds of broadcasts of a busy server. More are refused.
pub(super) const CALLS_MAX: usize = 65_536;

/// Which of so many shards a session is at: 32 bits of FNV-1a over its id.
fn shard_of(session: &str, count: usize) -> usize {
    let hash = session
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    // The low bits of FNV-1a depend on the low bits of each byte alone.
    (hash ^ (hash >> 16)) as usize % count.max(1)
}

/// Where a node stands among the shards of its server; alone by default.
#[derive(Clone, Default)]
pub(super) struct Place {
    shards: Arc<OnceLock<Known>>,
}

/// What each shard knows of all.
struct Known {
    /// Each other's mailboxes, which keep no node alive.
    all: Vec<Weak<Shared>>,
    resource: Text,
}

impl Shared {
    /// The node at which a request's session is; this one for what belongs to no session.
    pub(super) fn owner(self: &Arc<Self>, target: &str, upgrade: bool) -> Arc<Shared> {
        let Some(known) = self.shards.shards.get() else { return Arc::clone(self) };
        let target = if upgrade {
            Target::parse_upgrade(&known.resource, target)
        } else {
            Target::parse(&known.resource, target)
        };
        let Target::Session { session, .. } = target else { return Arc::clone(self) };
        let owner = known.all.get(shard_of(session, known.all.len())).and_then(Weak::upgrade);
        // A node that has ended has no sessions: this one says so.
        owner.unwrap_or_else(|| Arc::clone(self))
    }
}

/// Draws ids until one is of the shard that draws.
struct OwnIds<I> {
    ids: I,
    index: usize,
    count: usize,
}

impl<I: IdSource> IdSource for OwnIds<I> {
    fn next_id(&mut self) -> Option<Text> {
        for _ in 0..self.count * DRAWS_PER_SHARD {
            let id = self.ids.next_id()?;
            if shard_of(&id, self.count) == self.index {
                return Some(id);
            }
        }
        None
    }
}

/// Why a server cannot be spread over shards.
///
/// ```
/// use socketio08_tokio::ShardsError;
///
/// assert_eq!(ShardsError::TooMany { max: 1_024 }.to_string(), "a server has 1024 shards at most");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ShardsError {
    /// Session ids of routed and portable sessions tell something else, and other servers look for them at one place.
    #[error(
        "routed and portable sessions, and the Redis store, are for servers of one shard; start several servers instead"
    )]
    Store,
    /// Nobody has so many processors.
    #[error("a server has {max} shards at most")]
    TooMany {
        /// The most.
        max: usize,
    },
}

/// A shard has too much to do already: 65,536 commands of other shards wait there.
///
/// ```
/// let full = socketio08_tokio::ShardFull { shard: 1 };
/// assert_eq!(full.to_string(), "shard 1 is too busy: what others tell it waits, and no more is taken");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("shard {shard} is too busy: what others tell it waits, and no more is taken")]
pub struct ShardFull {
    /// Its number, from 0; the first, if there are several.
    pub shard: usize,
}

/// One of the nodes of a server: what its application is told at the start.
///
/// ```
/// use std::num::NonZeroUsize;
/// use socketio08::Instant;
/// use socketio08::server::{Audience, Outgoing, Server, ServerConfig, ServerEvent};
/// use socketio08_tokio::{Application, NodeConfig, RandomIds, Shard, Shards};
///
/// /// Gives what anybody says to everybody.
/// struct Repeater(Shard);
///
/// impl Application for Repeater {
///     fn event(&mut self, now: Instant, server: &mut Server, event: ServerEvent) {
///         let ServerEvent::Received { packet, .. } = event else { return };
///         let socketio08::Body::Message { data } = packet.body else { return };
///         let message = Outgoing::Message(data);
///         let _ = server.broadcast(now, &Audience::default(), &message);
///         let told = self.0.tell_others(|_shard| {
///             let message = message.clone();
///             move |now: Instant, server: &mut Server| {
///                 let _ = server.broadcast(now, &Audience::default(), &message);
///             }
///         });
///         if let Err(full) = told {
///             eprintln!("not everybody was reached: {full}");
///         }
///     }
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), socketio08_tokio::ShardsError> {
/// let two = NonZeroUsize::MIN.saturating_add(1);
/// let shards = Shards::start(&NodeConfig::new(ServerConfig::default()), two, Repeater, || RandomIds)?;
/// assert_eq!(shards.nodes().len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Shard {
    index: usize,
    place: Place,
}

impl Shard {
    /// Its number, from 0.
    ///
    /// ```
    /// # use std::num::NonZeroUsize;
    /// # use socketio08::{Instant, server::{Server, ServerConfig, ServerEvent}};
    /// # use socketio08_tokio::{Application, NodeConfig, RandomIds, Shards};
    /// # struct Silent;
    /// # impl Application for Silent {
    /// #     fn event(&mut self, _: Instant, _: &mut Server, _: ServerEvent) {}
    /// # }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), socketio08_tokio::ShardsError> {
    /// let mut numbers = Vec::new();
    /// let application = |shard: socketio08_tokio::Shard| {
    ///     numbers.push(shard.index());
    ///     Silent
    /// };
    /// Shards::start(&NodeConfig::new(ServerConfig::default()), NonZeroUsize::MIN, application, || RandomIds)?;
    /// assert_eq!(numbers, [0]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Runs a command on the machine of every other shard, in the task of each, as [`Node::call`] does. `command` is asked for one
    /// for each, by its number. What one shard tells another arrives in its order; what several tell, in any. A shard that has
    /// ended has no sessions to command. See [`Shard`] for an example.
    ///
    /// # Errors
    /// [`ShardFull`], when every shard was told but those that are too busy.
    ///
    /// ```
    /// # fn example(shard: &socketio08_tokio::Shard) -> Result<(), socketio08_tokio::ShardFull> {
    /// use socketio08::{Instant, server::Server};
    ///
    /// shard.tell_others(|_shard| |_now: Instant, server: &mut Server| println!("{} sessions", server.session_count()))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn tell_others<C>(&self, command: impl Fn(usize) -> C) -> Result<(), ShardFull>
    where
        C: FnOnce(Instant, &mut Server) + Send + 'static,
    {
        let all = self.place.shards.get().map_or(&[][..], |known| &known.all);
        let mut told = Ok(());
        for (shard, other) in all.iter().enumerate().filter(|(index, _)| *index != self.index) {
            let Some(shared) = other.upgrade() else { continue };
            match Arc::clone(&shared.calls_room).try_acquire_owned() {
                Ok(room) => {
                    // One that ends now has no sessions to command either.
                    let command = Box::new(command(shard));
                    let _ = shared.mailbox.send(Mail::Call { command, room: Some(room) });
                }
                Err(_) => told = told.and(Err(ShardFull { shard })),
            }
        }
        told
    }
}

impl fmt::Debug for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shard").field("index", &self.index).finish_non_exhaustive()
    }
}

/// A server whose sessions are spread over several nodes of one process, so that it can use several processors: start it on a
/// runtime with as many threads. Each shard has the limits of the configuration for itself, and an application of its own; a
/// broadcast of the machine reaches the sessions of its shard ([`Shard::tell_others`] reaches the others).
///
/// It works with sessions in memory only. See [`Shard`] for an example.
///
/// ```
/// use std::num::NonZeroUsize;
/// use socketio08::server::{NodeName, ServerConfig, SharedKey};
/// use socketio08_tokio::{NodeConfig, Peers, RandomIds, Shards, ShardsError};
/// # use socketio08::{Instant, server::{Server, ServerEvent}};
/// # struct Silent;
/// # impl socketio08_tokio::Application for Silent {
/// #     fn event(&mut self, _: Instant, _: &mut Server, _: ServerEvent) {}
/// # }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = SharedKey::new(b"0123456789abcdef0123456789abcdef")?;
/// let routed = NodeConfig::new(ServerConfig::default()).routed(NodeName::new("s1")?, Peers::default(), key);
/// let refused = Shards::start(&routed, NonZeroUsize::MIN, |_| Silent, || RandomIds);
/// assert_eq!(refused.err(), Some(ShardsError::Store));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Shards {
    nodes: Vec<Node>,
    /// Which node is given the next connection.
    next: Arc<AtomicUsize>,
}

impl Shards {
    /// The most shards that a server may have: more than the processors of any machine that this is for.
    pub const MAX: usize = 1_024;

    /// Starts `count` nodes on the current tokio runtime. `application` and `ids` are asked for one for each, in their order.
    /// Of the ids drawn each shard takes those that are its own, one of `count` on average.
    ///
    /// # Errors
    /// [`ShardsError`]: a store or a routing that does not go with it, or too many.
    ///
    /// # Panics
    /// Outside of a tokio runtime, as `tokio::spawn` does.
    ///
    /// ```
    /// # use std::num::NonZeroUsize;
    /// # use socketio08::{Instant, server::{Server, ServerConfig, ServerEvent}};
    /// # use socketio08_tokio::{Application, NodeConfig, RandomIds, Shards};
    /// # struct Silent;
    /// # impl Application for Silent {
    /// #     fn event(&mut self, _: Instant, _: &mut Server, _: ServerEvent) {}
    /// # }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), socketio08_tokio::ShardsError> {
    /// let count = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    /// let shards = Shards::start(&NodeConfig::new(ServerConfig::default()), count, |_| Silent, || RandomIds)?;
    /// assert_eq!(shards.nodes().len(), count.get());
    /// # Ok(())
    /// # }
    /// ```
    pub fn start<A: Application, I: IdSource>(
        config: &NodeConfig,
        count: NonZeroUsize,
        mut application: impl FnMut(Shard) -> A,
        mut ids: impl FnMut() -> I,
    ) -> Result<Self, ShardsError> {
        let count = count.get();
        if count > Self::MAX {
            return Err(ShardsError::TooMany { max: Self::MAX });
        }
        if !matches!((&config.server.store, &config.server.routing), (Store::Memory, Routing::Balancer)) {
            return Err(ShardsError::Store);
        }
        let place = Place::default();
        let start = |index| {
            let application = application(Shard { index, place: place.clone() });
            let ids = OwnIds { ids: ids(), index, count };
            Node::start_at(place.clone(), config.clone(), application, ids)
        };
        let nodes: Vec<Node> = (0..count).map(start).collect();
        let all = nodes.iter().map(|node| Arc::downgrade(&node.shared)).collect();
        // Nothing else sets it, and nobody has asked yet: connections come through what is returned.
        let _ = place.shards.set(Known { all, resource: config.server.resource.clone() });
        Ok(Self { nodes, next: Arc::new(AtomicUsize::new(0)) })
    }

    /// The nodes. A connection or a request may be given to any of them: sessions are found from each.
    ///
    /// ```
    /// # async fn example(shards: socketio08_tokio::Shards) {
    /// for node in shards.nodes() {
    ///     node.call(|_now, server| println!("{} sessions", server.session_count()));
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Serves one connection to its end, as [`Node::serve_connection`] does, by the nodes in turn.
    ///
    /// ```
    /// # async fn example(shards: socketio08_tokio::Shards) {
    /// let (browser, connection) = tokio::io::duplex(4_096);
    /// tokio::spawn(async move { shards.serve_connection(connection, "192.0.2.7").await });
    /// # drop(browser);
    /// # }
    /// ```
    pub async fn serve_connection<Io>(&self, io: Io, peer: impl Into<PeerInfo>)
    where
        Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        if let Some(node) = self.nodes.get(turn % self.nodes.len().max(1)) {
            node.serve_connection(io, peer).await;
        }
    }

    /// Accepts connections for ever and gives each to the next node, until the future is dropped: as
    /// [`serve_tcp`](crate::serve_tcp).
    ///
    /// ```
    /// # async fn example(shards: socketio08_tokio::Shards) -> std::io::Result<()> {
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
    /// shards.serve_tcp(&listener).await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn serve_tcp(&self, listener: &TcpListener) {
        accept_each(listener, |stream, address| {
            let shards = self.clone();
            async move { shards.serve_connection(stream, address.ip().to_string()).await }
        })
        .await;
    }

    /// Ends all nodes, as [`Node::shutdown`] does; returns when they have ended.
    ///
    /// ```
    /// # async fn example(shards: socketio08_tokio::Shards) {
    /// shards.shutdown(socketio08_tokio::Farewell::Close).await;
    /// # }
    /// ```
    pub async fn shutdown(&self, farewell: Farewell) {
        join_all(self.nodes.iter().map(|node| node.shutdown(farewell))).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RandomIds;

    #[test]
    fn ids_are_spread_evenly_over_the_shards_and_each_draws_its_own() {
        for count in [2, 3, 4, 7] {
            let mut of_each = vec![0; count];
            for _ in 0..1_000 * count {
                of_each[shard_of(&RandomIds.next_id().unwrap(), count)] += 1;
            }
            assert!(of_each.iter().all(|of_one| (800..1_200).contains(of_one)), "{of_each:?}");
            for index in 0..count {
                let mut own = OwnIds { ids: RandomIds, index, count };
                assert_eq!(shard_of(&own.next_id().unwrap(), count), index);
            }
        }
    }

    #[test]
    fn a_source_that_never_fits_is_given_up() {
        let id = || Text::from_static("4711");
        let other = 1 - shard_of("4711", 2);
        assert_eq!(OwnIds { ids: id, index: other, count: 2 }.next_id(), None);
    }
}
