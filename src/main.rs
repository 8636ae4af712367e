//! Arguments → library → exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    p8fs_gen::cli::run().into()
}
