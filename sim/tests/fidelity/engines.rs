//! The recorded cells on both engines, side by side.

use std::cell::Cell as Current;
use std::path::Path;

use socketio08_sim::engine::EngineName;

use super::table::{self, Group};
use super::{arrivals, balancers, cells, life};

thread_local! {
    static ENGINE: Current<EngineName> = const { Current::new(EngineName::Direct) };
}

/// The engine that the rows run on.
pub(crate) fn current() -> EngineName {
    ENGINE.get()
}

/// The tables of what both engines carry: one balancer, one pool, a store in memory.
const TABLES: &[fn() -> Group] = &[
    cells::round_robin_polling,
    cells::round_robin_websocket,
    cells::source,
    cells::kill,
    cells::deploy,
    arrivals::arrivals,
    arrivals::fallback,
    balancers::sticky_kill,
    balancers::session_in_the_path,
    balancers::nginx,
    balancers::algorithms,
    life::mass_reconnect,
    life::timers,
];

/// Runs on the turmoil engine what it carries.
fn on_turmoil(table: fn() -> Group) -> Group {
    ENGINE.set(EngineName::Turmoil);
    let group = table();
    ENGINE.set(EngineName::Direct);
    group
}

/// The turmoil engine moves real bytes: 25 minutes of a core beside other work. `cargo test --release -p socketio08-sim --test fidelity -- --ignored`.
#[test]
#[ignore = "takes half an hour"]
fn the_engines_agree_cell_by_cell() {
    let pairs: Vec<(Group, Group)> = TABLES.iter().map(|table| (table(), on_turmoil(*table))).collect();
    let text = table::compare(&pairs);
    println!("{text}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/ENGINES.md");
    let document = std::fs::read_to_string(&path).expect("docs/ENGINES.md");
    let blessed = table::splice(&document, "engines", &text).expect("docs/ENGINES.md has the markers");
    if std::env::var_os("SIO08_BLESS").is_some() {
        std::fs::write(&path, &blessed).expect("docs/ENGINES.md is written");
    } else {
        assert!(document == blessed, "docs/ENGINES.md is not what was run: SIO08_BLESS=1 writes it");
    }
    let unexplained: Vec<String> = pairs.iter().flat_map(table::unexplained).collect();
    assert!(unexplained.is_empty(), "the engines differ:\n{}", unexplained.join("\n"));
}
