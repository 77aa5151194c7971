//! The smallest function that creates a link: the official runtime, a lean event, and one conditional put of an item with
//! the AWS SDK. It checks nothing, and takes the end of the URL as the slug.

use std::{collections::HashMap, env, sync::Arc};

use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
    types::AttributeValue,
};
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

/// An event of API Gateway.
#[derive(Debug, Deserialize)]
struct Event {
    body: String,
}

async fn create(dynamodb: &Client, event: Event) -> Result<Value, Error> {
    let slug = event.body.rsplit("id=").next().unwrap_or_default().to_owned();
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let number = |text: &str| AttributeValue::N(text.to_owned());
    let item = HashMap::from([
        ("id".to_owned(), text(&slug)),
        ("target".to_owned(), text(&event.body)),
        ("owner".to_owned(), text("anonymous")),
        ("version".to_owned(), number("1")),
        ("created_at".to_owned(), number("1795394604")),
        ("updated_at".to_owned(), number("1795394604")),
    ]);
    let put = dynamodb.put_item().table_name("links").set_item(Some(item));
    put.condition_expression("attribute_not_exists(id)").send().await?;
    Ok(json!({ "statusCode": 201, "headers": { "content-type": "text/plain" }, "body": slug }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    #[expect(clippy::disallowed_methods, reason = "the whole configuration of this program")]
    let variable = |name: &str| env::var(name);
    let credentials = Credentials::new(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        variable("AWS_SESSION_TOKEN").ok(),
        None,
        "environment",
    );
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(variable("AWS_REGION")?))
        .credentials_provider(credentials)
        .endpoint_url(variable("AWS_ENDPOINT_URL_DYNAMODB")?)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let dynamodb = Arc::new(Client::from_conf(config));
    let handler = service_fn(move |event: LambdaEvent<Event>| {
        let dynamodb = Arc::clone(&dynamodb);
        async move { create(&dynamodb, event.payload).await }
    });
    Runtime::new(handler).run().await
}
