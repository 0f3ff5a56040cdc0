//! Scenario files: what a world is made of, read from TOML and refused with a place and a remedy.
//!
//! `docs/SCENARIOS.md` describes every key. [`Scenario::load`] takes a file or the name of a built-in scenario,
//! [`Scenario::parse`] a text; both take `--set key=value` overrides.

mod builtin;
mod check;
mod check_outages;
mod check_proxies;
mod check_redis;
mod duration;
mod error;
mod keys;
mod model;
pub(crate) mod nearest;
mod overrides;
mod read;
mod section;
#[cfg(test)]
mod tests;
mod tree;

use std::borrow::Cow;
use std::path::Path;

pub use builtin::Builtin;
pub use duration::{format_duration, parse_duration};
pub use error::{Place, ScenarioError, ScenarioErrorKind};
pub use keys::known_keys;
pub use model::{
    AddressBlock, Arrival, Balance, Balancer, BalancerMode, Behaviour, BroadcastBy, Check, ClientProfile,
    Clients, Connections, Deploy, DeployKind, Expect, Fault, HashType, HttpOption, HttpReuse, Latency,
    Network, OtherPaths, Outage, RedisClient, RedisNodes, RedisSettings, Redispatch, Scenario, ServerCost,
    ServerIx, Servers, Signal, Store,
};
pub use model::{App, Cluster, Destination, Proxy, ProxyKind, Route, Tls, TlsAt};
pub use model::{
    Background, Death, Delays, Harm, HarmKind, Leaves, Leaving, Moves, PageOrigin, Phase, Platform,
    Reconnect, Road, Sizes, Span, Weather,
};
pub use model::{BalancerKind, Cookie, CookieMode, HashFunction, Nginx, NginxKey, Stick, StickOn, Timeouts};

impl Scenario {
    /// The scenario of that name, if it is built in, or else of that file; `settings` are `key=value` overrides.
    ///
    /// # Errors
    /// [`ScenarioError`]: no such scenario (with the nearest name), an unreadable file, or a scenario that
    /// [`Scenario::parse`] refuses.
    pub fn load(target: &str, settings: &[String]) -> Result<Self, ScenarioError> {
        let (source, text) = Self::source(target)?;
        Self::parse(&source, &text, settings)
    }

    /// Where the scenario of that name or file stands, for errors, and its text.
    ///
    /// # Errors
    /// [`ScenarioError`]: no such scenario, or an unreadable file.
    pub fn source(target: &str) -> Result<(String, Cow<'static, str>), ScenarioError> {
        if let Some(builtin) = Builtin::find(target) {
            return Ok((builtin.source(), Cow::Borrowed(builtin.text)));
        }
        let path = Path::new(target);
        if !target.contains(std::path::MAIN_SEPARATOR) && path.extension().is_none() && !path.exists() {
            return Err(unknown_scenario(target));
        }
        let text = std::fs::read_to_string(path).map_err(|error| {
            ScenarioError::whole(ScenarioErrorKind::Unreadable, target, read_failure(&error))
        })?;
        Ok((target.to_owned(), Cow::Owned(text)))
    }

    /// The scenario in a text. `source` names the text in errors; `settings` are `key=value` overrides, applied before
    /// anything is judged.
    ///
    /// # Errors
    /// [`ScenarioError`]: not TOML, an unknown key, a wrong type or value, or an impossible world, each with the line
    /// and column (or the setting) and what to do.
    pub fn parse(source: &str, text: &str, settings: &[String]) -> Result<Self, ScenarioError> {
        let invalid = |problem| ScenarioError::invalid(source, problem);
        let mut root = tree::parse(text).map_err(invalid)?;
        for setting in settings {
            overrides::apply(&mut root, setting).map_err(invalid)?;
        }
        let mut scenario = read::scenario(&root).map_err(invalid)?;
        if !settings.is_empty() {
            forget_expectations(&mut scenario, settings);
        }
        check::check(&scenario, &root).map_err(invalid)?;
        Ok(scenario)
    }
}

/// What the file expects and found is said of the world of the file, not of one that was changed from outside.
fn forget_expectations(scenario: &mut Scenario, settings: &[String]) {
    let set = |key: &str| settings.iter().any(|setting| setting.split('=').next() == Some(key));
    if !set("expectation") {
        scenario.expectation.clear();
    }
    if !set("expect") {
        scenario.expect = None;
    }
    scenario.finding.clear();
}

pub(crate) fn unknown_scenario(name: &str) -> ScenarioError {
    let names = Builtin::ALL.iter().map(|builtin| builtin.name);
    let hint = nearest::hint(name, names);
    let message = format!(
        "no scenario of this name{hint} (`sio08 list` shows them; the name of a file has a slash or ends in .toml)"
    );
    ScenarioError::whole(ScenarioErrorKind::UnknownScenario, name, message)
}

/// Why a file cannot be read, for a message that names it.
pub(crate) fn read_failure(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::IsADirectory => "is a folder; name a file in it".to_owned(),
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::InvalidData => "the file is not UTF-8 text".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}
