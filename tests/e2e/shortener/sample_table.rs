//! The table of the AWS sample, as a stack takes it over: its key is `id`, and it has no index.

use e2e::{Client, wait_until};
use local::Config;
use serde_json::{Value, json};

use super::redirect::site::{Site, in_both_modes_with};

const TABLE: &str = "sample";
/// The embedded DynamoDB checks its form, and no more.
const SIGNATURE: &str =
    "AWS4-HMAC-SHA256 Credential=id/20270101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";

/// Both functions use the sample's table.
fn taking_over(config: &mut Config) {
    for function in config.functions.values_mut() {
        function.env.insert("DDB_TABLE".to_owned(), TABLE.to_owned());
    }
}

/// Makes the table with one link, as the sample does.
async fn make_table(site: &Site) {
    let dynamodb = Client::at(&site.stack.dynamodb_endpoint());
    let headers = [
        ("x-amz-target", "DynamoDB_20120810.CreateTable"),
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-date", "20270101T000000Z"),
        ("authorization", SIGNATURE),
    ];
    let table = json!({
        "TableName": TABLE,
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        "BillingMode": "PAY_PER_REQUEST",
    });
    let made = dynamodb.call("POST", "/", &headers, table.to_string()).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let item = json!({ "id": { "S": "1dbb76g1" }, "target": { "S": "https://example.com/old" } });
    site.stack.put_item(TABLE, &item).expect("the table takes it");
}

async fn redirects(site: &Site, slug: &str, target: &str) {
    let reply = site.get(&format!("/{slug}")).await;
    assert_eq!((reply.status.as_u16(), reply.header("location")), (301, Some(target)), "{slug}");
}

#[tokio::test]
async fn everything_but_lists_by_owner_works() {
    in_both_modes_with(taking_over, async |site| {
        make_table(site).await;
        redirects(site, "1dbb76g1", "https://example.com/old").await;
        let made = site.client.post("/", "text/plain", "https://example.com/new").await;
        assert_eq!(made.status, 200, "{}", made.text());
        let slug = made.text().to_owned();
        redirects(site, &slug, "https://example.com/new").await;
        let path = format!("/api/v1/links/{slug}");
        let change = json!({ "url": "https://example.com/newer" }).to_string();
        let json = [("content-type", "application/json")];
        assert_eq!(site.client.call("PATCH", &path, &json, change).await.status, 200);
        assert_eq!(site.get(&path).await.json()["url"], "https://example.com/newer");
        assert_eq!(site.client.call("DELETE", &path, &[], "").await.status, 204);
        wait_until("it is gone", async || site.get(&format!("/{slug}")).await.status == 410).await;

        let list = site.get("/api/v1/links").await;
        assert_eq!((list.status.as_u16(), list.header("retry-after")), (409, None), "{}", list.text());
        assert_eq!(list.json()["type"], "urn:kurz:problem:no-owner-index");
        let line = site.logged_where(|line| line["level"] == "error").await;
        let error = line["error"].as_str().unwrap_or_default();
        assert!(error.contains("by_owner"), "{line}");
        assert_eq!(line["message"], Value::from("the store failed"));
    })
    .await;
}
