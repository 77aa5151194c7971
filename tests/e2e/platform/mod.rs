//! The local platform itself, with a function that does what its caller asks for.

mod events;
mod failures;
mod invoke_api;
mod limits;
mod pool;
pub(crate) mod program;

use std::collections::BTreeMap;
use std::path::PathBuf;

use e2e::programs;
use local::{Config, FunctionConfig, FunctionStats, Stack};

/// Every method and path leads to the probe.
const TEMPLATE: &str = "
Resources:
  Probe: {Type: AWS::Lambda::Function, Properties: {Timeout: 1}}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Probe.Arn, PayloadFormatVersion: '2.0'}
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties: {RouteKey: $default, Target: !Sub 'integrations/${Integration}'}
";

/// A stack with the probe as its only function.
async fn probe() -> Stack {
    probe_with(TEMPLATE, |_config, _function| {}).await
}

async fn probe_with(template: &str, change: impl FnOnce(&mut Config, &mut FunctionConfig)) -> Stack {
    let mut function = FunctionConfig::new(PathBuf::from(env!("CARGO_BIN_EXE_probe")));
    function.concurrency = 4;
    let mut config = Config::new(template, BTreeMap::new());
    config.launcher = Some(programs().local.clone());
    change(&mut config, &mut function);
    config.functions.insert("Probe".into(), function);
    Stack::start(config).await.expect("the stack starts")
}

fn stats(stack: &Stack) -> FunctionStats {
    stack.function_stats("probe").expect("the probe is there")
}

/// Whether a process exists and is not merely waiting to be reaped.
fn is_running(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')))
}
