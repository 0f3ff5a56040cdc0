//! Sessions that are not bound to the server which the balancer picks: what the servers of a scenario must know of each other.

use socketio08::server::{NodeName, PortableConfig, RoutedConfig, Routing, SharedKey};

use crate::scenario::{Scenario, ServerIx, Store};

/// The secret of every simulated pool; nobody in a simulation guesses.
const SECRET: &[u8] = b"the secret of a simulated pool!!";

fn key() -> Option<SharedKey> {
    SharedKey::new(SECRET).ok()
}

fn name(server: ServerIx) -> Option<NodeName> {
    NodeName::new(&server.to_string()).ok()
}

/// Which server answers for a session.
pub fn routing(scenario: &Scenario, server: ServerIx) -> Routing {
    if scenario.servers.store != Store::Routed {
        return Routing::Balancer;
    }
    let peers = (0..scenario.servers.count as usize).map(ServerIx).filter(|peer| *peer != server);
    let routed = || Some(RoutedConfig::new(name(server)?, peers.filter_map(name).collect(), key()?));
    routed().map_or(Routing::Balancer, Routing::Routed)
}

/// What a process that is told from the others by `node_id` needs to hand sessions over.
pub fn portable(node_id: u64, epoch_millis: u64) -> Option<PortableConfig> {
    Some(PortableConfig::new(node_id, epoch_millis, key()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(store: &str) -> Scenario {
        let text =
            format!("schema = 1\nname = \"x\"\nduration = \"9s\"\n[servers]\ncount = 3\nstore = \"{store}\"");
        Scenario::parse("x.toml", &text, &[]).unwrap()
    }

    #[test]
    fn a_routed_server_knows_every_other_one_by_its_name() {
        let Routing::Routed(routed) = routing(&scenario("routed"), ServerIx(1)) else { panic!() };
        let names: Vec<&str> = routed.peers.iter().map(NodeName::as_str).collect();
        assert_eq!((routed.node.as_str(), names), ("s2", vec!["s1", "s3"]));
        assert_eq!(ServerIx::named(routed.peers[1].as_str()), Some(ServerIx(2)));
    }

    #[test]
    fn other_stores_leave_the_choice_to_the_balancer() {
        for store in ["memory", "redis", "portable"] {
            assert_eq!(routing(&scenario(store), ServerIx(0)), Routing::Balancer);
        }
    }
}
