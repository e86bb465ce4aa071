//! libFuzzer on `mk8s::fuzz::profile`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mk8s::fuzz::profile(data));
