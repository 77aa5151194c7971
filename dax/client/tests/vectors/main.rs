//! Replays exchanges recorded between the official DAX clients and a server (see `dax/vectors/README.md`), in three ways:
//!
//! 1. `request`, encoded here, gives `canonical_request_hex`;
//! 2. `response_hex`, decoded here, gives `expected_decoded`, or `decoded` where the client is right;
//! 3. an error in `response_hex` gives the modelled error of the SDK, and the right retry class.
//!
//! Every answer is also read in pieces, cut at each byte, and with the next answer behind it. What was used is counted;
//! what was not is counted with the reason. A vector with neither fails the test.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "missing JSON fields read as null; hex digits are ASCII"
)]

mod control;
mod errors;
#[path = "../support/vector.rs"]
mod vector;

use std::collections::{BTreeMap, HashSet};

use control::{replay_authorization, replay_endpoints, replay_handshake, replay_lookup};
use dax_client::internals::codec::{DecodeStop, EncodeStop, FrameScanner, Lookup, Metadata};
use dax_client::internals::op::{self, Operation};
use dax_client::{Error, Retry};
use dax_protocol::Method;
use dynamodb_json::{FromJson, ToJson};
use errors::check_error;
use serde_json::Value;
use vector::{Vector, folder, hex, is_elsewhere, load, normalised, unhex};

const LIMIT_BYTES: usize = 1 << 24;
/// How many exchanges are recorded.
const RECORDED: usize = 2595;

#[test]
fn every_recorded_exchange_replays() {
    let folder = folder();
    let mut tally = Tally::default();
    let mut vectors = 0;
    for (file, exchanges) in load(&folder) {
        let mut cases: BTreeMap<&str, Vec<&Vector>> = BTreeMap::new();
        for exchange in &exchanges {
            cases.entry(exchange.case()).or_default().push(exchange);
        }
        for exchange in &exchanges {
            vectors += 1;
            let before = tally.total();
            let siblings = cases.get(exchange.case()).map(Vec::as_slice).unwrap_or_default();
            replay_any(exchange, siblings, &mut tally);
            if tally.total() == before {
                tally.failures.push(format!("{file}: {} was neither used nor skipped", exchange.name()));
            }
        }
    }
    println!("{vectors} vectors of {}\n{tally}", folder.display());
    let least = if is_elsewhere() { 1 } else { RECORDED };
    assert!(vectors >= least, "only {vectors} vectors in {}", folder.display());
    assert!(tally.failures.is_empty(), "{} failures:\n{}", tally.failures.len(), tally.failures.join("\n"));
}

/// What was done with the vectors.
#[derive(Default)]
struct Tally {
    used: BTreeMap<&'static str, usize>,
    skipped: BTreeMap<String, usize>,
    failures: Vec<String>,
    /// Answers that were already read in pieces.
    cut: HashSet<(String, Vec<u8>)>,
}

impl Tally {
    fn used(&mut self, what: &'static str) {
        *self.used.entry(what).or_default() += 1;
    }

    fn skipped(&mut self, part: &str, reason: impl std::fmt::Display) {
        *self.skipped.entry(format!("{part}: {reason}")).or_default() += 1;
    }

    fn total(&self) -> usize {
        self.used.values().chain(self.skipped.values()).sum::<usize>() + self.failures.len()
    }

    /// Counts a check that held, or notes the failure.
    fn check(&mut self, exchange: &Vector, what: &'static str, got: &Value, expected: &Value) {
        if got == expected {
            self.used(what);
        } else {
            self.failures.push(format!("{}: {what}\n  got      {got}\n  expected {expected}", exchange.name()));
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (what, count) in &self.used {
            writeln!(f, "  used    {count:5}  {what}")?;
        }
        for (reason, count) in &self.skipped {
            writeln!(f, "  skipped {count:5}  {reason}")?;
        }
        Ok(())
    }
}

fn replay_any(exchange: &Vector, siblings: &[&Vector], tally: &mut Tally) {
    match exchange.text("operation").unwrap() {
        "getItem" => replay::<op::GetItem>(exchange, siblings, tally),
        "putItem" => replay::<op::PutItem>(exchange, siblings, tally),
        "updateItem" => replay::<op::UpdateItem>(exchange, siblings, tally),
        "deleteItem" => replay::<op::DeleteItem>(exchange, siblings, tally),
        "query" => replay::<op::Query>(exchange, siblings, tally),
        "scan" => replay::<op::Scan>(exchange, siblings, tally),
        "batchGetItem" => replay::<op::BatchGetItem>(exchange, siblings, tally),
        "batchWriteItem" => replay::<op::BatchWriteItem>(exchange, siblings, tally),
        "transactGetItems" => replay::<op::TransactGetItems>(exchange, siblings, tally),
        "transactWriteItems" => replay::<op::TransactWriteItems>(exchange, siblings, tally),
        "handshake" => replay_handshake(exchange, tally),
        "authorizeConnection" => replay_authorization(exchange, tally),
        "endpoints" => replay_endpoints(exchange, tally),
        "defineKeySchema" | "defineAttributeListId" | "defineAttributeList" => {
            replay_lookup(exchange, tally);
        }
        other => tally.failures.push(format!("{}: unknown operation {other}", exchange.name())),
    }
}

fn replay<O>(exchange: &Vector, siblings: &[&Vector], tally: &mut Tally)
where
    O: Operation,
    O::Input: FromJson,
    O::Output: ToJson,
{
    let input = match O::Input::from_json(&exchange.fields["request"]) {
        Ok(input) => input,
        Err(error) => {
            return tally.skipped("whole", format_args!("the SDK's types cannot express it: {error}"));
        }
    };
    let mut metadata = Metadata::default();
    let prepared = O::prepare(input, &mut || 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    let encoded = prepared.map_err(EncodeStop::Invalid).and_then(|call| {
        let bytes = exchange.answer_lookups(&mut metadata, |metadata| {
            let mut out = Vec::new();
            call.encode(metadata, &mut out).map(|()| out)
        })?;
        Ok((call, bytes))
    });
    let (call, bytes) = match encoded {
        Ok(encoded) => encoded,
        Err(EncodeStop::Invalid(error) | EncodeStop::Unfit { error, .. }) => {
            return refused(exchange, siblings, &error, tally);
        }
        Err(EncodeStop::Need(lookups)) => {
            return check_failed_lookup::<O>(exchange, &lookups, tally);
        }
        Err(other) => {
            return tally.failures.push(format!("{}: {other:?}", exchange.name()));
        }
    };
    check_request(exchange, siblings, &bytes, tally);
    check_answer(exchange, siblings, &call, metadata, tally);
}

/// A lookup failed, and so did the call: nothing was sent of it.
fn check_failed_lookup<O>(exchange: &Vector, lookups: &[Lookup], tally: &mut Tally)
where
    O: Operation,
{
    let recorded = &exchange.fields["lookups"][0];
    let (asked, answer) = (recorded["request_hex"].as_str(), recorded["response_hex"].as_str());
    let ([lookup], Some(asked), Some(answer)) = (lookups, asked, answer) else {
        return tally.failures.push(format!("{}: cannot answer {lookups:?}", exchange.name()));
    };
    let mut out = Vec::new();
    lookup.encode(&mut out);
    tally.check(exchange, "control request encoded", &hex(&out).into(), &asked.into());
    match lookup.decode(&unhex(answer)) {
        Err(DecodeStop::Server(error)) => check_error::<O>(exchange, *error, tally),
        other => tally.failures.push(format!("{}: the lookup should fail: {other:?}", exchange.name())),
    }
}

/// What this client refuses although every official client, or some, send it. DynamoDB refuses all of it.
const STRICTER: [(&str, &str); 14] = [
    ("set_path", "an attribute with a reserved name"),
    ("extra_key", "attributes beside those of the key would be dropped"),
    ("empty_string_key", "a key without content"),
    ("number_39_digits", "more than 38 digits"),
    ("number_39_digit_decimal", "more than 38 digits"),
    ("null_false", "NULL is never false"),
    ("query_limit_zero", "a page of nothing"),
    ("batch_duplicate_keys", "the same key twice"),
    ("batch_write_duplicate", "the same key twice"),
    ("cond_empty", "an expression without content"),
    ("batch_get_101", "more than 100 keys"),
    ("projection_duplicate", "paths that overlap"),
    ("projection_overlap", "paths that overlap"),
    ("both_expression_and_legacy", "old and new parameters mixed"),
];

/// This client refused the request before anything was sent.
fn refused(exchange: &Vector, siblings: &[&Vector], error: &Error, tally: &mut Tally) {
    let name = exchange.name();
    if !matches!(error, Error::Validation { .. }) || error.retry() != Retry::Never {
        return tally.failures.push(format!("{name}: refused with {error:?}"));
    }
    let stricter = STRICTER.iter().any(|(case, _)| *case == exchange.case());
    if exchange.text("canonical_request_hex").is_some() && !stricter {
        return tally.failures.push(format!("{name}: refused what has a canonical form: {error}"));
    }
    let sent = siblings.iter().filter(|sibling| sibling.text("request_hex").is_some()).count();
    if sent == 0 {
        return tally.used("refused, as by every official client");
    }
    if siblings.iter().all(|sibling| sibling.text("request_hex").is_none() || !sibling.fields["error"].is_null()) {
        return tally.used("refused, as by every official client or the server");
    }
    if stricter {
        return tally.used("refused, though official clients send it: DynamoDB refuses it");
    }
    tally.skipped("whole", format_args!("some official clients send what this one refuses: {error}"));
}

fn check_request(exchange: &Vector, siblings: &[&Vector], bytes: &[u8], tally: &mut Tally) {
    if let Some(canonical) = exchange.text("canonical_request_hex") {
        return tally.check(exchange, "request encoded as canonical", &hex(bytes).into(), &canonical.into());
    }
    let sent: Vec<Vec<u8>> = siblings.iter().filter_map(|sibling| sibling.bytes("request_hex")).collect();
    if sent.is_empty() {
        let why = exchange.fields["error"]["message"].to_string();
        return tally.failures.push(format!("{}: sent what every official client refuses: {why}", exchange.name()));
    }
    let random_token = exchange.fields["request"]["ClientRequestToken"].is_null()
        && exchange.text("operation") == Some("transactWriteItems");
    if random_token {
        let matches = sent.iter().any(|sent| without_token(sent) == without_token(bytes));
        return tally.check(exchange, "request encoded, random token aside", &matches.into(), &true.into());
    }
    if sent.iter().any(|sent| sent == bytes) {
        return tally.used("request encoded as by an official client");
    }
    tally.skipped("request", "it has no canonical form, and no client sent it as this one does");
}

/// A request without its random token: the last 36 bytes before the end of the parameters.
fn without_token(request: &[u8]) -> &[u8] {
    let body = request.len().checked_sub(37).unwrap();
    &request[..body]
}

fn check_answer<O>(exchange: &Vector, siblings: &[&Vector], call: &O, mut metadata: Metadata, tally: &mut Tally)
where
    O: Operation,
    O::Output: ToJson,
{
    let Some(answer) = exchange.bytes("response_hex").filter(|answer| !answer.is_empty()) else {
        return tally.skipped("answer", "there was none");
    };
    let decoded = exchange.answer_lookups(&mut metadata, |metadata| call.decode(metadata, &answer));
    if tally.cut.insert((O::METHOD.name().to_owned() + exchange.case(), answer.clone()))
        && !matches!(decoded, Err(DecodeStop::Malformed { .. }))
    {
        check_pieces(exchange, O::METHOD, &answer, |bytes| call.decode(&metadata, bytes).map(drop));
        tally.used("answer read in pieces");
    }
    match decoded {
        Ok(output) => check_output(exchange, siblings, &output.to_json().unwrap(), tally),
        Err(DecodeStop::Server(error)) => check_error::<O>(exchange, *error, tally),
        Err(other) => tally.failures.push(format!("{}: {other:?}", exchange.name())),
    }
}

fn check_output(exchange: &Vector, siblings: &[&Vector], output: &Value, tally: &mut Tally) {
    let expected = [&exchange.fields["expected_decoded"], &exchange.fields["decoded"]];
    let known = expected.into_iter().find(|expected| !expected.is_null());
    let known =
        known.or_else(|| siblings.iter().map(|other| &other.fields["decoded"]).find(|decoded| !decoded.is_null()));
    let Some(known) = known else {
        return tally.skipped("answer", "no official client reads it; this one does");
    };
    let expected = normalised(known);
    let got = normalised(output);
    if got != expected && invents_item(exchange) {
        return tally.skipped("answer", "the recorded result has an item where the answer says there is none");
    }
    tally.check(exchange, "answer decoded", &got, &expected);
}

/// Item = null, of which node-v2 and node-v3 make an item of nothing but the key.
fn invents_item(exchange: &Vector) -> bool {
    exchange.text("response_hex").is_some_and(|answer| answer == "80bf00f6ff")
}

/// Cut anywhere, an answer is incomplete; followed by another, it ends where it ends; with rubbish behind it, it is wrong.
fn check_pieces(exchange: &Vector, method: Method, answer: &[u8], decode: impl Fn(&[u8]) -> Result<(), DecodeStop>) {
    let name = exchange.name();
    let mut growing = FrameScanner::new(method, LIMIT_BYTES);
    for cut in 0..answer.len() {
        let part = &answer[..cut];
        assert_eq!(growing.scan(part), Ok(None), "{name}: cut at {cut}");
        assert_eq!(FrameScanner::new(method, LIMIT_BYTES).scan(part), Ok(None), "{name}: cut at {cut}");
        assert!(matches!(decode(part), Err(DecodeStop::Incomplete)), "{name}: cut at {cut}");
    }
    assert_eq!(growing.scan(answer), Ok(Some(answer.len())), "{name}");
    let two = [answer, answer].concat();
    assert_eq!(FrameScanner::new(method, LIMIT_BYTES).scan(&two), Ok(Some(answer.len())), "{name}");
    assert!(matches!(decode(&two), Err(DecodeStop::Malformed { .. })), "{name}: two answers read as one");
}
