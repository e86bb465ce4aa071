//! The picker: what stands on its pages and what each key does to it. Pure: no terminal, no network.
//!
//! Clusters or documents come in, and what comes out are command lines ([`Picker::commands`]), in the order
//! in which they are run. It decides nothing about a change: what may be done, and what is asked, is decided
//! where those commands are, so that whoever pastes them gets the same. What it knows of rules is there to
//! save a way: it takes along what an add-on needs, and says what needs it.

mod commands;
mod form;
mod key;
mod list;
mod state;
mod table;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use form::{FieldAim, PickField};
pub(crate) use key::{KeyReader, PickKey};
pub(crate) use state::{PickPage, PickStep, PickTargets, Picker};
pub(crate) use view::{Shade, ViewLine};
