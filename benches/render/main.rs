//! Measures `p8fs-gen render` against `helm template`, whole processes in turn, on the same objects.
//!
//! `cargo bench --bench render` measures; with `-- --keep DIR [SERVICES]` it only writes the workspace and the chart.

mod measure;
mod same;
mod system;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use measure::{median, output, peak, wall};
use system::{ENVIRONMENT, NAMESPACE, SYSTEM, System};

type Failure = Box<dyn std::error::Error>;

/// Services and runs; 198 objects and 9,001.
const AGAINST_HELM: [(usize, usize); 2] = [(35, 15), (1_626, 5)];
/// Services; 9,001 objects and 89,999.
const GROWTH: [usize; 2] = [1_626, 16_264];
const GROWTH_RUNS: usize = 3;

fn main() -> ExitCode {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        [] => bench(),
        ["--keep", folder] => keep(folder, "35"),
        ["--keep", folder, services] => keep(folder, services),
        _ => Err("usage: cargo bench --bench render -- [--keep DIR [SERVICES]]".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn keep(folder: &str, services: &str) -> Result<(), Failure> {
    let case = Case::write(Path::new(folder), services.parse()?)?;
    println!("{:?}\n{:?}", case.ours(), case.helm());
    Ok(())
}

fn bench() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    println!("| objects | runs | p8fs-gen | Helm | ratio | p8fs-gen memory | Helm memory | ratio |");
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|");
    for (services, runs) in AGAINST_HELM {
        against_helm(&Case::write(&folder.path().join(services.to_string()), services)?, runs)?;
    }
    println!();
    growth(folder.path())
}

/// Both programs in turn, so that what slows the machine down slows both down.
fn against_helm(case: &Case, runs: usize) -> Result<(), Failure> {
    let objects = same::check(&output(&mut case.ours())?, &output(&mut case.helm())?)?;
    let (mut ours, mut helm, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        let (a, b) = (wall(&mut case.ours())?, wall(&mut case.helm())?);
        ratios.push(b.as_secs_f64() / a.as_secs_f64());
        ours.push(a);
        helm.push(b);
    }
    let (our_peak, helm_peak) = (peak(&mut case.ours())?, peak(&mut case.helm())?);
    println!(
        "| {objects} | {runs} | {} | {} | {:.1} | {} | {} | {:.1} |",
        milliseconds(&ours),
        milliseconds(&helm),
        median(&ratios).unwrap_or_default(),
        mebibytes(our_peak),
        mebibytes(helm_peak),
        ratio(helm_peak, our_peak),
    );
    Ok(())
}

/// Our program alone, at a size and at ten times that size, in turn.
fn growth(folder: &Path) -> Result<(), Failure> {
    let cases = GROWTH
        .iter()
        .map(|services| Case::write(&folder.join(format!("growth-{services}")), *services))
        .collect::<Result<Vec<_>, _>>()?;
    let mut walls = vec![Vec::new(); cases.len()];
    for _ in 0..GROWTH_RUNS {
        for (case, walls) in cases.iter().zip(&mut walls) {
            walls.push(wall(&mut case.ours())?);
        }
    }
    println!("| objects | runs | p8fs-gen | each | p8fs-gen memory | each |");
    println!("|--:|--:|--:|--:|--:|--:|");
    for (case, walls) in cases.iter().zip(&walls) {
        let objects = output(&mut case.ours())?.split("\n---\n").count();
        let peak = peak(&mut case.ours())?;
        let each = median(walls).unwrap_or_default() / u32::try_from(objects)?;
        println!(
            "| {objects} | {GROWTH_RUNS} | {} | {:.1} µs | {} | {:.1} KiB |",
            milliseconds(walls),
            each.as_secs_f64() * 1e6,
            mebibytes(peak),
            ratio(peak, u64::try_from(objects)?),
        );
    }
    Ok(())
}

/// A system on disk, for both programs.
struct Case {
    workspace: PathBuf,
    chart: PathBuf,
    helm: PathBuf,
    /// Where Helm looks for its settings, so that the user's own have no part in this.
    home: PathBuf,
}

impl Case {
    fn write(folder: &Path, services: usize) -> Result<Self, Failure> {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let helm = package.join("target/tools/helm");
        if !helm.is_file() {
            return Err("no Helm in target/tools: run `make tools`".into());
        }
        let system = System::of(services);
        let (workspace, chart, home) = (folder.join("workspace"), folder.join("chart"), folder.join("home"));
        system.write_workspace(&workspace)?;
        system.write_chart(&package.join("benches/chart"), &chart)?;
        fs::create_dir_all(&home)?;
        Ok(Self { workspace, chart, helm, home })
    }

    fn ours(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_p8fs-gen"));
        command.arg("-C").arg(&self.workspace).args(["render", ENVIRONMENT]);
        command
    }

    fn helm(&self) -> Command {
        let mut command = Command::new(&self.helm);
        command.args(["template", SYSTEM]).arg(&self.chart).args(["--namespace", NAMESPACE]);
        for home in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
            command.env(home, &self.home);
        }
        command
    }
}

fn milliseconds(walls: &[Duration]) -> String {
    let milliseconds = median(walls).unwrap_or_default().as_secs_f64() * 1e3;
    if milliseconds < 100.0 { format!("{milliseconds:.1} ms") } else { format!("{milliseconds:.0} ms") }
}

fn mebibytes(kibibytes: u64) -> String {
    format!("{} MiB", kibibytes.div_ceil(1024))
}

#[allow(clippy::cast_precision_loss, reason = "amounts of memory are far below 2^52 KiB")]
fn ratio(a: u64, b: u64) -> f64 {
    a as f64 / b as f64
}
