//! The connection that hears what other nodes publish.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use redis::aio::PubSubSink;
use socketio08::Text;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::link::{PATIENCE, Pauses, Shared, Side};

/// How often a silent connection is asked whether it is there.
const PING_EVERY: Duration = Duration::from_secs(10);

/// Most channels in one command.
const CHANNELS_MAX: usize = 1_000;

/// Hears for as long as the node lives.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut pauses = Pauses::new();
    loop {
        let reason = hear(&shared, &mut pauses).await;
        shared.is_down(Side::Subscriber, reason);
        sleep(pauses.next()).await;
    }
}

/// Connects, subscribes to everything wanted, and hears until that fails; returns why.
async fn hear(shared: &Shared, pauses: &mut Pauses) -> String {
    let (mut sink, mut stream) = match timeout(PATIENCE, shared.url.client().get_async_pubsub()).await {
        Ok(Ok(connection)) => connection.split(),
        Ok(Err(error)) => return error.to_string(),
        Err(_) => return "no answer".to_owned(),
    };
    if let Err(reason) = change(&mut sink, &shared.all_wanted(), &[]).await {
        return reason;
    }
    *pauses = Pauses::new();
    shared.is_up(Side::Subscriber);
    let mut ping = interval(PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let done = tokio::select! {
            biased;
            message = stream.next() => match message {
                Some(message) => {
                    let channel = Text::from(message.get_channel_name());
                    let text = Text::from_utf8_lossy(Bytes::copy_from_slice(message.get_payload_bytes()));
                    if !shared.reports.published(channel, text) {
                        shared.drop_publications(1);
                    }
                    Ok(())
                }
                None => Err("the connection was closed".to_owned()),
            },
            () = shared.changed.notified() => {
                let (wanted, unwanted) = shared.changes();
                change(&mut sink, &wanted, &unwanted).await
            }
            _ = ping.tick() => in_time(sink.ping::<redis::Value>()).await.map(|_| ()),
        };
        if let Err(reason) = done {
            return reason;
        }
    }
}

async fn change(sink: &mut PubSubSink, wanted: &[Text], unwanted: &[Text]) -> Result<(), String> {
    let names =
        |channels: &[Text]| channels.iter().map(|channel| channel.as_str().to_owned()).collect::<Vec<_>>();
    for channels in wanted.chunks(CHANNELS_MAX) {
        in_time(sink.subscribe(names(channels))).await?;
    }
    for channels in unwanted.chunks(CHANNELS_MAX) {
        in_time(sink.unsubscribe(names(channels))).await?;
    }
    Ok(())
}

async fn in_time<T>(answer: impl Future<Output = redis::RedisResult<T>>) -> Result<T, String> {
    match timeout(PATIENCE, answer).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err("no answer".to_owned()),
    }
}
