//! What a step of each engine costs: the same world, forty clients that poll through a balancer with source stickiness to four servers
//! for thirteen simulated seconds (the scenario `sticky-source`), whole.
#![expect(missing_docs, reason = "criterion's macro makes a public function")]

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use socketio08_sim::engine::{Engine, Turmoil, direct::Direct};
use socketio08_sim::scenario::{Builtin, Scenario};
use socketio08_sim::trace::Record;
use socketio08_sim::world::seed::Seed;

fn world() -> Scenario {
    let builtin = Builtin::ALL.iter().find(|builtin| builtin.name == "sticky-source");
    let text = builtin.map_or("", |builtin| builtin.text);
    Scenario::parse("sticky-source", text, &[]).unwrap_or_else(|error| panic!("{error}"))
}

/// The steps the engine took.
fn run(engine: &dyn Engine, scenario: &Scenario) -> u64 {
    let mut records: Vec<Record> = Vec::new();
    let ran = engine.run(scenario, Seed(1), &mut records, &mut |_| {});
    ran.unwrap_or_else(|error| panic!("{error}")).steps
}

fn engines(criterion: &mut Criterion) {
    let scenario = world();
    let mut group = criterion.benchmark_group("engine_step");
    let engines: [(&str, &dyn Engine); 2] = [("direct", &Direct), ("turmoil", &Turmoil)];
    for (name, engine) in engines {
        group.throughput(Throughput::Elements(run(engine, &scenario)));
        group.bench_function(name, |bencher| bencher.iter(|| run(engine, &scenario)));
    }
    group.finish();
}

fn config() -> Criterion {
    let criterion = Criterion::default().sample_size(10);
    criterion.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(5))
}

criterion_group! {
    name = benches;
    config = config();
    targets = engines
}
criterion_main!(benches);
