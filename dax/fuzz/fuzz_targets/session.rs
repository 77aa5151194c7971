#![no_main]

//! A session whose peer says anything: see the harness for what must hold.

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/support/hostile_peer.rs"]
mod hostile_peer;

fuzz_target!(|data: &[u8]| hostile_peer::talk(data));
