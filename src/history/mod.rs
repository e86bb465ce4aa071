//! What runs on this machine changed of add-ons, so that nothing they took away is lost: a file a run, for
//! its user alone.
//!
//! That something is about to be changed, and what stood there, is on the disk before it is; what came of
//! it may be lost, which costs a look. Lines are only ever added, each a JSON object: a header, then what
//! was kept of each target and how that ended. A line that broke off says nothing. What may be secret
//! never gets here.

mod file;
mod record;

pub(crate) use file::{History, HistoryWriter};
pub(crate) use record::{HistoryHeader, HistoryRun, KeptChange, KeptEntry, KeptTarget};
