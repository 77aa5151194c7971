//! The smallest sensible function on the official runtime: a lean event, one thread, no logging.

use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use peers::{LeanEvent, LeanResponse};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let respond =
        async |event: LambdaEvent<LeanEvent>| Ok::<_, Error>(LeanResponse::new(event.payload.slug().is_some()));
    Runtime::new(service_fn(respond)).run().await
}
