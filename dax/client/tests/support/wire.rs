//! Requests and answers as a scripted node reads and writes them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, reason = "a test fails by panicking")]

use std::net::{IpAddr, SocketAddr};

use dax_protocol::Method;
use dax_protocol::cbor::{Reader, Writer, skip};

/// A node as a roster announces it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) address: SocketAddr,
    pub(crate) leader: bool,
    pub(crate) zone: &'static str,
}

/// Items of the handshake.
const HANDSHAKE_ITEMS: usize = 5;

/// Length of the handshake at the start of `bytes`; `None` if more has to come.
pub(crate) fn handshake(bytes: &[u8]) -> Option<usize> {
    items(bytes, HANDSHAKE_ITEMS).map(|items| items.iter().map(Vec::len).sum())
}

/// One request: its method, its arguments as CBOR, its length.
pub(crate) fn request(bytes: &[u8]) -> Option<(Method, Vec<Vec<u8>>, usize)> {
    let head = items(bytes, 2)?;
    let id = Reader::new(&head[1]).int().unwrap();
    let method = Method::from_id(id).unwrap();
    let all = items(bytes, 2 + method.arguments())?;
    let length = all.iter().map(Vec::len).sum();
    Some((method, all.into_iter().skip(2).collect(), length))
}

fn items(bytes: &[u8], count: usize) -> Option<Vec<Vec<u8>>> {
    let mut rest = bytes;
    (0..count)
        .map(|_| {
            let length = skip(rest).ok()?;
            let (item, after) = rest.split_at_checked(length)?;
            rest = after;
            Some(item.to_vec())
        })
        .collect()
}

pub(crate) fn text(item: &[u8]) -> String {
    Reader::new(item).text().unwrap().into_owned()
}

pub(crate) fn bytes(item: &[u8]) -> Vec<u8> {
    Reader::new(item).bytes().unwrap().into_owned()
}

/// A successful answer with this body.
pub(crate) fn success(body: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut out = vec![0x80];
    body(&mut Writer::new(&mut out));
    out
}

/// A key schema of string attributes.
pub(crate) fn key_schema(attributes: &[&str]) -> Vec<u8> {
    success(|writer| {
        writer.map(attributes.len());
        for name in attributes {
            writer.text(name);
            writer.text("S");
        }
    })
}

pub(crate) fn nothing() -> Vec<u8> {
    success(|writer| writer.null())
}

/// An error answer with these codes.
pub(crate) fn error(codes: &[i64], message: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    writer.array(codes.len());
    for code in codes {
        writer.int(*code);
    }
    writer.text(message);
    writer.null();
    out
}

pub(crate) fn roster(entries: &[Entry]) -> Vec<u8> {
    success(|writer| {
        writer.array(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            let IpAddr::V4(ip) = entry.address.ip() else { unreachable!("test nodes are IPv4") };
            writer.map(7);
            writer.uint(0);
            writer.uint(at as u64);
            writer.uint(1);
            writer.text("node.test");
            writer.uint(2);
            writer.bytes(&ip.octets());
            writer.uint(3);
            writer.uint(entry.address.port().into());
            writer.uint(4);
            writer.uint(if entry.leader { 1 } else { 2 });
            writer.uint(5);
            writer.text(entry.zone);
            writer.uint(6);
            writer.uint(1000);
        }
    })
}

/// The answer to a write that returns the old item.
pub(crate) fn old_item(list: i64) -> Vec<u8> {
    attributes(2, list, "old")
}

/// An item whose one attribute besides the key holds `echo`; its list number is `list`.
pub(crate) fn item(list: i64, echo: &str) -> Vec<u8> {
    attributes(0, list, echo)
}

fn attributes(field: u64, list: i64, echo: &str) -> Vec<u8> {
    success(|writer| {
        writer.open_map();
        writer.uint(field);
        let nested: Result<(), ()> = writer.nested(|item| {
            item.int(list);
            item.text(echo);
            Ok(())
        });
        nested.unwrap();
        writer.close();
    })
}
