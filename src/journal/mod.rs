//! The journal of a run over many clusters: what was begun and what came of it, in a file that outlives
//! the run.
//!
//! The cluster is the truth, and the file saves work: that a cluster was begun is on the disk before its
//! change is sent, so that whoever takes the run up again knows where to look; that it has ended may be
//! lost, which costs one look. Lines are only ever added, each a JSON object: a header, then records. A
//! line that broke off in the middle says nothing.

mod file;
mod record;

pub(crate) use file::{JournalWriter, can_begin, folder_of, names, read};
pub(crate) use record::{
    ChangedAddons, ClusterEntry, FleetJournal, FrozenTarget, JournalHeader, JournalRecord,
    fingerprint,
};
