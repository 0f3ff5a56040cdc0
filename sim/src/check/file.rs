//! A way through the states as a file, which can be taken again.

use serde::{Deserialize, Serialize};

use super::action::Action;
use super::setup::Setup;

/// What `sio08 check` writes and `sio08 replay` reads: JSON.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Way {
    /// Tells this kind of file from others: [`Way::KIND`].
    pub kind: String,
    /// The property that the last state decides.
    pub property: String,
    /// The model.
    pub setup: Setup,
    /// The steps.
    pub steps: Vec<Action>,
}

/// A file that is none.
#[derive(Debug, thiserror::Error)]
pub enum BadWay {
    /// Not the JSON it must be.
    #[error("{0}: a file to replay is written by sio08 check")]
    Json(#[from] serde_json::Error),
    /// JSON of another kind.
    #[error("it is not a way through a model (its `kind` is not `{}`): sio08 check writes those", Way::KIND)]
    Kind,
}

impl Way {
    /// The kind of file, with its version.
    pub const KIND: &str = "sio08 check 1";

    /// A way to a state that decides `property`.
    pub fn new(property: &str, setup: &Setup, steps: &[Action]) -> Self {
        Self {
            kind: Self::KIND.to_owned(),
            property: property.to_owned(),
            setup: setup.clone(),
            steps: steps.to_vec(),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`BadWay`].
    pub fn read(text: &str) -> Result<Self, BadWay> {
        let way: Self = serde_json::from_str(text)?;
        if way.kind == Self::KIND { Ok(way) } else { Err(BadWay::Kind) }
    }

    /// The text of the file.
    pub fn write(&self) -> String {
        // Plain data: nothing in it that JSON has not.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}
