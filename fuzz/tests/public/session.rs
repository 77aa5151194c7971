//! A session whose peer says anything at all. `tests/session.rs` of dax-client uses it with random conversations too.

use std::sync::RwLock;
use std::time::Duration;

use aws_sdk_dynamodb::operation::get_item::GetItemInput;
use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use dax_client::Error;
use dax_client::internals::codec::Metadata;
use dax_client::internals::codec::control::Authorization;
use dax_client::internals::op::{GetItem, Operation, PutItem};
use dax_client::internals::session::{Call, Endpoints, Request, Session, Step};
use tokio::time::Instant;

const LIMIT_BYTES: usize = 1 << 16;

/// The first byte chooses the request, the second how the rest, the peer's bytes, is cut into reads.
///
/// Whatever the peer says, the session must not panic, must not ask for ever, and if it calls itself reusable then the
/// next request on it gets its own answer.
pub(crate) fn talk(data: &[u8]) {
    let [choice, cut, said @ ..] = data else {
        return;
    };
    let pieces = said.chunks(usize::from(*cut).max(1));
    match choice % 3 {
        0 => converse(&get("k"), pieces),
        1 => converse(&put("k"), pieces),
        _ => converse(&Endpoints::default(), pieces),
    }
}

fn get(key: &str) -> GetItem {
    let key = AttributeValue::S(key.to_owned());
    let input = GetItemInput::builder().table_name("t").key("pk", key).build().unwrap();
    GetItem::prepare(input, &mut || 0).unwrap()
}

fn put(key: &str) -> PutItem {
    let input = PutItemInput::builder()
        .table_name("t")
        .item("pk", AttributeValue::S(key.to_owned()))
        .item("v", AttributeValue::Bool(true))
        .return_values(ReturnValue::AllOld)
        .build()
        .unwrap();
    PutItem::prepare(input, &mut || 0).unwrap()
}

fn converse<'a, R: Request>(request: &R, mut pieces: impl Iterator<Item = &'a [u8]>) {
    let metadata = RwLock::new(Metadata::default());
    let mut session = Session::new([7; 16], LIMIT_BYTES);
    session.authorize(&Authorization::new("AK", "signature", "string"), 1, Instant::now() + Duration::from_secs(225));
    if ask(request, &mut session, &metadata, &mut pieces).is_some() && session.is_reusable() {
        next_answer_is_its_own(&mut session);
    }
}

/// Makes a call and the lookups that it wants. `None` if the peer's bytes end before, or are none of the protocol's.
fn ask<'a, R: Request>(
    request: &R,
    session: &mut Session,
    metadata: &RwLock<Metadata>,
    pieces: &mut impl Iterator<Item = &'a [u8]>,
) -> Option<Result<R::Output, Error>> {
    let mut call = Call::new(request);
    let mut advances = 0;
    loop {
        advances += 1;
        assert!(advances < 10_000, "the session asks for ever");
        match call.advance(session, metadata) {
            Ok(Step::Exchange) => {
                session.sent();
                call.note_sent();
                receive(session, pieces)?;
            }
            Ok(Step::Learn(lookups)) => {
                for lookup in lookups {
                    match ask(&lookup, session, metadata, pieces)? {
                        Ok(finding) => call.learn(metadata, &lookup, finding),
                        Err(error) => return Some(Err(error)),
                    }
                }
            }
            Ok(Step::Done(output)) => return Some(Ok(output)),
            Ok(_) => unreachable!("there is no other step"),
            Err(error) => return Some(Err(error)),
        }
    }
}

/// `None` if no whole answer comes.
fn receive<'a>(session: &mut Session, pieces: &mut impl Iterator<Item = &'a [u8]>) -> Option<()> {
    loop {
        match session.is_answered() {
            Ok(true) => return Some(()),
            Ok(false) => {}
            Err(_malformed) => {
                assert!(!session.is_reusable(), "an unreadable answer left the session in use");
                return None;
            }
        }
        let Some(piece) = pieces.next() else {
            assert!(!session.is_reusable(), "an answer is due, and the session calls itself reusable");
            return None;
        };
        session.input().extend_from_slice(piece);
    }
}

fn next_answer_is_its_own(session: &mut Session) {
    let metadata = RwLock::new(Metadata::default());
    let question = dax_client::internals::codec::Lookup::KeySchema { table: "t".to_owned() };
    let mut call = Call::new(&question);
    assert!(matches!(call.advance(session, &metadata), Ok(Step::Exchange)));
    session.sent();
    session.input().extend_from_slice(b"\x80\xa1\x62pk\x61S");
    assert!(matches!(session.is_answered(), Ok(true)));
    assert!(matches!(call.advance(session, &metadata), Ok(Step::Done(_))));
    assert!(session.is_reusable());
}
