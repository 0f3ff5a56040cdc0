//! What it costs servers to share sessions, in lines of text.

use super::text::thousands;
use super::{Figures, RedisFigures, ServerFigures};
use crate::world::redis::Holding;

/// What is worth a line.
pub(super) fn rows(figures: &Figures) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    if holdings(figures).any(|(_, holds)| holds.shared.forwarded > 0) {
        rows.push(("forwarded", each(figures, forwarded)));
    }
    if let Some(redis) = figures.redis {
        rows.push(("redis", redis_text(redis, figures)));
    }
    rows
}

fn holdings(figures: &Figures) -> impl Iterator<Item = (&ServerFigures, Holding)> {
    figures.servers.iter().filter_map(|server| server.holds.map(|holds| (server, holds)))
}

fn each(figures: &Figures, text: fn(&Holding) -> String) -> String {
    let one = |(server, holds): (&ServerFigures, Holding)| format!("{} {}", server.name, text(&holds));
    holdings(figures).map(one).collect::<Vec<_>>().join(" · ")
}

fn forwarded(holds: &Holding) -> String {
    let (requests, sessions) = (thousands(holds.shared.forwarded), thousands(holds.handshaken));
    format!("{requests} requests, {sessions} sessions, {}", megabytes(holds))
}

/// Publications, and what every server holds.
fn redis_text(redis: RedisFigures, figures: &Figures) -> String {
    let published = thousands(redis.commands.publish);
    if redis.commands.writes == 0 {
        return format!("{published} publications; {}", each(figures, copied));
    }
    format!(
        "{} reads, {} writes, {published} publications, {} records of {} bytes at the end; {}",
        thousands(redis.commands.reads),
        thousands(redis.commands.writes),
        thousands(redis.records),
        thousands(redis.record_bytes),
        each(figures, portable)
    )
}

fn copied(holds: &Holding) -> String {
    let (sessions, sockets) = (thousands(holds.handshaken), thousands(holds.sockets));
    format!(
        "{sessions} sessions, {sockets} sockets, {} listeners, {}",
        thousands(holds.listeners),
        megabytes(holds)
    )
}

fn portable(holds: &Holding) -> String {
    format!("{} sessions, {}", thousands(holds.handshaken), megabytes(holds))
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn megabytes(holds: &Holding) -> String {
    format!("{:.1} MB", holds.heap_bytes as f64 / 1_000_000.0)
}
