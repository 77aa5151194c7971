//! Options from a file.
//!
//! Its entries are turned into arguments, so that each option is described, checked and explained once, by `clap`.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use clap::{
    Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches,
    error::{Error, ErrorKind},
    parser::ValueSource,
    value_parser,
};
use serde_json::{Map, Value};

const CONFIG: &str = "config";

/// A set of options that may also come from the file of one more option, `--config`. What the command line says takes
/// precedence, then the environment.
#[derive(Debug)]
pub struct WithFile<T>(pub T);

impl<T: Args> Args for WithFile<T> {
    fn augment_args(command: Command) -> Command {
        T::augment_args(command.arg(config()))
    }

    fn augment_args_for_update(command: Command) -> Command {
        T::augment_args_for_update(command.arg(config()))
    }
}

impl<T: Args> FromArgMatches for WithFile<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let Some(file) = matches.get_one::<PathBuf>(CONFIG) else {
            return T::from_arg_matches(matches).map(Self);
        };
        let command = T::augment_args(Command::new("dax-server").disable_help_flag(true));
        let in_file =
            |error: String| Error::raw(ErrorKind::ValueValidation, format!("{}: {}", file.display(), error.trim()));
        let entries = read(file).map_err(|error| in_file(format!("{error:#}")))?;
        let arguments = merge(&command, matches, entries).map_err(in_file)?;
        let merged = command.try_get_matches_from(arguments);
        let merged = merged.map_err(|error| in_file(error.render().to_string().replacen("error: ", "", 1)))?;
        T::from_arg_matches(&merged).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn config() -> Arg {
    let help = "File with options, in TOML or, if it is called .json, in JSON: `nodes = 3`. Those of the command line and \
                of the environment take precedence";
    Arg::new(CONFIG).long(CONFIG).value_name("FILE").value_parser(value_parser!(PathBuf)).help(help)
}

/// The entries of a file: JSON if its name says so, else TOML.
fn read(file: &Path) -> anyhow::Result<Map<String, Value>> {
    let text = std::fs::read_to_string(file)?;
    match file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
        true => Ok(serde_json::from_str(&text)?),
        false => Ok(toml::from_str(&text)?),
    }
}

/// The arguments of the command line, and those that the file adds.
fn merge(command: &Command, matches: &ArgMatches, entries: Map<String, Value>) -> Result<Vec<OsString>, String> {
    let mut arguments = vec![OsString::from("dax-server")];
    let named = |name: &str| command.get_arguments().find(|option| option.get_long() == Some(name));
    for option in command.get_arguments().filter(|option| is_given(matches, option)) {
        arguments.extend(given(matches, option));
    }
    for (name, value) in entries {
        let option = named(&name).ok_or_else(|| format!("there is no option {name}"))?;
        let source = matches.value_source(option.get_id().as_str());
        if !matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable)) {
            arguments.extend(arguments_of(option, &name, &value)?);
        }
    }
    Ok(arguments)
}

fn is_given(matches: &ArgMatches, option: &Arg) -> bool {
    matches.value_source(option.get_id().as_str()) == Some(ValueSource::CommandLine)
}

/// An option as it was given on the command line.
fn given(matches: &ArgMatches, option: &Arg) -> Vec<OsString> {
    let name = option.get_long().unwrap_or_default();
    if matches!(option.get_action(), ArgAction::SetTrue) {
        return vec![format!("--{name}").into()];
    }
    let values = matches.get_raw(option.get_id().as_str()).into_iter().flatten();
    let argument = |value: &std::ffi::OsStr| {
        let mut argument = OsString::from(format!("--{name}="));
        argument.push(value);
        argument
    };
    values.map(argument).collect()
}

/// An entry of the file as it would be given on the command line.
fn arguments_of(option: &Arg, name: &str, value: &Value) -> Result<Vec<OsString>, String> {
    let argument = |value: &Value| match value {
        Value::String(text) => Ok(format!("--{name}={text}").into()),
        Value::Number(number) => Ok(format!("--{name}={number}").into()),
        _ => Err(format!("{name} takes text or a number, not {value}")),
    };
    match (option.get_action(), value) {
        (ArgAction::SetTrue, Value::Bool(true)) => Ok(vec![format!("--{name}").into()]),
        (ArgAction::SetTrue, Value::Bool(false)) => Ok(Vec::new()),
        (ArgAction::SetTrue, _) => Err(format!("{name} is true or false, not {value}")),
        // An option whose value may be left out.
        (_, Value::Bool(true)) if can_stand_alone(option) => Ok(vec![format!("--{name}").into()]),
        (_, Value::Bool(false)) if can_stand_alone(option) => Ok(Vec::new()),
        (ArgAction::Append, Value::Array(values)) => values.iter().map(argument).collect(),
        _ => Ok(vec![argument(value)?]),
    }
}

fn can_stand_alone(option: &Arg) -> bool {
    option.get_num_args().is_some_and(|count| count.min_values() == 0)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::command::Options;

    /// The options of a command line whose `--config` file has this text, or the error.
    fn parse(extension: &str, text: &str, arguments: &[&str]) -> Result<Options, String> {
        let mut file = tempfile::Builder::new().suffix(extension).tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let config = format!("--config={}", file.path().display());
        let arguments = ["dax-server", &config].into_iter().chain(arguments.iter().copied());
        let matches = WithFile::<Options>::augment_args(Command::new("dax-server")).try_get_matches_from(arguments);
        let options = matches.and_then(|matches| WithFile::<Options>::from_arg_matches(&matches));
        options.map(|options| options.0).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_sets_what_the_command_line_does_not() {
        let toml = "nodes = 3\ntls = true\njson = false\nallow-host = [\"a\", \"b\"]\nitem-ttl = [1000, \"links=5\"]\n";
        let json =
            r#"{"nodes": 3, "tls": true, "json": false, "allow-host": ["a", "b"], "item-ttl": [1000, "links=5"]}"#;
        for (extension, text) in [(".toml", toml), (".json", json), (".conf", toml)] {
            let show = |arguments| {
                let set = parse(extension, text, arguments).unwrap();
                format!("{} {} {} {:?} {:?}", set.nodes, set.tls, set.port.unwrap_or(0), set.allow_host, set.item_ttl)
            };
            let all = r#"3 true 0 ["a", "b"] [Ttl { table: None, ttl: 1s }, Ttl { table: Some("links"), ttl: 5ms }]"#;
            assert_eq!(show(&[]), all);
            assert_eq!(show(&["--nodes", "2", "--port=7"]), all.replacen('3', "2", 1).replacen('0', "7", 1));
            let others = r#"3 true 0 ["c"] [Ttl { table: None, ttl: 9ms }]"#;
            assert_eq!(show(&["--allow-host=c", "--item-ttl=9"]), others, "lists are replaced, too");
        }
    }

    #[test]
    fn what_makes_no_sense_in_a_file_is_refused() {
        for (text, expected) in [
            ("node = 3", "there is no option node"),
            ("help = true", "there is no option help"),
            ("config = \"other\"", "there is no option config"),
            ("nodes = \"many\"", "invalid value 'many'"),
            ("nodes = 65", "invalid value '65'"),
            ("item-ttl = \"foo\"", "\"foo\" is no number of milliseconds, such as 60000"),
            ("query-ttl = \"links=\"", "\"\" is no number of milliseconds"),
            ("nodes = true", "nodes takes text or a number, not true"),
            ("nodes = [1, 2]", "nodes takes text or a number, not [1,2]"),
            ("tls = \"yes\"", "tls is true or false, not \"yes\""),
            ("tls = ", "TOML parse error"),
        ] {
            let error = parse(".toml", text, &[]).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert!(parse(".json", "[]", &[]).unwrap_err().contains("invalid type"));
    }
}
