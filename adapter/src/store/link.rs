//! The node's side of the connection to Redis: what it wants to publish and to hear, and how the two connections are.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use socketio08::Text;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::{RedisUrl, StoreHealth, publisher, subscriber};

/// Most publications that wait for Redis: some seconds of a busy node. More are dropped and counted.
const QUEUE_MAX: usize = 16_384;

/// How long a node that leaves waits for its last publications.
const FLUSH_MAX: Duration = Duration::from_secs(1);

/// The first pause before Redis is tried again, and the longest.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// How long Redis may take for anything.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Publication {
    pub(super) channel: Text,
    pub(super) message: Text,
}

/// What the tasks of the connections tell the node.
pub(crate) trait Reports: Send + Sync + 'static {
    /// Something was published; false if there was no room for it.
    fn published(&self, channel: Text, message: Text) -> bool;
    /// The store is well or not.
    fn health(&self, health: StoreHealth);
}

/// A connection to Redis. Dropping it ends it.
pub(crate) struct Link {
    shared: Arc<Shared>,
    publications: mpsc::Sender<Publication>,
    tasks: JoinSet<()>,
}

/// What the node and the tasks of both connections share.
pub(super) struct Shared {
    pub(super) url: RedisUrl,
    pub(super) reports: Box<dyn Reports>,
    wanted: Mutex<Wanted>,
    /// `wanted` changed.
    pub(super) changed: Notify,
    /// The other connection was lost, so that this one may be too.
    pub(super) doubt: Notify,
    state: Mutex<State>,
}

#[derive(Default)]
struct Wanted {
    channels: BTreeSet<Text>,
    /// Channels to be subscribed to or no longer.
    changed: BTreeSet<Text>,
}

/// Which connection.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Publisher,
    Subscriber,
}

struct State {
    up: [bool; 2],
    /// Since when the application takes it for lost.
    lost: Option<Instant>,
    connected_once: bool,
    dropped: u64,
}

impl Link {
    /// Starts to connect; must be called within a tokio runtime.
    pub(crate) fn start(url: RedisUrl, reports: impl Reports) -> Self {
        let (publications, queue) = mpsc::channel(QUEUE_MAX);
        let shared = Arc::new(Shared {
            url,
            reports: Box::new(reports),
            wanted: Mutex::default(),
            changed: Notify::new(),
            doubt: Notify::new(),
            state: Mutex::new(State { up: [false; 2], lost: None, connected_once: false, dropped: 0 }),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(publisher::run(Arc::clone(&shared), queue));
        tasks.spawn(subscriber::run(Arc::clone(&shared)));
        Self { shared, publications, tasks }
    }

    /// Publishes, after what was published before; dropped if too much waits.
    pub(crate) fn publish(&self, channel: Text, message: Text) {
        if self.publications.try_send(Publication { channel, message }).is_err() {
            self.shared.drop_publications(1);
        }
    }

    pub(crate) fn subscribe(&self, channel: Text) {
        let mut wanted = lock(&self.shared.wanted);
        wanted.channels.insert(channel.clone());
        wanted.changed.insert(channel);
        self.shared.changed.notify_one();
    }

    pub(crate) fn unsubscribe(&self, channel: Text) {
        let mut wanted = lock(&self.shared.wanted);
        wanted.channels.remove(&channel);
        wanted.changed.insert(channel);
        self.shared.changed.notify_one();
    }

    /// Ends the connection when what was published has been sent, or after a moment.
    pub(crate) async fn finish(mut self) {
        drop(self.publications);
        // The publisher ends when its queue is empty; who cannot be reached is not waited for.
        let _ = timeout(FLUSH_MAX, self.tasks.join_next()).await;
    }
}

/// Nothing panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(super) fn drop_publications(&self, count: u64) {
        let mut state = lock(&self.state);
        state.dropped = state.dropped.saturating_add(count);
    }

    /// Every channel that is wanted; nothing counts as changed from here on.
    pub(super) fn all_wanted(&self) -> Vec<Text> {
        let mut wanted = lock(&self.wanted);
        wanted.changed.clear();
        wanted.channels.iter().cloned().collect()
    }

    /// What to subscribe to and what no longer, since the last call.
    pub(super) fn changes(&self) -> (Vec<Text>, Vec<Text>) {
        let mut wanted = lock(&self.wanted);
        let changed = std::mem::take(&mut wanted.changed);
        changed.into_iter().partition(|channel| wanted.channels.contains(channel))
    }

    /// One side is connected.
    pub(super) fn is_up(&self, side: Side) {
        let health = {
            let mut state = lock(&self.state);
            state.up[side as usize] = true;
            if state.up != [true; 2] {
                return;
            }
            let first = !std::mem::replace(&mut state.connected_once, true);
            match state.lost.take() {
                Some(since) => {
                    StoreHealth::Healed { away: since.elapsed(), dropped: std::mem::take(&mut state.dropped) }
                }
                None if first => StoreHealth::Connected,
                None => return,
            }
        };
        self.reports.health(health);
    }

    /// One side failed to connect, or is no longer.
    pub(super) fn is_down(&self, side: Side, reason: String) {
        let was_up = {
            let mut state = lock(&self.state);
            let was_up = std::mem::replace(&mut state.up[side as usize], false);
            if state.lost.is_none() {
                state.lost = Some(Instant::now());
                drop(state);
                self.reports.health(StoreHealth::Lost { reason });
            }
            was_up
        };
        if was_up && matches!(side, Side::Subscriber) {
            self.doubt.notify_one();
        }
    }
}

/// Pauses between attempts: doubled each time up to a bound, and half of each left to chance, so that the nodes of a cluster do not
/// come back in one wave.
pub(super) struct Pauses(Duration);

impl Pauses {
    pub(super) fn new() -> Self {
        Self(PAUSE_MIN)
    }

    pub(super) fn next(&mut self) -> Duration {
        let longest = self.0;
        self.0 = (longest * 2).min(PAUSE_MAX);
        let mut random = [0_u8; 1];
        // Without chance it is the longest pause.
        let part = getrandom::fill(&mut random).map_or(255, |()| u32::from(random[0]));
        longest / 2 + longest / 2 * part / 255
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound_and_are_at_least_half_as_long() {
        let mut pauses = Pauses::new();
        for longest in [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000] {
            let pause = pauses.next();
            let longest = Duration::from_millis(longest);
            assert!(longest / 2 <= pause && pause <= longest, "{pause:?} of {longest:?}");
        }
    }
}
