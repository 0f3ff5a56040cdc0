//! The genuine releases, where `peers/install` puts them.

use std::io::Write;
use std::path::{Path, PathBuf};

/// Whether the tests with genuine peers are switched on; says so if they are not. Written past the test harness, which
/// would keep it to itself.
pub(crate) fn switched_on() -> bool {
    let on = std::env::var("SOCKETIO08_GENUINE").is_ok_and(|value| value == "1");
    if !on {
        let test = std::thread::current().name().unwrap_or("a genuine-peer test").to_owned();
        let line = format!(
            "SKIPPED {test}: genuine peers are switched off (run peers/install, then set SOCKETIO08_GENUINE=1)\n"
        );
        std::io::stderr().write_all(line.as_bytes()).ok();
    }
    on
}

/// The root of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Where `peers/install` puts the genuine packages.
pub(crate) fn packages() -> PathBuf {
    let dir = match std::env::var_os("SOCKETIO08_PEERS_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => repository().join("target/peers"),
    };
    assert!(
        dir.join("installed").exists(),
        "the genuine peers are not in {}: run peers/install first (SOCKETIO08_PEERS_DIR chooses the place)",
        dir.display()
    );
    std::path::absolute(dir).unwrap()
}

/// A genuine release.
#[allow(dead_code, reason = "not every test that has this module uses each")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Release {
    V0_8_7,
    V0_9_17,
    /// Of the server only.
    V0_9_19,
}

impl Release {
    /// The script that pages load.
    #[allow(dead_code, reason = "not every test that has this module has pages")]
    pub(crate) fn browser_build(self) -> PathBuf {
        packages().join("node_modules").join(self.package("socket.io-client")).join("dist/socket.io.js")
    }

    /// The package of this release: `socket.io` or `socket.io-client`.
    pub(crate) fn package(self, of: &str) -> String {
        match self {
            Release::V0_8_7 => of.to_owned(),
            newer => format!("{of}-{}", newer.number()),
        }
    }

    /// As its makers number it.
    pub(crate) const fn number(self) -> &'static str {
        match self {
            Release::V0_8_7 => "0.8.7",
            Release::V0_9_17 => "0.9.17",
            Release::V0_9_19 => "0.9.19",
        }
    }
}
