//! Popularity: the n-th link is requested in proportion to 1 / n^exponent.

use fastrand::Rng;

/// Places in the guide, which makes a draw a search among few links.
const GUIDE: usize = 1 << 16;

/// Draws links by popularity; link 0 is the most popular.
#[derive(Debug)]
pub struct Zipf {
    cumulative: Vec<f64>,
    guide: Vec<u32>,
}

impl Zipf {
    /// The popularity of so many links.
    pub fn new(exponent: f64, links: u32) -> Self {
        let mut sum = 0.0;
        let mut cumulative: Vec<f64> = (1..=links)
            .map(|rank| {
                sum += f64::from(rank).powf(-exponent);
                sum
            })
            .collect();
        cumulative.iter_mut().for_each(|share| *share /= sum);
        let last = cumulative.len() - 1;
        let place = |at: usize| cumulative.partition_point(|share| *share < at as f64 / GUIDE as f64).min(last) as u32;
        let guide = (0..=GUIDE).map(place).collect();
        Self { cumulative, guide }
    }

    /// A link, drawn by popularity.
    pub fn draw(&self, rng: &mut Rng) -> u32 {
        let point = rng.f64();
        let at = (point * GUIDE as f64) as usize;
        let (low, high) = (self.guide[at] as usize, self.guide[at + 1] as usize);
        (low + self.cumulative[low..=high].partition_point(|share| *share < point)).min(high) as u32
    }

    /// The share of requests that go to a link.
    pub fn share(&self, link: u32) -> f64 {
        let at = link as usize;
        self.cumulative[at] - at.checked_sub(1).map_or(0.0, |before| self.cumulative[before])
    }

    /// How many links there are.
    pub fn links(&self) -> u32 {
        self.cumulative.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_drawn_by_their_share() {
        let zipf = Zipf::new(1.0, 1_000);
        let mut rng = Rng::with_seed(1);
        let mut drawn = vec![0_u32; 1_000];
        for _ in 0..1_000_000 {
            drawn[zipf.draw(&mut rng) as usize] += 1;
        }
        for link in [0, 1, 9, 99] {
            let (expected, seen) = (zipf.share(link), f64::from(drawn[link as usize]) / 1e6);
            assert!((seen / expected - 1.0).abs() < 0.06, "link {link}: {seen} instead of {expected}");
        }
        let sum: f64 = (0..zipf.links()).map(|link| zipf.share(link)).sum();
        assert!((sum - 1.0).abs() < 1e-9);
    }
}
