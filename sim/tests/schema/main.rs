//! The JSON schema of scenario files, which editors read: made from the tables of `docs/SCENARIOS.md`, and held against
//! every built-in scenario and against wrong ones. `SIO08_BLESS=1` writes it anew.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod generate;
mod validate;

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use socketio08_sim::scenario::Builtin;

fn committed() -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_sio08")).arg("schema").output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn as_json(text: &str) -> Value {
    serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap()
}

#[test]
fn the_schema_that_the_program_prints_is_the_one_that_the_manual_makes() {
    let made = generate::schema(include_str!("../../../docs/SCENARIOS.md"));
    if std::env::var_os("SIO08_BLESS").is_some() {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios/scenario.schema.json");
        std::fs::write(path, format!("{made:#}\n")).unwrap();
        return;
    }
    assert!(made == committed(), "SIO08_BLESS=1 cargo test -p socketio08-sim --test schema writes it anew");
}

#[test]
fn every_built_in_scenario_fits_the_schema() {
    let schema = committed();
    for builtin in Builtin::ALL {
        assert_eq!(validate::wrong(&schema, &as_json(builtin.text), builtin.name), None);
    }
}

#[test]
fn what_the_reader_refuses_for_its_key_type_or_word_does_not_fit_the_schema() {
    let schema = committed();
    let small = "schema = 1\nname = \"x\"\nduration = \"13s\"\n";
    assert_eq!(validate::wrong(&schema, &as_json(small), "x"), None);
    for wrong in [
        "[balancer]\nbalanse = \"source\"",
        "[balancer]\nmode = \"htttp\"",
        "[clients]\ncount = 0",
        "[clients]\ncount = \"many\"",
        "[clients]\nsend_every = \"1 second\"",
        "[[fault]]\nkill = \"s1\"",
        "[network]\nlatency = { min = \"1ms\" }",
    ] {
        let text = format!("{small}{wrong}");
        assert!(socketio08_sim::scenario::Scenario::parse("x", &text, &[]).is_err(), "{wrong}");
        assert!(validate::wrong(&schema, &as_json(&text), "x").is_some(), "{wrong}");
    }
}

#[test]
fn every_key_of_the_schema_is_described() {
    fn undescribed(schema: &Value, path: &str, out: &mut Vec<String>) {
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{key}");
            if property["description"].as_str().is_none_or(str::is_empty) {
                out.push(path.clone());
            }
            undescribed(property, &path, out);
            undescribed(&property["items"], &path, out);
        }
    }
    let mut out = Vec::new();
    undescribed(&committed(), "", &mut out);
    assert!(out.is_empty(), "{out:?}");
}
