//! The sample of visitors that an item keeps.

use links::clicks::VisitorCode;

/// Codes to add to an item.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) kept: Vec<VisitorCode>,
    /// The level that the item must have at least.
    pub(super) level: u32,
}

/// Codes to remove from an item.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excess {
    pub(super) below: Vec<VisitorCode>,
    /// The level that they are below.
    pub(super) level: u32,
}

/// Those of `codes` that an item keeps which has that level at least.
pub(super) fn sample(codes: &[VisitorCode], level: u32) -> Sample {
    let level = fitting(codes, level);
    let (kept, _) = split(codes, level);
    Sample { kept, level }
}

/// Those of an item's codes that are too many; `None` if they are not.
pub(super) fn excess(codes: &[VisitorCode], level: u32) -> Option<Excess> {
    if codes.len() <= VisitorCode::MAX_KEPT {
        return None;
    }
    let level = fitting(codes, level);
    let (_, below) = split(codes, level);
    Some(Excess { below, level })
}

/// The lowest level, from `level` on, at which no more codes are left than an item keeps.
fn fitting(codes: &[VisitorCode], level: u32) -> u32 {
    let fits = |level: &u32| codes.iter().filter(|code| code.level() >= *level).count() <= VisitorCode::MAX_KEPT;
    // At the highest level there is one code.
    (level..=24).find(fits).unwrap_or(24)
}

fn split(codes: &[VisitorCode], level: u32) -> (Vec<VisitorCode>, Vec<VisitorCode>) {
    codes.iter().partition(|code| code.level() >= level)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(hashes: impl Iterator<Item = u64>) -> Vec<VisitorCode> {
        hashes.map(VisitorCode::of_hash).collect()
    }

    #[test]
    fn few_codes_are_kept_as_they_are() {
        let all = codes(0..256);
        assert_eq!(sample(&all, 0), Sample { kept: all.clone(), level: 0 });
        assert_eq!(excess(&all, 0), None);
    }

    #[test]
    fn of_many_codes_those_of_the_next_level_are_kept() {
        let all = codes(0..257);
        assert_eq!(sample(&all, 0), Sample { kept: codes((0..257).step_by(2)), level: 1 });
        assert_eq!(excess(&all, 0), Some(Excess { below: codes((1..257).step_by(2)), level: 1 }));
        assert_eq!(sample(&codes(0..100_000), 0).level, 9);
    }

    #[test]
    fn an_item_of_a_level_gets_no_codes_below_it() {
        assert_eq!(sample(&codes(0..8), 2), Sample { kept: codes([0, 4].into_iter()), level: 2 });
        // Codes below the level linger if two processes write at a time.
        let excess = excess(&codes(0..400), 3).unwrap();
        assert_eq!((excess.level, excess.below.len()), (3, 350));
    }
}
