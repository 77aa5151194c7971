//! What is allocated while hostile bytes are read stays in proportion to the bytes, whatever they claim.
//!
//! Alone in its program, because the counters are those of the whole process.

use std::alloc::System;

use dax_client::internals::codec::control::read_endpoints;
use dax_client::internals::codec::{FrameScanner, Lookup, read_value};
use dax_protocol::Method;
use dax_protocol::cbor::Reader;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// An attribute value takes 56 bytes in memory and may take one on the wire; vectors grow by doubling.
const PER_BYTE: usize = 400;
const AT_MOST_BYTES: usize = 64 * 1024;

#[test]
fn claims_of_size_allocate_nothing() {
    let array = [0x9a, 0xff, 0xff, 0xff, 0xff];
    let map = [0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let text = [0x7a, 0xff, 0xff, 0xff, 0xff];
    let bytes = [0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let set = [0xd9, 0x0c, 0xf9, 0x9a, 0xff, 0xff, 0xff, 0xff];
    for claim in [&array[..], &map, &text, &bytes, &set] {
        for times in [1, 2, 30, 200] {
            check(&claim.repeat(times));
            check(&[&[0x80][..], &claim.repeat(times)].concat());
        }
    }
    // Honest, but large in memory: a list of nulls, a map of empty names, numbers of many digits.
    check(&[&[0x99, 0x40, 0x00][..], &[0xf6; 0x4000]].concat());
    check(&[&[0xb9, 0x20, 0x00][..], &[0x60, 0xf6].repeat(0x2000)].concat());
    check(&[&[0xc2, 0x59, 0x40, 0x00][..], &[0xff; 0x4000]].concat());
    check(&[&[0xc4, 0x82, 0x1a, 0x7f, 0xff, 0xff, 0xff, 0x01][..], &[0; 100]].concat());
}

fn check(input: &[u8]) {
    let region = Region::new(ALLOCATOR);
    let outcomes = [
        read_value(&mut Reader::new(input)).is_ok(),
        Reader::new(input).skip().is_ok(),
        FrameScanner::new(Method::Scan, 1 << 24).scan(input).is_ok(),
        read_endpoints(input).is_ok(),
        Lookup::AttributeList { id: 7 }.decode(input).is_ok(),
    ];
    let allocated = region.change().bytes_allocated;
    let allowed = PER_BYTE * input.len() + AT_MOST_BYTES;
    assert!(allocated <= allowed, "{allocated} bytes for {} of input ({outcomes:?})", input.len());
}
