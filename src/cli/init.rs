//! `p8fs-gen init`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{self, Exit, Failure};
use super::report::Reporter;
use crate::declare::published_schema;
use crate::emit;
use crate::k8s::Names;
use crate::workspace::SETTINGS;

/// The longest name of a system.
const LONGEST_NAME: usize = 40;

#[derive(Debug, Args)]
#[command(after_help = exit::help!("p8fs-gen init demo\n  p8fs-gen init . --name demo"))]
pub(super) struct Options {
    /// The folder; made if it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The system's name, which objects' names begin with [default: the folder's]
    #[arg(long)]
    name: Option<String>,
}

pub(super) fn run(directory: &Path, options: &Options, reporter: &Reporter) -> Result<Exit, Failure> {
    // Said as the user said it where that is right.
    let named = &options.folder;
    let folder = if directory == Path::new(".") { named.clone() } else { directory.join(named) };
    let name = match &options.name {
        Some(name) => name.clone(),
        None => name_of(&folder),
    };
    if name.len() > LONGEST_NAME {
        return Err(Failure::Usage(format!("`{name}` is longer than {LONGEST_NAME} letters; see --name")));
    }
    if let Err(rule) = Names::ServiceLabel.check(&name) {
        return Err(Failure::Usage(format!("`{name}` cannot be the system's name: it {rule}; see --name")));
    }

    let files = files(&name);
    let taken: Vec<String> =
        emit::in_the_way(&files, &folder).iter().map(|path| format!("`{}`", path.display())).collect();
    if !taken.is_empty() {
        let taken = taken.join(", ");
        return Err(Failure::Usage(format!("there is already {taken}; choose a folder without such names")));
    }
    emit::create_new(&files, &folder)?;

    let place = folder.display();
    reporter.note(&format!("made a workspace for {name} in {place}"));
    reporter.note(&format!(
        "\nNext:\n  p8fs-gen -C {place} check\n  p8fs-gen -C {place} render dev\n  \
         p8fs-gen -C {place} explain prod deployment/{name}-api spec.replicas"
    ));
    Ok(Exit::Success)
}

/// The folder's name, as far as it can be a system's.
fn name_of(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = whole.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    name.replace(['_', '.', ' '], "-").trim_matches('-').to_owned()
}

fn files(name: &str) -> BTreeMap<&'static str, String> {
    let own = |text: &str| text.replace("NAME", name);
    BTreeMap::from([
        (".gitignore", include_str!("init/gitignore").to_owned()),
        ("README.md", own(include_str!("init/README.md"))),
        ("environments/base.toml", own(include_str!("init/base.toml"))),
        ("environments/dev.toml", own(include_str!("init/dev.toml"))),
        ("environments/prod.toml", own(include_str!("init/prod.toml"))),
        (SETTINGS, include_str!("init/p8fs-gen.toml").replace("VERSION", env!("CARGO_PKG_VERSION"))),
        ("schemas/environment.schema.json", format!("{:#}\n", published_schema())),
    ])
}
