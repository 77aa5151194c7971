//! The handler: an event is decoded, counted and archived before the function says that it has it.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use function::ClickDelivery;
use jiff::{Timestamp, civil::Date};
use lambda_runtime::LambdaEvent;
use links::{
    CountError, CountsWriter, LinkOwners,
    clicks::{DayKey, MessageMark},
};
use tokio::time::timeout;

use crate::{
    Archive, ArchiveError, Batch, Config, Input,
    batch::{Click, Context},
    count::{Counting, Done, Origin, Work},
    event::Record,
    owners::Owners,
    recent::Recent,
    report::{Counted, Report},
    salts::Salts,
};

/// How long before Lambda ends it an invocation gives up, so that it can say why.
const MARGIN: Duration = Duration::from_secs(1);

/// The tables that the function uses.
#[derive(Debug, Clone)]
pub struct Tables {
    counts: CountsWriter,
    owners: LinkOwners,
}

impl Tables {
    /// Those of the settings. Nothing is sent yet.
    pub fn new(config: &Config) -> Self {
        Self::of(CountsWriter::new(&config.dynamodb, &config.table), &config.dynamodb.table)
    }

    /// A table of counts and, with the same client, the table of links.
    pub fn of(counts: CountsWriter, links: &str) -> Self {
        Self { owners: counts.owners(links), counts }
    }
}

/// Counts the clicks of events.
#[derive(Debug)]
pub struct Clicks {
    counting: Counting,
    owners: Owners,
    salts: Salts,
    recent: Mutex<Recent>,
    archive: Option<Archive>,
    delivery: ClickDelivery,
    report: Report,
    clock: fn() -> SystemTime,
}

/// A batch that was not counted, or not wholly. Lambda sends it again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClicksError {
    /// It is neither from a stream nor from CloudWatch Logs.
    #[error("the event has neither Records nor awslogs")]
    Input,
    /// A table refused.
    #[error("cannot count")]
    Count(#[from] CountError),
    /// The bucket did not take the clicks.
    #[error("cannot archive")]
    Archive(#[from] ArchiveError),
    /// The tables did not respond in time.
    #[error("the invocation's time is over")]
    Deadline,
}

impl Clicks {
    /// Counts in these tables; `clock` tells the time.
    pub fn new(tables: Tables, archive: Option<Archive>, config: &Config, clock: fn() -> SystemTime) -> Self {
        Self {
            counting: Counting::new(tables.counts.clone(), config.keep_days),
            owners: Owners::new(tables.owners),
            salts: Salts::new(tables.counts, config.log_level),
            recent: Mutex::default(),
            archive,
            delivery: config.delivery,
            report: Report { level: config.log_level, function_name: config.function_name.clone() },
            clock,
        }
    }

    /// Counts the clicks of an event.
    ///
    /// # Errors
    /// [`ClicksError`] if some have not been counted. From a stream, the same event or another with the same records may
    /// follow, and no click counts twice.
    pub async fn handle(&self, event: LambdaEvent<Input>) -> Result<(), lambda_runtime::Error> {
        let LambdaEvent { payload, context } = event;
        let now = (self.clock)();
        let since_epoch = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let left = Duration::from_millis(context.deadline).saturating_sub(since_epoch).saturating_sub(MARGIN);
        let request = Request { id: &context.request_id, now };
        let counted = match timeout(left, Box::pin(self.count(payload, request))).await {
            Ok(counted) => counted,
            Err(_elapsed) => Err(ClicksError::Deadline),
        };
        if let Err(error) = &counted {
            self.report.failed(&context.request_id, error);
        }
        Ok(counted?)
    }

    async fn count(&self, input: Input, request: Request<'_>) -> Result<(), ClicksError> {
        let ((), counted) = tokio::join!(self.salts.keep(request.time()), self.count_input(input, request));
        counted
    }

    async fn count_input(&self, input: Input, request: Request<'_>) -> Result<(), ClicksError> {
        if input.records.is_empty() && input.awslogs.is_none() {
            return Err(ClicksError::Input);
        }
        if input.awslogs.is_some() == (self.delivery == ClickDelivery::Stream) {
            self.report.unexpected(request.id);
        }
        // An event is of one shard, but nothing here depends on it.
        let mut shards: BTreeMap<u64, Vec<Record>> = BTreeMap::new();
        let mut stray = Batch::default();
        for record in input.records {
            match record.read() {
                Ok(record) => shards.entry(record.shard).or_default().push(record),
                Err(error) => stray.note(error),
            }
        }
        if stray.unreadable.is_some() {
            let done = Done::default();
            self.report.counted(&request.counted(None, &stray, &done, Instant::now()));
        }
        for (shard, mut records) in shards {
            records.sort_by_key(|record| record.sequence);
            records.dedup_by_key(|record| record.sequence);
            let batch = self.decode(request, |batch, context| {
                records.iter().for_each(|record| batch.add_record(record, context));
            });
            self.finish(batch, Some(shard), request).await?;
        }
        if let Some(message) = input.awslogs {
            let batch = self.decode(request, |batch, context| batch.add_message(&message.data, context));
            self.finish(batch, None, request).await?;
        }
        Ok(())
    }

    fn decode(&self, request: Request<'_>, add: impl FnOnce(&mut Batch, &mut Context<'_>)) -> Batch {
        let mut batch = Batch::new(self.archive.is_some());
        add(&mut batch, &mut Context { now: request.time(), recent: &mut self.recent() });
        batch
    }

    /// Counts and archives a batch. With a stream, counting may be repeated; without one it comes last.
    async fn finish(&self, mut batch: Batch, shard: Option<u64>, request: Request<'_>) -> Result<(), ClicksError> {
        let started = Instant::now();
        let lines = batch.lines.take();
        let archived = async |batch: &Batch| match (&self.archive, lines) {
            (Some(archive), Some(lines)) => archive.store(lines, shard, batch).await,
            _ => Ok(()),
        };
        let done = if shard.is_some() {
            let done = self.count_batch(&batch, shard).await?;
            archived(&batch).await?;
            done
        } else {
            archived(&batch).await?;
            self.count_batch(&batch, shard).await?
        };
        if let Some(message) = batch.message.map(MessageMark::identity) {
            self.recent().remember(message);
        }
        self.report.counted(&request.counted(shard, &batch, &done, started));
        Ok(())
    }

    async fn count_batch(&self, batch: &Batch, shard: Option<u64>) -> Result<Done, CountError> {
        let owners = self.owners.of(batch.slugs.all()).await?;
        let mut works = works(batch, &owners);
        if let Some(message) = batch.message.map(MessageMark::identity) {
            let recent = self.recent();
            works.retain(|work| !recent.has_item(message, &work.key));
        }
        let finished = |key| {
            if let Some(message) = batch.message.map(MessageMark::identity) {
                self.recent().remember_item(message, key);
            }
        };
        self.counting.all(works, Origin { shard, batch }, finished).await
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The invocation.
#[derive(Debug, Clone, Copy)]
struct Request<'a> {
    id: &'a str,
    now: SystemTime,
}

impl<'a> Request<'a> {
    fn time(&self) -> Timestamp {
        Timestamp::try_from(self.now).unwrap_or_default()
    }

    fn counted<'b>(&self, shard: Option<u64>, batch: &'b Batch, done: &'b Done, started: Instant) -> Counted<'b>
    where
        'a: 'b,
    {
        Counted { request_id: self.id, now: self.now, shard, batch, done, took: started.elapsed() }
    }
}

/// One piece of work for each link and day, and one for each owner and day.
fn works<'a>(batch: &'a Batch, owners: &[Option<Arc<str>>]) -> Vec<Work<'a>> {
    let mut works = Vec::with_capacity(batch.days.len() * 2);
    let mut of_owners: HashMap<(&Arc<str>, Date), Vec<Click>> = HashMap::new();
    for (&(position, day), clicks) in &batch.days {
        let Some(slug) = batch.slugs.name(position) else { continue };
        works.push(Work { key: DayKey::of_link(slug, day), clicks: Cow::Borrowed(clicks), has_visitors: true });
        let owner = usize::try_from(position).ok().and_then(|position| owners.get(position)?.as_ref());
        if let Some(owner) = owner {
            of_owners.entry((owner, day)).or_default().extend_from_slice(clicks);
        }
    }
    for ((owner, day), mut clicks) in of_owners {
        clicks.sort_by_key(|click| click.record);
        works.push(Work { key: DayKey::of_owner(owner, day), clicks: Cow::Owned(clicks), has_visitors: false });
    }
    works
}
