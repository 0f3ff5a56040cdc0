//! The space of worlds from which a seed draws when no scenario is given; `docs/SCALING-OUT.md` has the table.

use toml::{Table, Value};

use crate::world::seed::{Seed, Stream};

/// Simulated seconds in which things break; healing comes after.
const TROUBLE_S: u64 = 30;

/// Everything of one world.
pub fn draw(seed: Seed) -> Table {
    let servers = 1 + seed.stream("sweep/servers").below(4);
    let mut world = Table::new();
    world.insert("schema".to_owned(), Value::Integer(1));
    world.insert("name".to_owned(), Value::String(format!("drawn-{seed}")));
    world.insert("duration".to_owned(), text(format!("{}s", TROUBLE_S + 20)));
    world.insert("clients".to_owned(), Value::Table(clients(&mut seed.stream("sweep/clients"))));
    world.insert("balancer".to_owned(), Value::Table(balancer(&mut seed.stream("sweep/balancer"))));
    world.insert("servers".to_owned(), Value::Table(pool(servers, &mut seed.stream("sweep/pool"))));
    world.insert("network".to_owned(), Value::Table(network(&mut seed.stream("sweep/network"))));
    let faults = faults(servers, &mut seed.stream("sweep/faults"));
    if faults.is_empty() {
        // A deploy of a server that a fault has ended already cannot be: a world has the one or the other.
        if let Some(deploy) = deploy(servers, &mut seed.stream("sweep/deploy")) {
            world.insert("deploy".to_owned(), Value::Table(deploy));
        }
    } else {
        world.insert("fault".to_owned(), Value::Array(faults));
    }
    world
}

fn text(text: impl Into<String>) -> Value {
    Value::String(text.into())
}

fn integer(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn pick<'a>(stream: &mut Stream, from: &[&'a str]) -> &'a str {
    let index = usize::try_from(stream.below(from.len() as u64)).unwrap_or(0);
    from.get(index).copied().unwrap_or_default()
}

fn clients(stream: &mut Stream) -> Table {
    let mut table = Table::new();
    table.insert("count".to_owned(), integer(1 + stream.below(16)));
    table.insert("arrive_every".to_owned(), text(format!("{}ms", stream.below(400))));
    let transports: &[&str] = match stream.below(5) {
        0 => &["websocket"],
        1 => &["websocket", "xhr-polling"],
        2 => &["jsonp-polling"],
        3 => &["htmlfile", "xhr-polling"],
        _ => &["xhr-polling"],
    };
    let transports = transports.iter().map(|name| text(*name)).collect();
    table.insert("transports".to_owned(), Value::Array(transports));
    let profile = pick(stream, &["genuine-0.8.7", "genuine-0.9", "improved", "improved"]);
    table.insert("profile".to_owned(), text(profile));
    table.insert("connections".to_owned(), text(pick(stream, &["keep-alive", "per-request"])));
    table.insert("send_every".to_owned(), text(format!("{}ms", 300 + stream.below(2_000))));
    table.insert("quiet_at_end".to_owned(), text("10s"));
    table
}

fn balancer(stream: &mut Stream) -> Table {
    let mut table = Table::new();
    let balance = pick(stream, &["source", "source", "roundrobin", "leastconn", "random"]);
    table.insert("balance".to_owned(), text(balance));
    let hash = pick(stream, &["map-based", "consistent"]);
    table.insert("hash_type".to_owned(), text(hash));
    if balance != "source" {
        match stream.below(4) {
            0 => {
                table.insert("cookie".to_owned(), inline(&[("name", text("SRV")), ("mode", text("insert"))]));
            }
            1 => {
                table.insert("stick".to_owned(), inline(&[("on", text("src"))]));
            }
            2 => {
                table.insert("stick".to_owned(), inline(&[("on", text("response"))]));
            }
            _ => {}
        }
    }
    table.insert("option".to_owned(), text(pick(stream, &["keep-alive", "server-close"])));
    table.insert("retries".to_owned(), integer(stream.below(4)));
    table.insert("redispatch".to_owned(), Value::Boolean(stream.chance(1, 2)));
    if stream.chance(3, 4) {
        let inter = text(format!("{}ms", 500 + stream.below(2_500)));
        let check = [
            ("inter", inter),
            ("fall", integer(1 + stream.below(3))),
            ("rise", integer(1 + stream.below(3))),
        ];
        table.insert("check".to_owned(), inline(&check));
    }
    table
}

fn inline(entries: &[(&str, Value)]) -> Value {
    Value::Table(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
}

fn pool(servers: u64, stream: &mut Stream) -> Table {
    let mut table = Table::new();
    table.insert("count".to_owned(), integer(servers));
    table.insert("broadcast_every".to_owned(), text(format!("{}ms", 500 + stream.below(2_000))));
    table.insert("broadcast_first".to_owned(), text(format!("{}ms", 101 + stream.below(900))));
    let store =
        pick(stream, &["memory", "memory", "memory", "memory", "redis", "redis", "routed", "portable"]);
    table.insert("store".to_owned(), text(store));
    if store == "redis" {
        // One sender: with a shared store the ticks of all would reach everybody as often as there are servers.
        table.insert("broadcast_by".to_owned(), text("first"));
    }
    table
}

fn network(stream: &mut Stream) -> Table {
    let least = 100 + stream.below(20_000);
    let most = least + stream.below(30_000);
    let latency = inline(&[("min", text(format!("{least}us"))), ("max", text(format!("{most}us")))]);
    Table::from_iter([("latency".to_owned(), latency)])
}

/// At most three, one after the other, each over before the next begins.
fn faults(servers: u64, stream: &mut Stream) -> Vec<Value> {
    let count = stream.below(4);
    let turn = TROUBLE_S * 1_000 / 3;
    let fault = |nth: u64| {
        let at = nth * turn + 2_000 + stream.below(turn / 2 - 2_000);
        let lasts = 1_000 + stream.below(turn / 2 - 1_500);
        let server = text(format!("s{}", 1 + stream.below(servers)));
        let at = ("at", text(format!("{at}ms")));
        let (back, over) =
            (("restart_after", text(format!("{lasts}ms"))), ("for", text(format!("{lasts}ms"))));
        inline(&match stream.below(8) {
            0..3 => [at, ("kill", server), back].to_vec(),
            3 => [at, ("stop", server), back].to_vec(),
            4 => [at, ("pause", server), over].to_vec(),
            5 => [at, ("cut", server), over].to_vec(),
            6 => [at, ("lose", text("clients")), ("per_cent", integer(1 + stream.below(40))), over].to_vec(),
            _ if lasts.is_multiple_of(2) => [at, ("disconnect", text("clients")), over].to_vec(),
            _ => [at, ("balancer", text("kill")), back].to_vec(),
        })
    };
    (0..count).map(fault).collect()
}

fn deploy(servers: u64, stream: &mut Stream) -> Option<Table> {
    let mut table = Table::new();
    let kind = pick(stream, &["none", "all", "rolling", "rolling-drain", "reload"]);
    if kind == "none" {
        return None;
    }
    table.insert("kind".to_owned(), text(kind));
    table.insert("start".to_owned(), text(format!("{}ms", 4_000 + stream.below(4_000))));
    let gap = 20_000 / servers;
    if kind != "reload" {
        table.insert("down".to_owned(), text(format!("{}ms", 500 + stream.below(gap / 3))));
    }
    if kind.starts_with("rolling") {
        table.insert("gap".to_owned(), text(format!("{gap}ms")));
    }
    if kind == "rolling-drain" {
        table.insert("drain".to_owned(), text(format!("{}ms", 500 + stream.below(gap / 3))));
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::super::document;
    use super::*;

    #[test]
    fn every_world_of_the_space_can_be() {
        for seed in 0..2_000 {
            let world = draw(Seed(seed));
            let scenario = document::scenario(&world);
            assert!(scenario.is_ok(), "seed {seed}: {}\n{world}", scenario.unwrap_err());
        }
    }

    #[test]
    fn the_space_has_worlds_with_and_without_faults_deploys_stickiness_and_stores() {
        let worlds: Vec<Table> = (0..200).map(|seed| draw(Seed(seed))).collect();
        for path in ["fault", "deploy", "balancer.cookie", "balancer.stick", "balancer.check"] {
            let with = worlds.iter().filter(|world| document::get(world, path).is_some()).count();
            assert!((10..190).contains(&with), "{path}: {with} of 200");
        }
        for store in ["memory", "redis", "routed", "portable"] {
            let has = |world: &&Table| document::get(world, "servers.store") == Some(&text(store));
            let with = worlds.iter().filter(has).count();
            assert!((10..190).contains(&with), "{store}: {with} of 200");
        }
    }
}
