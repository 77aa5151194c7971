//! What callers are told about errors.

use super::*;

fn server(method: Method, codes: &[i64], code_text: Option<&str>, http_status: Option<u16>) -> Error {
    let mut error = ServerError::new(method, codes.to_vec(), "why".to_owned());
    error.code_text = code_text.map(str::to_owned);
    error.http_status = http_status;
    Error::Server(Box::new(error))
}

fn broken(method: Method, sent: bool) -> Error {
    let endpoint = SocketAddr::from(([127, 0, 0, 1], 8111));
    Error::Broken { method, lookup: None, endpoint, sent, source: io::ErrorKind::UnexpectedEof.into() }
}

#[test]
fn a_write_that_may_have_happened_is_not_repeated() {
    for (error, unknown, retry) in [
        (broken(Method::PutItem, true), true, Retry::Never),
        (broken(Method::PutItem, false), false, Retry::NewConnection),
        (broken(Method::GetItem, true), false, Retry::NewConnection),
        (broken(Method::TransactWriteItems, true), false, Retry::NewConnection),
        (server(Method::PutItem, &[1, 37, 38, 53], None, None), true, Retry::Never),
        (server(Method::TransactWriteItems, &[1, 37, 38, 53], None, None), false, Retry::Now),
        (server(Method::DeleteItem, &[4, 37, 38, 39, 47], None, Some(500)), true, Retry::Never),
        (server(Method::Query, &[4, 37, 38, 39, 47], None, Some(500)), false, Retry::AfterWait),
        (server(Method::UpdateItem, &[4, 99], None, Some(500)), true, Retry::Never),
        (server(Method::UpdateItem, &[4, 99], None, Some(503)), true, Retry::Never),
        (server(Method::UpdateItem, &[1, 36], None, Some(503)), true, Retry::Never),
        (server(Method::UpdateItem, &[1, 99], None, None), true, Retry::Never),
        (server(Method::UpdateItem, &[2, 36], None, None), true, Retry::Never),
        (server(Method::UpdateItem, &[4, 99], None, Some(400)), true, Retry::Never),
        (server(Method::UpdateItem, &[4, 99], Some("ValidationException"), Some(400)), false, Retry::Never),
        (server(Method::TransactWriteItems, &[2, 36], None, None), false, Retry::AfterRecovery),
        (server(Method::Scan, &[1, 36], None, None), false, Retry::Now),
        (server(Method::UpdateItem, &[4, 37, 38, 39, 40], None, Some(400)), false, Retry::AfterWait),
    ] {
        assert_eq!((error.outcome_unknown(), error.retry()), (unknown, retry), "{error:?}");
    }
}

#[test]
fn a_name_that_does_not_exist_is_final_and_a_resolver_out_of_reach_is_not() {
    let dns = |source| Error::Dns { host: "cluster".to_owned(), source }.retry();
    let lookup = "failed to lookup address information";
    for (source, retry) in [
        (io::Error::from(io::ErrorKind::TimedOut), Retry::AfterWait),
        (io::Error::other(format!("{lookup}: Temporary failure in name resolution")), Retry::AfterWait),
        (io::Error::other(format!("{lookup}: Name or service not known")), Retry::Never),
        (io::Error::other(format!("{lookup}: nodename nor servname provided, or not known")), Retry::Never),
        (io::Error::other(format!("{lookup}: No address associated with hostname")), Retry::Never),
        (io::Error::from(io::ErrorKind::NotFound), Retry::Never),
    ] {
        let text = source.to_string();
        assert_eq!(dns(source), retry, "{text}");
    }
}

#[test]
fn verdicts_are_told_apart_from_failures_to_answer() {
    for (error, verdict) in [
        (broken(Method::GetItem, true), false),
        (Error::validation(Method::GetItem, "no key"), true),
        (server(Method::GetItem, &[4, 37, 38, 39, 43], None, None), true),
        (server(Method::GetItem, &[4, 37, 38, 39, 46], None, Some(400)), true),
        (server(Method::GetItem, &[4, 37, 38, 39, 41], None, None), true),
        (server(Method::GetItem, &[4, 23, 31, 33], None, None), true),
        // Throttling, of the table or of a node: more load elsewhere is no cure.
        (server(Method::GetItem, &[4, 37, 38, 39, 40], None, Some(400)), true),
        (server(Method::GetItem, &[4, 37, 38, 39, 50], None, Some(400)), true),
        (server(Method::GetItem, &[4, 37, 38, 39, 47], None, Some(500)), false),
        (server(Method::GetItem, &[4, 37, 54], None, None), false),
        (server(Method::GetItem, &[2, 36], None, None), false),
        (server(Method::GetItem, &[1, 23], None, None), false),
        (server(Method::GetItem, &[4, 99], None, Some(503)), false),
        (server(Method::GetItem, &[4, 99], None, Some(400)), true),
    ] {
        assert_eq!(error.is_verdict(), verdict, "{error:?}");
    }
}

#[test]
fn a_failed_condition_is_never_repeated_whatever_its_first_code() {
    for first in 1..=4 {
        let error = server(Method::PutItem, &[first, 37, 38, 39, 43], None, None);
        assert!(error.is_condition_failed());
        assert_eq!(error.retry(), Retry::Never);
    }
}

#[test]
fn codes_go_before_names_and_unknown_names_are_kept() {
    let code = |codes: &[i64], name| match server(Method::GetItem, codes, name, None) {
        Error::Server(error) => error.code().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(code(&[4, 23, 24], Some("ValidationException")), "ResourceNotFoundException");
    assert_eq!(code(&[4, 37, 38, 99], Some("Throttling")), "ThrottlingException");
    assert_eq!(code(&[4, 37, 38, 99], Some("InternalServerErrorException")), "InternalServerError");
    assert_eq!(code(&[4, 99], Some("SomeFutureException")), "SomeFutureException");
    assert_eq!(code(&[3], None), "Unknown");
}

#[test]
fn texts_say_what_was_tried_and_do_not_repeat_their_cause() {
    let error = broken(Method::PutItem, true);
    assert_eq!(error.to_string(), "PutItem: connection to 127.0.0.1:8111 broke");
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    assert_eq!(cause.as_deref(), Some("unexpected end of file"));
    let error = server(Method::GetItem, &[4, 99], Some("SomeFutureException"), None);
    assert_eq!(error.to_string(), "GetItem: SomeFutureException: why (error codes [4, 99])");
    assert!(std::error::Error::source(&error).is_none());
}
