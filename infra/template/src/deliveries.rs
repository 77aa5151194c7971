//! Subscription filters, streams and event source mappings.

use std::time::Duration;

use serde_json::Value;

use crate::TemplateError;
use crate::evaluator::{Evaluator, referenced};
use crate::properties::{FUNCTION, function_of, number, string};

const SUBSCRIPTION: &str = "AWS::Logs::SubscriptionFilter";
const STREAM: &str = "AWS::Kinesis::Stream";
const EVENT_SOURCE: &str = "AWS::Lambda::EventSourceMapping";

/// What carries the functions' logs to functions.
#[derive(Debug, Clone, Default)]
pub struct Deliveries {
    /// By logical id, like the others.
    pub subscriptions: Vec<Subscription>,
    /// The streams of Kinesis Data Streams.
    pub streams: Vec<Stream>,
    /// What carries the records of streams to functions.
    pub event_sources: Vec<EventSource>,
}

/// One `AWS::Logs::SubscriptionFilter`.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscription {
    /// Logical id.
    pub id: String,
    /// Logical id of the function that writes the log group.
    pub function: String,
    /// The filter pattern.
    pub pattern: String,
    /// Where the lines go.
    pub destination: Destination,
}

/// The destination of a subscription.
#[derive(Debug, Clone, PartialEq)]
pub enum Destination {
    /// Logical id of a stream.
    Stream(String),
    /// Logical id of a function.
    Function(String),
}

/// One `AWS::Kinesis::Stream`.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// Logical id.
    pub id: String,
    /// Number of shards.
    pub shards: u64,
}

/// One `AWS::Lambda::EventSourceMapping` from a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct EventSource {
    /// Logical id of the stream.
    pub stream: String,
    /// Logical id of the function.
    pub function: String,
    /// Most records of a batch; 100 where the template is silent, as on Lambda.
    pub batch_size: u64,
    /// How long records are collected; not at all where the template is silent, as on Lambda.
    pub window: Duration,
}

impl Deliveries {
    pub(crate) fn read(stack: &Evaluator<'_>) -> Result<Self, TemplateError> {
        let subscriptions = stack.of_type(SUBSCRIPTION)?.into_iter();
        let streams = stack.of_type(STREAM)?.into_iter();
        let sources = stack.of_type(EVENT_SOURCE)?.into_iter();
        Ok(Self {
            subscriptions: subscriptions.map(|(id, found)| subscription(stack, id, found)).collect::<Result<_, _>>()?,
            streams: streams.map(|(id, found)| stream(stack, id, found)).collect::<Result<_, _>>()?,
            event_sources: sources.map(|(id, found)| event_source(stack, id, found)).collect::<Result<_, _>>()?,
        })
    }
}

fn subscription(stack: &Evaluator<'_>, id: &str, properties: &Value) -> Result<Subscription, TemplateError> {
    let group = string(stack, id, properties, "LogGroupName")?;
    let arn = string(stack, id, properties, "DestinationArn")?;
    let destination = match stream_of(stack, &arn)? {
        Some(stream) => Destination::Stream(stream),
        None => Destination::Function(function_of(stack, id, &arn)?),
    };
    Ok(Subscription {
        id: id.to_owned(),
        function: writer_of(stack, id, group)?,
        pattern: string(stack, id, properties, "FilterPattern")?,
        destination,
    })
}

/// The function that writes a log group.
fn writer_of(stack: &Evaluator<'_>, from: &str, group: String) -> Result<String, TemplateError> {
    for (id, properties) in stack.of_type(FUNCTION)? {
        let logging = stack.property(properties, "LoggingConfig")?.unwrap_or_default();
        if logging.get("LogGroup").and_then(Value::as_str) == Some(&group) {
            return Ok(id.to_owned());
        }
    }
    Err(TemplateError::Reference { from: from.to_owned(), to: group, expected: "AWS::Logs::LogGroup of a function" })
}

/// The stream that an ARN belongs to, if it is one.
fn stream_of(stack: &Evaluator<'_>, arn: &str) -> Result<Option<String>, TemplateError> {
    let Some(id) = referenced(arn) else {
        return Ok(None);
    };
    let is_stream = stack.resource(id)?.is_some_and(|(kind, _)| kind == STREAM);
    Ok(is_stream.then(|| id.to_owned()))
}

fn stream(stack: &Evaluator<'_>, id: &str, properties: &Value) -> Result<Stream, TemplateError> {
    Ok(Stream { id: id.to_owned(), shards: number(stack, id, properties, "ShardCount")?.unwrap_or(1) })
}

fn event_source(stack: &Evaluator<'_>, id: &str, properties: &Value) -> Result<EventSource, TemplateError> {
    let arn = string(stack, id, properties, "EventSourceArn")?;
    let Some(stream) = stream_of(stack, &arn)? else {
        return Err(TemplateError::Reference { from: id.to_owned(), to: arn, expected: STREAM });
    };
    let factor = number(stack, id, properties, "ParallelizationFactor")?.unwrap_or(1);
    if factor != 1 {
        let (resource, property) = (id.to_owned(), "ParallelizationFactor");
        // With more, the batches of a shard are no longer in order.
        return Err(TemplateError::Property { resource, property, found: factor.to_string(), expected: "1" });
    }
    let function = string(stack, id, properties, "FunctionName")?;
    let window = number(stack, id, properties, "MaximumBatchingWindowInSeconds")?.unwrap_or(0);
    Ok(EventSource {
        stream,
        function: function_of(stack, id, &function)?,
        batch_size: number(stack, id, properties, "BatchSize")?.unwrap_or(100),
        window: Duration::from_secs(window),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluator::Values;
    use crate::yaml::parse;

    const PARTS: &str = "
Parameters:
  Mode: {Type: String, Default: stream}
Conditions:
  Stream: !Equals [!Ref Mode, stream]
Resources:
  Logs: {Type: AWS::Logs::LogGroup}
  Talker: {Type: AWS::Lambda::Function, Properties: {LoggingConfig: {LogFormat: JSON, LogGroup: !Ref Logs}}}
  Counter: {Type: AWS::Lambda::Function, Properties: {}}
  Live: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Counter}}
  Lines: {Type: AWS::Kinesis::Stream, Condition: Stream, Properties: {ShardCount: 2}}
  Source:
    Type: AWS::Lambda::EventSourceMapping
    Condition: Stream
    Properties: {EventSourceArn: !GetAtt Lines.Arn, FunctionName: !Ref Live, BatchSize: 500, MaximumBatchingWindowInSeconds: 20}
  Words:
    Type: AWS::Logs::SubscriptionFilter
    Properties:
      LogGroupName: !Ref Logs
      FilterPattern: word
      DestinationArn: !If [Stream, !GetAtt Lines.Arn, !Ref Live]
";

    fn read(text: &str, mode: &str) -> Result<Deliveries, TemplateError> {
        let document = parse(text).unwrap();
        let values = Values::from([("Mode".into(), mode.into())]);
        Deliveries::read(&Evaluator::new(&document, &values).unwrap())
    }

    #[test]
    fn lines_go_through_a_stream_or_not() {
        let subscription = |destination| Subscription {
            id: "Words".into(),
            function: "Talker".into(),
            pattern: "word".into(),
            destination,
        };
        let found = read(PARTS, "stream").unwrap();
        assert_eq!(found.subscriptions, [subscription(Destination::Stream("Lines".into()))]);
        assert_eq!(found.streams, [Stream { id: "Lines".into(), shards: 2 }]);
        let source = EventSource {
            stream: "Lines".into(),
            function: "Counter".into(),
            batch_size: 500,
            window: Duration::from_secs(20),
        };
        assert_eq!(found.event_sources, [source]);
        let found = read(PARTS, "direct").unwrap();
        assert_eq!(found.subscriptions, [subscription(Destination::Function("Counter".into()))]);
        assert!(found.streams.is_empty() && found.event_sources.is_empty());
    }

    #[test]
    fn what_cannot_be_delivered_is_refused() {
        for (from, to, expected) in [
            ("LogGroup: !Ref Logs", "LogGroup: other", "is not an AWS::Logs::LogGroup of a function"),
            ("BatchSize: 500", "ParallelizationFactor: 2", "ParallelizationFactor is 2, expected 1"),
            ("EventSourceArn: !GetAtt Lines.Arn", "EventSourceArn: !GetAtt Logs.Arn", "is not an AWS::Kinesis::Stream"),
            ("FunctionName: !Ref Live", "FunctionName: !Ref Lines", "is not an AWS::Lambda::Function"),
            ("ShardCount: 2", "ShardCount: many", "expected a whole number"),
        ] {
            let error = read(&PARTS.replace(from, to), "stream").unwrap_err().to_string();
            assert!(error.contains(expected), "{to}: {error}");
        }
    }
}
