//! `[servers]`.

use core::time::Duration;

use super::{MOST_SERVERS, SHORTEST_PERIOD};
use crate::scenario::error::Problem;
use crate::scenario::keys;
use crate::scenario::model::{BroadcastBy, OtherPaths, ServerCost, Servers, Store};
use crate::scenario::section::Section;
use crate::scenario::tree::Node;

const STORES: &[(&str, Store)] = &[
    ("memory", Store::Memory),
    ("redis", Store::Redis),
    ("routed", Store::Routed),
    ("portable", Store::Portable),
];

pub(super) fn servers(node: Option<&Node>) -> Result<Servers, Problem> {
    let default = Servers::default();
    let section = Section::new(node, "[servers]", keys::SERVERS)?;
    Ok(Servers {
        count: section.integer("count", 1..=MOST_SERVERS)?.unwrap_or(default.count),
        store: section.choice("store", STORES)?.unwrap_or(default.store),
        broadcast_every: section.duration("broadcast_every", SHORTEST_PERIOD)?,
        broadcast_first: section
            .duration("broadcast_first", Duration::ZERO)?
            .unwrap_or(default.broadcast_first),
        broadcast_by: section
            .choice("broadcast_by", &[("all", BroadcastBy::All), ("first", BroadcastBy::First)])?
            .unwrap_or(default.broadcast_by),
        page_cookie: section.text("page_cookie")?.map(str::to_owned),
        other_paths: section
            .choice("other_paths", &[("own", OtherPaths::Own), ("app", OtherPaths::App)])?
            .unwrap_or(default.other_paths),
        start_time: section.duration("start_time", Duration::ZERO)?.unwrap_or(default.start_time),
        cost: cost(&section, default.cost)?,
    })
}

fn cost(section: &Section<'_>, default: ServerCost) -> Result<ServerCost, Problem> {
    let duration = |key, default| Ok(section.duration(key, Duration::ZERO)?.unwrap_or(default));
    Ok(ServerCost {
        request: duration("request_cost", default.request)?,
        message: duration("message_cost", default.message)?,
        send: duration("send_cost", default.send)?,
        connection: duration("connection_cost", default.connection)?,
        open: duration("open_cost", default.open)?,
        open_per_1000: duration("open_cost_per_1000", default.open_per_1000)?,
    })
}
