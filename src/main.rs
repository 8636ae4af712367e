//! Arguments → library → exit code.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Objects are made of many small pieces, on all cores at once: glibc's allocator takes twice as long for them.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    p8fs_gen::cli::run().into()
}
