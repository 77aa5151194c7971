//! What is between a function and the table: sometimes a storm, in which requests are refused, answered too late, or carried
//! out without an answer.

use std::fmt::{self, Debug, Formatter};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use e2e::{Client, wait_until};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use local::Stack;
use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

const REFUSED: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"The level of configured provisioned throughput for the table was exceeded"}"#;

/// A proxy in front of the table.
pub(super) struct Weather {
    address: SocketAddr,
    /// Where the table is, once that is known.
    table: watch::Sender<Option<SocketAddr>>,
    sky: Arc<Sky>,
}

struct Sky {
    is_stormy: AtomicBool,
    dice: Mutex<SmallRng>,
    passed: AtomicU64,
    refused: AtomicU64,
    unanswered: AtomicU64,
    in_flight: AtomicU64,
}

/// What happens to a request.
enum Fate {
    Passes { late: Duration },
    IsRefused,
    HasNoAnswer { late: Duration },
}

impl Weather {
    pub(super) async fn start(seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let (table, known) = watch::channel(None);
        let sky = Arc::new(Sky {
            is_stormy: AtomicBool::new(false),
            dice: Mutex::new(SmallRng::seed_from_u64(seed)),
            passed: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
        });
        tokio::spawn(serve(listener, known, Arc::clone(&sky)));
        Self { address, table, sky }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets requests pass to the table of this stack. Until then they wait.
    pub(super) fn lead_to(&self, stack: &Stack) {
        let address = stack.dynamodb_endpoint().trim_start_matches("http://").parse().expect("an address");
        self.table.send_replace(Some(address));
    }

    pub(super) fn storm(&self, is_stormy: bool) {
        self.sky.is_stormy.store(is_stormy, Ordering::Release);
    }

    pub(super) fn refused(&self) -> u64 {
        self.sky.refused.load(Ordering::Acquire)
    }

    /// Waits for the requests of functions that are gone by now.
    pub(super) async fn settled(&self) {
        wait_until("no request is late", async || self.sky.in_flight.load(Ordering::Acquire) == 0).await;
    }
}

impl Debug for Weather {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Sky { passed, refused, unanswered, .. } = &*self.sky;
        write!(f, "{passed:?} requests passed, {refused:?} refused, {unanswered:?} without an answer")
    }
}

impl Sky {
    fn fate(&self) -> Fate {
        if !self.is_stormy.load(Ordering::Acquire) {
            return Fate::Passes { late: Duration::ZERO };
        }
        let mut dice = self.dice.lock().expect("dice");
        let late = Duration::from_millis(dice.random_range(0..150));
        match dice.random_range(0..100) {
            0..30 => Fate::IsRefused,
            30..35 => Fate::HasNoAnswer { late },
            35..60 => Fate::Passes { late },
            _ => Fate::Passes { late: Duration::ZERO },
        }
    }
}

async fn serve(listener: TcpListener, table: watch::Receiver<Option<SocketAddr>>, sky: Arc<Sky>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (table, sky) = (table.clone(), Arc::clone(&sky));
        let respond = service_fn(move |request| respond(request, table.clone(), Arc::clone(&sky)));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), respond));
    }
}

async fn respond(
    request: Request<Incoming>,
    mut table: watch::Receiver<Option<SocketAddr>>,
    sky: Arc<Sky>,
) -> Result<Response<Full<Bytes>>, String> {
    let table = *table.wait_for(Option::is_some).await.map_err(|error| error.to_string())?;
    let table = table.ok_or("nobody is there")?;
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    let (late, is_answered) = match sky.fate() {
        Fate::IsRefused => {
            sky.refused.fetch_add(1, Ordering::AcqRel);
            let mut response = Response::new(Full::from(REFUSED));
            *response.status_mut() = StatusCode::BAD_REQUEST;
            return Ok(response);
        }
        Fate::HasNoAnswer { late } => (late, false),
        Fate::Passes { late } => (late, true),
    };
    // In a task of its own: it is carried out even if the function is killed, as a request on its way is.
    let (answer, answered) = oneshot::channel();
    sky.in_flight.fetch_add(1, Ordering::AcqRel);
    let counters = Arc::clone(&sky);
    tokio::spawn(async move {
        tokio::time::sleep(late).await;
        let reply = Client::new(table).send(Request::from_parts(head, Full::new(body))).await;
        counters.in_flight.fetch_sub(1, Ordering::AcqRel);
        // Nobody may be waiting any more.
        let _ = answer.send(reply);
    });
    let reply = answered.await.map_err(|error| error.to_string())?;
    if !is_answered {
        sky.unanswered.fetch_add(1, Ordering::AcqRel);
        return Err("the connection is cut".to_owned());
    }
    sky.passed.fetch_add(1, Ordering::AcqRel);
    let mut response = Response::new(Full::new(reply.body));
    (*response.status_mut(), *response.headers_mut()) = (reply.status, reply.headers);
    Ok(response)
}
