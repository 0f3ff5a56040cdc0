//! Why a scenario is refused, and where.

use core::fmt;

/// Why a scenario was refused: `my.toml:14:1: unknown key ...`.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}", self.text())]
pub struct ScenarioError {
    kind: ScenarioErrorKind,
    source_name: String,
    place: Place,
    message: String,
}

/// What sort of refusal it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ScenarioErrorKind {
    /// Neither a built-in scenario nor a file.
    UnknownScenario,
    /// The file cannot be read.
    Unreadable,
    /// The scenario is wrong.
    Invalid,
}

/// Where in a scenario something is.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Place {
    /// In the file; both count from 1, columns in characters.
    At {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// In an override, as given.
    Setting(String),
    /// In the scenario as a whole.
    Whole,
}

/// A refusal before it knows the name of its source.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Problem {
    pub(super) place: Place,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn new(place: &Place, message: impl Into<String>) -> Self {
        Self { place: place.clone(), message: message.into() }
    }
}

impl ScenarioError {
    pub(super) fn invalid(source: &str, problem: Problem) -> Self {
        let Problem { place, message } = problem;
        Self { kind: ScenarioErrorKind::Invalid, source_name: source.to_owned(), place, message }
    }

    pub(super) fn whole(kind: ScenarioErrorKind, source: &str, message: String) -> Self {
        Self { kind, source_name: source.to_owned(), place: Place::Whole, message }
    }

    /// What sort of refusal it is.
    pub fn kind(&self) -> ScenarioErrorKind {
        self.kind
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    fn text(&self) -> String {
        let Self { source_name, place, message, .. } = self;
        match place {
            Place::Setting(_) => format!("{place}: {message}"),
            Place::At { .. } => format!("{source_name}:{place}: {message}"),
            Place::Whole => format!("{source_name}: {message}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::At { line, column } => write!(f, "{line}:{column}"),
            Place::Setting(setting) => write!(f, "--set {setting}"),
            Place::Whole => f.write_str("the scenario"),
        }
    }
}
