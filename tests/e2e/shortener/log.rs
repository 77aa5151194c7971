//! Whatever a function prints before the first request and after the last is a line of the log as well.

use std::path::Path;
use std::process::Stdio;

use e2e::{PATIENCE, programs};
use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

use super::redirect::site::check_line;

/// On loopback nobody listens there.
const NOBODY: &str = "127.0.0.1:1";

/// Runs a function with these variables alone, and returns what it prints until it fails.
async fn printed(program: &Path, variables: &[(&str, &str)]) -> Vec<String> {
    let mut command = Command::new(program);
    command.env_clear().envs(variables.iter().copied()).stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(PATIENCE, command.output()).await.expect("it ends").expect("it starts");
    assert!(!output.status.success());
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8(text).expect("text").lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_function_without_settings_says_so_in_a_line_of_the_log() {
    let functions = programs().functions();
    for program in [&functions.redirector, &functions.writer] {
        let lines = printed(program, &[("AWS_LAMBDA_RUNTIME_API", NOBODY)]).await;
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        check_line(line);
        let line: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!((&line["level"], &line["message"]), (&"error".into(), &"the function cannot run".into()));
        assert!(line["error"].as_str().is_some_and(|error| error.contains("DDB_TABLE is not set")), "{line}");
    }
}

#[tokio::test]
async fn a_function_that_finds_nobody_complains_in_lines_of_the_log() {
    let nobody = format!("http://{NOBODY}");
    let dax = format!("dax://{NOBODY}");
    let variables = [
        ("AWS_LAMBDA_RUNTIME_API", NOBODY),
        ("AWS_LAMBDA_FUNCTION_NAME", "f"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "g"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "s"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_ENDPOINT_URL_DYNAMODB", &nobody),
        ("DDB_TABLE", "links"),
        ("DAX_ENDPOINT", &dax),
        ("KEYS_TABLE", "keys"),
        ("WRITER_AUTH", "API_KEY"),
        ("ADMIN_PRINCIPALS", "root"),
        ("SLUG_SECRET", "0123456789abcdef"),
    ];
    let functions = programs().functions();
    for (program, expected) in [
        (&functions.redirector, &["starting without DAX", "the function cannot run"][..]),
        (&functions.writer, &["a setting has no effect", "starting without DAX", "the function cannot run"]),
    ] {
        let lines = printed(program, &variables).await;
        lines.iter().for_each(|line| check_line(line));
        for message in expected {
            assert!(lines.iter().any(|line| line.contains(message)), "{message} in {lines:?}");
        }
    }
}

#[tokio::test]
async fn a_person_who_starts_a_function_is_told_what_it_is() {
    let lines = printed(&programs().functions().redirector, &[]).await;
    assert!(lines.len() == 1 && lines[0].starts_with("This is a Lambda function;"), "{lines:?}");
}
