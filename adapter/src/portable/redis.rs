//! A store in Redis: a hash for each session, changed by scripts that compare its version.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, Pipeline, Value};
use socketio08::Text;
use socketio08::server::{ServerTransmit, StoreAnswer};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::Listener;
use crate::RedisUrl;

/// Before each key.
const PREFIX: &str = "socketio08:session:";

/// Most operations in one write: what one round trip may carry.
const BATCH_MAX: usize = 256;

/// How long Redis may take for anything: less than the machine waits.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long operations fail at once after Redis could not be reached.
const PAUSE: Duration = Duration::from_millis(200);

const PUT: &str = "if (redis.call('HGET', KEYS[1], 'v') or '0') ~= ARGV[1] then return 0 end \
redis.call('HSET', KEYS[1], 'v', ARGV[2], 'r', ARGV[3]) redis.call('PEXPIRE', KEYS[1], ARGV[4]) return 1";

const DELETE: &str =
    "if redis.call('HGET', KEYS[1], 'v') ~= ARGV[1] then return 0 end redis.call('DEL', KEYS[1]) return 1";

fn key(key: &Text) -> String {
    format!("{PREFIX}{key}")
}

/// The ticket and the command of an operation.
fn command(operation: &ServerTransmit) -> Option<(u64, Cmd)> {
    let mut cmd = Cmd::new();
    let ticket = match operation {
        ServerTransmit::StoreGet { ticket, key: name } => {
            cmd.arg("HMGET").arg(key(name)).arg("v").arg("r");
            ticket
        }
        ServerTransmit::StorePut { ticket, key: name, expected, record, lifetime } => {
            let millis = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX).max(1);
            cmd.arg("EVAL").arg(PUT).arg(1).arg(key(name));
            cmd.arg(*expected).arg(expected + 1).arg(record.as_str()).arg(millis);
            ticket
        }
        ServerTransmit::StoreDelete { ticket, key: name, expected } => {
            cmd.arg("EVAL").arg(DELETE).arg(1).arg(key(name)).arg(*expected);
            ticket
        }
        _ => return None,
    };
    Some((*ticket, cmd))
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

fn answer(value: &Value) -> StoreAnswer {
    match value {
        Value::Int(1) => StoreAnswer::Done,
        Value::Int(_) => StoreAnswer::Conflict,
        Value::Array(fields) => match fields.as_slice() {
            [Value::Nil, _] => StoreAnswer::Absent,
            [version, record] => {
                let version = text(version).and_then(|version| version.parse().ok());
                match (version, text(record)) {
                    (Some(version), Some(record)) => {
                        StoreAnswer::Record { version, record: Text::from(record) }
                    }
                    _ => StoreAnswer::Failed,
                }
            }
            _ => StoreAnswer::Failed,
        },
        _ => StoreAnswer::Failed,
    }
}

/// Does what comes, in order, until nothing more is to come.
pub(super) async fn run(
    url: RedisUrl,
    mut operations: mpsc::UnboundedReceiver<ServerTransmit>,
    listener: Listener,
) {
    let mut connection = None;
    let mut batch = Vec::new();
    while operations.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let asked: Vec<(u64, Cmd)> = batch.drain(..).filter_map(|operation| command(&operation)).collect();
        let answers: Vec<StoreAnswer> = if let Ok(values) = perform(&url, &mut connection, &asked).await {
            values.iter().map(answer).collect()
        } else {
            // Whether any of them was done is not known.
            connection = None;
            Vec::new()
        };
        let lost = answers.is_empty();
        let answers = answers.into_iter().chain(std::iter::repeat(StoreAnswer::Failed));
        for ((ticket, _), answer) in asked.iter().zip(answers) {
            listener.stored(*ticket, answer);
        }
        if lost {
            fail_for_a_while(&mut operations, &listener).await;
        }
    }
}

async fn perform(
    url: &RedisUrl,
    connection: &mut Option<MultiplexedConnection>,
    asked: &[(u64, Cmd)],
) -> redis::RedisResult<Vec<Value>> {
    let mut open = if let Some(open) = connection.take() {
        open
    } else {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        url.client().get_multiplexed_async_connection_with_config(&config).await?
    };
    let mut pipeline = Pipeline::new();
    for (_, command) in asked {
        pipeline.add_command(command.clone());
    }
    let values = pipeline.query_async(&mut open).await?;
    *connection = Some(open);
    Ok(values)
}

/// Operations that wait for a store that is away would be answered to nobody.
async fn fail_for_a_while(operations: &mut mpsc::UnboundedReceiver<ServerTransmit>, listener: &Listener) {
    let until = Instant::now() + PAUSE;
    while let Ok(Some(operation)) = timeout_at(until, operations.recv()).await {
        if let Some((ticket, _)) = command(&operation) {
            listener.stored(ticket, StoreAnswer::Failed);
        }
    }
}
