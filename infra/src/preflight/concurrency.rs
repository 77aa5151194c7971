//! Lambda's quota of concurrent executions. New accounts begin with ten, which no provisioned or reserved concurrency fits
//! into, and Lambda says so only once the cluster and the functions have been built.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Finding::{self, Bad, Good, Note};
use crate::aws::Aws;
use crate::stack::Stack;

/// What must stay unreserved for all other functions of the account, if its quota is large enough.
///
/// Source: Lambda API reference, `PutFunctionConcurrency`: "as long as you leave at least 100 simultaneous executions
/// unreserved" (November 2026). Accounts with a quota of ten are told that the minimum is ten.
const UNRESERVED: u64 = 100;

/// Concurrent executions of an account in one region.
#[derive(Debug, Clone, Copy)]
struct Account {
    quota: u64,
    unreserved: u64,
}

/// Compares what the stage reserves with what the account has left.
pub(super) async fn check(aws: &Aws, values: &BTreeMap<String, String>, stack: Option<&Stack>) -> Finding {
    let settings = match aws.signed.get("lambda", "/2016-08-19/account-settings/").await {
        Ok(settings) => settings,
        Err(error) => return Note(format!("Lambda does not say how many executions the account may have: {error:#}")),
    };
    let number = |name: &str| settings.pointer(&format!("/AccountLimit/{name}")).and_then(Value::as_u64);
    match (number("ConcurrentExecutions"), number("UnreservedConcurrentExecutions")) {
        (Some(quota), Some(unreserved)) => {
            judge(Account { quota, unreserved }, reserves(values), stack.map_or(0, |stack| reserves(&stack.parameters)))
        }
        _ => Note("Lambda does not say how many executions the account may have".to_owned()),
    }
}

/// The executions that only this stage's functions can use: what is reserved, and what is provisioned without a reservation.
fn reserves(values: &BTreeMap<String, String>) -> u64 {
    let number = |name: &str| values.get(name).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    number("RedirectorReservedConcurrency").max(number("RedirectorProvisionedConcurrency"))
        + number("WriterReservedConcurrency")
}

fn judge(account: Account, wanted: u64, deployed: u64) -> Finding {
    let Account { quota, unreserved } = account;
    let (least, free) = (UNRESERVED.min(quota), unreserved + deployed);
    if wanted > 0 && free < wanted + least {
        return Bad(format!(
            "the stage reserves {wanted} concurrent executions of Lambda, but of the account's {quota} only {} can be \
             reserved: request a larger quota (`aws service-quotas request-service-quota-increase --service-code lambda \
             --quota-code L-B99A9384 --desired-value 1000`), or set RedirectorProvisionedConcurrency, \
             RedirectorReservedConcurrency and WriterReservedConcurrency to 0",
            free.saturating_sub(least)
        ));
    }
    if quota < UNRESERVED {
        return Note(format!(
            "the account may run {quota} functions at the same time, so more simultaneous requests get 503: request a larger \
             quota (L-B99A9384 of lambda)"
        ));
    }
    Good(format!("{wanted} of {quota} concurrent executions are reserved for this stage"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_must_leave_enough_for_other_functions() {
        let good = |text: &str| text.is_empty();
        for (quota, unreserved, wanted, deployed, expected) in [
            (1_000, 1_000, 0, 0, ""),
            (1_000, 1_000, 900, 0, ""),
            (1_000, 1_000, 901, 0, "only 900 can"),
            (1_000, 150, 60, 0, "only 50 can"),
            (1_000, 150, 60, 10, ""), // an update gives back what the stack has
            (10, 10, 2, 0, "of the account's 10 only 0 can"),
            (10, 10, 0, 0, "more simultaneous requests"),
            (100, 100, 1, 0, "only 0 can"),
        ] {
            let finding = judge(Account { quota, unreserved }, wanted, deployed);
            let (Good(text) | Note(text) | Bad(text)) = &finding;
            assert!(text.contains(expected), "{text}");
            assert_eq!(matches!(finding, Good(_)), good(expected), "{text}");
            assert_eq!(matches!(finding, Bad(_)), expected.contains("only"), "{text}");
        }
    }

    #[test]
    fn provisioned_executions_are_part_of_the_reserved_ones() {
        for (reserved, provisioned, writer, expected) in [("0", "2", "0", 2), ("5", "2", "0", 5), ("5", "2", "10", 15)]
        {
            let values = [
                ("RedirectorReservedConcurrency", reserved),
                ("RedirectorProvisionedConcurrency", provisioned),
                ("WriterReservedConcurrency", writer),
            ];
            assert_eq!(reserves(&values.map(|(name, value)| (name.to_owned(), value.to_owned())).into()), expected);
        }
    }
}
