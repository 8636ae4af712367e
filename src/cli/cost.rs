//! `p8fs-gen cost`

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCompleter;
use serde_json::{Value as Json, json};

use super::exit::{self, Exit, Failure};
use super::report::{self, Reporter};
use super::{Overrides, complete};
use crate::model::{self, Cost, HOURS, Range};
use crate::pipeline::Compiler;
use crate::workspace::Workspace;

#[derive(Debug, Args)]
#[command(after_help = exit::help!(
    "p8fs-gen cost prod
  p8fs-gen cost prod --set cluster.pools.general.nodes=10"
))]
pub(super) struct Options {
    /// The environment
    #[arg(add = ArgValueCompleter::new(complete::environments))]
    environment: String,
    /// How it is printed
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    #[command(flatten)]
    overrides: Overrides,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// One JSON document; amounts are texts with two digits after the point
    Json,
}

pub(super) fn run(workspace: &Workspace, options: &Options, reporter: &Reporter) -> Result<Exit, Failure> {
    let mut compiler = Compiler::without_templates(workspace);
    compiler.set(&options.overrides.set);
    let declared = compiler.declared(&options.environment)?;
    let exit = reporter.findings(compiler.sink, &compiler.sources);
    if let (Exit::Success, Some(declared)) = (exit, declared) {
        let cost = model::cost(&declared);
        report::output(&match options.format {
            Format::Table => table(&options.environment, &cost),
            Format::Json => format!("{:#}\n", document(&options.environment, &cost)),
        })?;
    }
    Ok(exit)
}

/// Millionths with two digits after the point, rounded half up.
fn money(millionths: u128) -> String {
    let cents = (millionths + 5000) / 10_000;
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// `3`, or `3 to 20`.
fn counts((fewest, most): (u32, u32)) -> String {
    if fewest == most { fewest.to_string() } else { format!("{fewest} to {most}") }
}

/// A line of the table: what, and its amounts.
fn line(text: &mut String, what: &str, amount: Option<Range>) {
    let [fewest, most] = match amount {
        Some(range) => [money(range.fewest), money(range.most)],
        None => ["?".to_owned(), "?".to_owned()],
    };
    // Nothing can go wrong with a text.
    let _ = writeln!(text, "{what:<52} {fewest:>12} {most:>12}");
}

fn table(environment: &str, cost: &Cost) -> String {
    let currency = cost.currency.as_deref().unwrap_or("no currency");
    let mut text = String::new();
    let title = format!("{environment}, {currency} a month of {HOURS} hours");
    let _ = writeln!(text, "{title:<52} {:>12} {:>12}", "fewest pods", "most pods");
    for pool in &cost.pools {
        let title = match pool.price {
            Some(price) => {
                let price = format!("{}.{:06}", price / 1_000_000, price % 1_000_000);
                let price = price.trim_end_matches('0').trim_end_matches('.');
                format!("pool {}: {} nodes at {price} an hour", pool.name, pool.nodes)
            }
            None => format!("pool {}: {} nodes without a price", pool.name, pool.nodes),
        };
        line(&mut text, &title, pool.month.map(|month| Range { fewest: month, most: month }));
        for share in &pool.workloads {
            let noun = if share.pods == (1, 1) { "pod" } else { "pods" };
            let what = format!("  {}: {} {noun}", share.workload, counts(share.pods));
            line(&mut text, &what, pool.month.map(|_| share.month));
        }
        line(&mut text, "  idle", pool.month.map(|_| pool.idle));
    }
    for volume in &cost.volumes {
        let class = volume.class.as_deref().unwrap_or("of the default class");
        let (count, size) = (counts(volume.count), &volume.size);
        let what = format!("{} {}: {count} × {size} {class}", volume.workload, volume.volume);
        line(&mut text, &what, volume.month);
    }
    line(&mut text, "in all", Some(cost.total));
    if let Some(tenants) = cost.tenants {
        let each = |amount: u128| amount / u128::from(tenants.max(1));
        let range = Range { fewest: each(cost.total.fewest), most: each(cost.total.most) };
        line(&mut text, &format!("for each of {tenants} tenants"), Some(range));
    }
    if !cost.missing.is_empty() {
        let _ = writeln!(text, "without a price, and not counted: {}", cost.missing.join(", "));
    }
    if !cost.releases.is_empty() {
        let releases = cost.releases.join(", ");
        let _ = writeln!(text, "of charts, and not counted but as idle: the pods and volumes of {releases}");
    }
    text
}

fn document(environment: &str, cost: &Cost) -> Json {
    let range = |range: Range| json!({ "fewest": money(range.fewest), "most": money(range.most) });
    let pools = cost.pools.iter().map(|pool| {
        let workloads = pool.workloads.iter().map(|share| {
            json!({
                "workload": share.workload,
                "pods": { "fewest": share.pods.0, "most": share.pods.1 },
                "month": pool.month.map(|_| range(share.month)),
            })
        });
        json!({
            "pool": pool.name,
            "nodes": pool.nodes,
            "month": pool.month.map(money),
            "workloads": workloads.collect::<Vec<_>>(),
            "idle": pool.month.map(|_| range(pool.idle)),
        })
    });
    let volumes = cost.volumes.iter().map(|volume| {
        json!({
            "workload": volume.workload,
            "volume": volume.volume,
            "class": volume.class,
            "size": volume.size,
            "count": { "fewest": volume.count.0, "most": volume.count.1 },
            "month": volume.month.map(range),
        })
    });
    json!({
        "environment": environment,
        "currency": cost.currency,
        "hours": HOURS,
        "pools": pools.collect::<Vec<_>>(),
        "volumes": volumes.collect::<Vec<_>>(),
        "total": range(cost.total),
        "tenants": cost.tenants,
        "missing": cost.missing,
        "releases": cost.releases,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_two_digits_and_is_rounded() {
        for (millionths, said) in [(0, "0.00"), (4_999, "0.00"), (5_000, "0.01"), (1_234_567_890, "1234.57")]
        {
            assert_eq!(money(millionths), said);
        }
    }
}
