//! All objects of an environment, one after another.

#[cfg(test)]
pub(super) mod tests;

use std::io::{self, Write};
use std::sync::mpsc;
use std::thread;

use rayon::prelude::*;

use super::json::{self, Layout};
use super::{artifact, yaml};
use crate::k8s::{Catalog, Identity, Object, Wave};
use crate::verify::Verified;

/// How many objects are held as text at a time.
const PIECE: usize = 1024;

/// The fewest objects that another thread writes.
const SHARE: usize = 16;

/// Most objects take less, in bytes.
const USUAL: usize = 2048;

/// How a stream is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Documents with `---` between them.
    Yaml,
    /// One object a line.
    Json,
}

impl Format {
    /// What stands between two documents.
    fn separator(self) -> &'static [u8] {
        match self {
            Self::Yaml => b"---\n",
            Self::Json => b"",
        }
    }
}

/// Writes the objects as `kubectl apply --server-side -f -` reads them, in the order in which they are to be
/// installed; of one family, if it is given, with its other files behind them.
///
/// # Errors
///
/// What `out` gives; it may be closed at any point.
pub fn stream(
    verified: &Verified,
    family: Option<&str>,
    format: Format,
    out: &mut (impl Write + Send),
) -> io::Result<()> {
    let _room = tracing::debug_span!(target: "p8fs-gen.emit", "wrote the stream").entered();
    let wanted = |object: &&Object| family.is_none_or(|family| *object.family == *family);
    let objects: Vec<_> = verified.objects().iter().filter(wanted).collect();
    let mut is_first = objects.is_empty();
    stream_of(objects, verified.catalog(), format, out)?;
    let mut artifacts: Vec<_> = verified
        .artifacts()
        .iter()
        .filter(|artifact| family.is_some_and(|family| *artifact.family == *family))
        .collect();
    artifacts.sort_by_key(|artifact| &artifact.path);
    for artifact in artifacts {
        if !is_first {
            out.write_all(format.separator())?;
        }
        is_first = false;
        out.write_all(&artifact::document(artifact, format))?;
    }
    out.flush()
}

fn stream_of(
    mut objects: Vec<&Object>,
    catalog: &Catalog,
    format: Format,
    out: &mut (impl Write + Send),
) -> io::Result<()> {
    objects.par_sort_by_cached_key(|object| {
        let Identity { api_version, kind, namespace, name } = &object.identity;
        (Wave::of(api_version, kind), kind, namespace, name, api_version)
    });
    let mut pieces = objects.chunks(PIECE).enumerate().map(|(index, piece)| {
        let documents = piece.par_iter().with_min_len(SHARE).map(|object| document(object, catalog, format));
        let text = documents.collect::<Vec<_>>().join(format.separator());
        let separator = if index > 0 { format.separator() } else { b"" };
        [separator, &text].concat()
    });
    thread::scope(|scope| {
        // A piece is written while the next one is made.
        let (made, to_write) = mpsc::sync_channel::<Vec<u8>>(1);
        let writer = scope.spawn(move || to_write.iter().try_for_each(|piece| out.write_all(&piece)));
        // Nobody listens after an error.
        let _ = pieces.try_for_each(|piece| made.send(piece));
        drop(made);
        writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// One object, with the end of its last line.
pub(super) fn document(object: &Object, catalog: &Catalog, format: Format) -> Vec<u8> {
    let Identity { api_version, kind, .. } = &object.identity;
    let schema = catalog.cursor(api_version, kind);
    match format {
        Format::Yaml => {
            let mut out = String::with_capacity(USUAL);
            yaml::write(&object.root, schema, &mut out);
            out.into_bytes()
        }
        Format::Json => {
            let mut out = Vec::new();
            json::write(&object.root, schema, Layout::Line, &mut out);
            out
        }
    }
}
