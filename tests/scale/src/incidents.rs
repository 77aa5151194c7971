//! Bad days: what a deployed plan does when something happens to it.

use crate::{
    environments::{Ramp, ramp},
    figures::LAMBDA_RATE_PER_UNIT,
    plan::{Plan, ordinary},
    settings::Settings,
    steady::{Traffic, simulate},
    zipf::Zipf,
};

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incident {
    /// One link is suddenly requested as often as all others together.
    Viral,
    /// Somebody tries random slugs, a tenth of the ordinary rate, at least 100 a second.
    Scan,
    /// All traffic moves to a new version at once, which has no environments.
    ColdDeploy,
    /// One of three availability zones is gone, with its environments and DAX nodes.
    Zone,
    /// DAX is gone; redirectors read the table.
    Dax,
}

impl Incident {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Viral, Self::Scan, Self::ColdDeploy, Self::Zone, Self::Dax];

    /// As the table calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viral => "viral link",
            Self::Scan => "scan of random slugs",
            Self::ColdDeploy => "cold deploy",
            Self::Zone => "loss of a zone",
            Self::Dax => "loss of DAX",
        }
    }
}

/// What an incident does to a plan whose quotas have been raised to what it needs, and no further.
#[derive(Debug, Clone, Copy)]
pub struct Effect {
    /// Requests a second.
    pub rate: f64,
    /// How Lambda scales up to them.
    pub ramp: Ramp,
    /// Load of DAX as a share of what is left of it; none if it is gone.
    pub dax_load: Option<f64>,
    /// Read units of the table a second.
    pub table_units: f64,
    /// Read units of the item that is read most.
    pub hottest_units: f64,
    /// How many times the table's reads grow at once. On-demand tables take twice their last peak.
    pub table_growth: f64,
}

/// Simulates an incident.
pub fn effect(settings: &Settings, zipf: &Zipf, plan: &Plan, incident: Incident) -> Effect {
    let usual = ordinary(settings, plan.visitors);
    let before = plan.steady.rate;
    let traffic = match incident {
        Incident::Viral => Traffic { viral: usual.ordinary, ..usual },
        Incident::Scan => Traffic { unknown: (usual.ordinary / 10.0).max(100.0), ..usual },
        _ => usual,
    };
    let lost = if incident == Incident::Zone { plan.nodes.div_ceil(3) } else { 0 };
    let nodes = plan.nodes - lost;
    let after = simulate(settings, zipf, &traffic, nodes, plan.node_type.cache_bytes);
    let ready = match incident {
        Incident::ColdDeploy => 0.0,
        Incident::Zone => before * 2.0 / 3.0,
        _ => before,
    };
    let quota = (after.rate / LAMBDA_RATE_PER_UNIT.value).ceil().max(f64::from(after.environments));
    let capacity = plan.node_type.units * f64::from(nodes);
    let cached = after.rate * (1.0 - after.cache_hits);
    let (dax_load, table_units, hottest_units) = match incident {
        // Empty caches pass everything on, once.
        Incident::ColdDeploy => {
            (Some((after.dax_units + after.rate * after.cache_hits) / capacity), after.table_units, after.hottest_units)
        }
        Incident::Dax => {
            let each = after.rate * zipf.share(0) / f64::from(after.environments);
            let hottest = f64::from(after.environments) * each / (1.0 + each * settings.cache_ttl);
            (None, 0.5 * cached, 0.5 * hottest)
        }
        _ => (Some(after.dax_units / capacity), after.table_units, after.hottest_units),
    };
    Effect {
        rate: after.rate,
        ramp: ramp(after.rate, ready, quota),
        dax_load,
        table_units,
        hottest_units,
        table_growth: table_units / plan.steady.table_units.max(0.5),
    }
}
