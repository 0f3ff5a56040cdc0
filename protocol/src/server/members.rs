//! Who is in which endpoint and room.

use alloc::collections::{BTreeMap, BTreeSet};

use super::SessionId;
use crate::Text;

/// Endpoint and room (`None`: the endpoint itself) to sessions, both ordered: equal calls give equal orders of sending.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Members(BTreeMap<(Text, Option<Text>), BTreeSet<SessionId>>);

impl Members {
    pub(super) fn insert(&mut self, id: &SessionId, endpoint: Text, room: Option<Text>) {
        self.0.entry((endpoint, room)).or_default().insert(id.clone());
    }

    pub(super) fn remove(&mut self, id: &SessionId, endpoint: Text, room: Option<Text>) {
        let key = (endpoint, room);
        if let Some(members) = self.0.get_mut(&key) {
            members.remove(id);
            if members.is_empty() {
                self.0.remove(&key);
            }
        }
    }

    pub(super) fn of(&self, endpoint: &Text, room: Option<&Text>) -> impl Iterator<Item = &SessionId> {
        self.0.get(&(endpoint.clone(), room.cloned())).into_iter().flatten()
    }
}
