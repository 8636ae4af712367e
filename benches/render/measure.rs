//! Runs programs, and what they cost.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Failure;

/// The output of a run.
pub fn output(command: &mut Command) -> Result<String, Failure> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The time of a run from its start to its end, its output thrown away.
pub fn wall(command: &mut Command) -> Result<Duration, Failure> {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status()?;
    let wall = start.elapsed();
    if status.success() { Ok(wall) } else { Err(format!("{command:?} failed").into()) }
}

/// The most memory a run holds, in KiB.
///
/// Asked while the program waits for its output to be read: both programs write only once everything is rendered,
/// and more than a pipe holds.
pub fn peak(command: &mut Command) -> Result<u64, Failure> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut peak = 0;
    if let Some(mut stdout) = child.stdout.take() {
        let mut buffer = vec![0; 1 << 16];
        while stdout.read(&mut buffer)? > 0 {
            peak = high_water(child.id()).unwrap_or_default().max(peak);
        }
    }
    child.wait()?;
    if peak == 0 { Err("the system does not tell how much memory a process holds".into()) } else { Ok(peak) }
}

/// None when the process is gone, or where there is no `/proc`.
fn high_water(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// The middle one; of an even number, the lower of the two.
pub fn median<T: PartialOrd + Copy>(values: &[T]) -> Option<T> {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}
