//! The handshake, authorisation, discovery and the lookups.

use dax_client::internals::codec::control::{
    Authorization, Finding, read_endpoints, write_authorize, write_endpoints, write_handshake,
};
use dax_client::internals::codec::{DecodeStop, Lookup};
use dax_protocol::Method;
use serde_json::{Value, json};

use crate::vector::{Vector, hex, unhex};
use crate::{Tally, check_pieces};

pub(crate) fn replay_handshake(exchange: &Vector, tally: &mut Tally) {
    let parsed = &exchange.fields["request_parsed"];
    let session = parsed["session_is"].as_str().filter(|kind| kind.starts_with("byte string"));
    let session = session.and_then(|_| parsed["session"].as_str()).map(unhex);
    let Some(session) = session.and_then(|session| <[u8; 16]>::try_from(session).ok()) else {
        return tally.skipped("handshake", "this client's sessions are 16 random bytes, the recorded one is not");
    };
    let mut out = Vec::new();
    write_handshake(&session, parsed["header"]["UserAgent"].as_str().unwrap(), &mut out);
    let expected = exchange.text("request_hex").unwrap();
    tally.check(exchange, "handshake encoded", &hex(&out).into(), &expected.into());
}

pub(crate) fn replay_authorization(exchange: &Vector, tally: &mut Tally) {
    let parsed = &exchange.fields["request_parsed"];
    let field = |name: &str| parsed[name].as_str();
    let mut authorization =
        Authorization::new(field("accessKeyId").unwrap(), field("signature").unwrap(), field("stringToSign").unwrap());
    authorization.session_token = field("sessionToken");
    authorization.user_agent = field("userAgent");
    let mut out = Vec::new();
    write_authorize(&authorization, &mut out);
    let expected = exchange.text("request_hex").unwrap();
    tally.check(exchange, "authorization encoded", &hex(&out).into(), &expected.into());
}

pub(crate) fn replay_endpoints(exchange: &Vector, tally: &mut Tally) {
    let mut out = Vec::new();
    write_endpoints(&mut out);
    let expected = exchange.text("request_hex").unwrap();
    tally.check(exchange, "control request encoded", &hex(&out).into(), &expected.into());
    let answer = exchange.bytes("response_hex").unwrap();
    check_pieces(exchange, Method::Endpoints, &answer, |bytes| read_endpoints(bytes).map(drop));
    let nodes: Value = read_endpoints(&answer)
        .unwrap()
        .into_iter()
        .map(|node| {
            let address = match node.address {
                std::net::IpAddr::V4(address) => hex(&address.octets()),
                std::net::IpAddr::V6(address) => hex(&address.octets()),
            };
            let role = match node.role {
                dax_protocol::Role::Leader => 1,
                _ => 2,
            };
            json!({
                "0": node.node, "1": node.hostname, "2": {"hex": address}, "3": node.port, "4": role,
                "5": node.availability_zone, "6": node.leader_session,
            })
        })
        .collect();
    tally.check(exchange, "control answer decoded", &nodes, &exchange.fields["decoded"]);
}

pub(crate) fn replay_lookup(exchange: &Vector, tally: &mut Tally) {
    let parsed = &exchange.fields["request_parsed"];
    let lookup = match exchange.text("operation") {
        Some("defineKeySchema") => Lookup::KeySchema { table: parsed["table"].as_str().unwrap().to_owned() },
        Some("defineAttributeList") => Lookup::AttributeList { id: parsed["id"].as_i64().unwrap() },
        _ => Lookup::AttributeListId { names: serde_json::from_value(parsed["names"].clone()).unwrap() },
    };
    let mut out = Vec::new();
    lookup.encode(&mut out);
    let expected = exchange.text("request_hex").unwrap();
    tally.check(exchange, "control request encoded", &hex(&out).into(), &expected.into());
    let answer = exchange.bytes("response_hex").unwrap();
    check_pieces(exchange, lookup.method(), &answer, |bytes| lookup.decode(bytes).map(drop));
    let got = match lookup.decode(&answer) {
        Ok(Finding::AttributeListId(id)) => json!(id),
        Ok(Finding::AttributeList(names)) => json!(&names[..]),
        Ok(Finding::KeySchema(schema)) => {
            schema.attributes().map(|key| (key.name.clone(), json!(key.kind.letter()))).collect()
        }
        Err(DecodeStop::Server(_)) => Value::Null,
        other => panic!("{}: {other:?}", exchange.name()),
    };
    tally.check(exchange, "control answer decoded", &got, &exchange.fields["decoded"]);
}
