//! The connection that publishes, in order.

use std::sync::Arc;

use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::link::{PATIENCE, Pauses, Publication, Shared, Side};

/// Most publications in one write: what one round trip may carry.
const BATCH_MAX: usize = 256;

/// Publishes what comes until there is nothing more to come. While Redis is away, what comes is dropped and counted: a queue
/// would deliver it to nodes to which it means nothing any more.
pub(super) async fn run(shared: Arc<Shared>, mut queue: mpsc::Receiver<Publication>) {
    let mut pauses = Pauses::new();
    loop {
        match connect(&shared).await {
            Ok(connection) => {
                pauses = Pauses::new();
                shared.is_up(Side::Publisher);
                match publish(&shared, &mut queue, connection).await {
                    Ok(()) => return,
                    Err(reason) => shared.is_down(Side::Publisher, reason),
                }
            }
            Err(error) => shared.is_down(Side::Publisher, error.to_string()),
        }
        let until = Instant::now() + pauses.next();
        while let Ok(dropped) = timeout_at(until, queue.recv()).await {
            if dropped.is_none() {
                return;
            }
            shared.drop_publications(1);
        }
    }
}

async fn connect(shared: &Shared) -> redis::RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE));
    shared.url.client().get_multiplexed_async_connection_with_config(&config).await
}

/// Ends well when nothing more comes.
async fn publish(
    shared: &Shared,
    queue: &mut mpsc::Receiver<Publication>,
    mut connection: MultiplexedConnection,
) -> Result<(), String> {
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            biased;
            () = shared.doubt.notified() => {
                let alive: redis::RedisResult<()> = redis::cmd("PING").query_async(&mut connection).await;
                alive.map_err(|error| error.to_string())?;
            }
            count = queue.recv_many(&mut batch, BATCH_MAX) => {
                if count == 0 {
                    return Ok(());
                }
                let mut pipe = redis::pipe();
                for Publication { channel, message } in batch.drain(..) {
                    pipe.cmd("PUBLISH").arg(channel.as_str()).arg(message.as_str()).ignore();
                }
                let sent: redis::RedisResult<()> = pipe.query_async(&mut connection).await;
                if let Err(error) = sent {
                    shared.drop_publications(u64::try_from(count).unwrap_or(u64::MAX));
                    return Err(error.to_string());
                }
            }
        }
    }
}
