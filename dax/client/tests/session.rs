//! The session against a peer that says anything: random bytes and mutated conversations.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

#[path = "../../../fuzz/tests/public/session.rs"]
mod hostile_peer;
#[path = "support/seed.rs"]
mod seed;

/// An honest conversation for the request with this number, as one run of bytes.
const HONEST: [&[u8]; 3] = [
    b"\x80\xa1\x62pk\x61S\x80\xbf\x00\x44\x19\x03\xe8\x01\xff\x80\x81\x61v",
    b"\x80\xa1\x62pk\x61S\x80\x19\x03\xe8\x80\xbf\x02\x44\x19\x03\xe9\xf5\xff\x80\x81\x61w",
    b"\x80\x81\xa7\x00\x01\x01\x64node\x02\x44\x7f\x00\x00\x01\x03\x19\x1f\xaf\x04\x01\x05\x61z\x06\x01",
];

#[test]
fn any_bytes_are_survived() {
    let mut rng = fastrand::Rng::with_seed(seed::seed());
    for _ in 0..20_000 {
        let choice = rng.usize(..HONEST.len());
        let mut said = HONEST[choice].to_vec();
        for _ in 0..rng.usize(..4) {
            mutate(&mut said, &mut rng);
        }
        let head = [u8::try_from(choice).unwrap(), rng.u8(1..40)];
        hostile_peer::talk(&[&head[..], &said].concat());
    }
}

fn mutate(bytes: &mut Vec<u8>, rng: &mut fastrand::Rng) {
    let at = rng.usize(..=bytes.len());
    match rng.u8(..4) {
        0 => bytes.insert(at, rng.u8(..)),
        1 => bytes.truncate(at),
        2 => bytes.extend((0..rng.usize(..20)).map(|_| rng.u8(..))),
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = rng.u8(..);
            }
        }
    }
}
