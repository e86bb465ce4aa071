//! libFuzzer on `mk8s::fuzz::edit`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mk8s::fuzz::edit(data));
