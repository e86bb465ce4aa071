//! What has to hold for any bytes from outside: a function for each kind of input, which panics where
//! it does not.
//!
//! Part of tests and of fuzzing builds only. `tests` drives the functions with generated input,
//! `tests/fuzz` with libFuzzer; `tests/fixtures/fuzz` keeps what went wrong once.
#![expect(clippy::missing_panics_doc, reason = "to panic is how they say no")]

mod edit;
mod image;
mod profile;
#[cfg(test)]
mod seeds;
#[cfg(test)]
mod tests;
mod trust;

pub use edit::edit;
pub use image::image;
pub use profile::profile;
pub use trust::trust;

/// Bytes as an answer of the API. The first line is the status, if it is three digits; the rest is
/// the body.
pub fn answer(data: &[u8]) {
    crate::control::fuzz::answer(data);
}

/// The target of that name, as the folders of kept cases are called.
#[cfg(test)]
fn target(name: &str) -> fn(&[u8]) {
    match name {
        "edit" => edit,
        "trust" => trust,
        "profile" => profile,
        "answer" => answer,
        "image" => image,
        _ => panic!("there is no target {name}"),
    }
}
