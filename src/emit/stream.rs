//! All objects of an environment, one after another.

#[cfg(test)]
pub(super) mod tests;

use std::io::{self, Write};

use rayon::prelude::*;

use super::{json, yaml};
use crate::k8s::{Catalog, Identity, Object, Wave};
use crate::verify::Verified;

/// How many objects are held as text at a time.
const PIECE: usize = 1024;

/// How a stream is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Documents with `---` between them.
    Yaml,
    /// One object a line.
    Json,
}

/// Writes the objects, or those of one family, as `kubectl apply --server-side -f -` reads them, in the order in
/// which they are to be installed.
///
/// # Errors
///
/// What `out` gives; it may be closed at any point.
pub fn stream(
    verified: &Verified,
    family: Option<&str>,
    format: Format,
    out: &mut impl Write,
) -> io::Result<()> {
    let _room = tracing::debug_span!(target: "p8fs-gen.emit", "wrote the stream").entered();
    let wanted = |object: &&Object| family.is_none_or(|family| *object.family == *family);
    stream_of(verified.objects().iter().filter(wanted).collect(), verified.catalog(), format, out)
}

fn stream_of(
    mut objects: Vec<&Object>,
    catalog: &Catalog,
    format: Format,
    out: &mut impl Write,
) -> io::Result<()> {
    objects.sort_by_cached_key(|object| {
        let Identity { api_version, kind, namespace, name } = &object.identity;
        (Wave::of(api_version, kind), kind, namespace, name, api_version)
    });
    let separator: &[u8] = match format {
        Format::Yaml => b"---\n",
        Format::Json => b"",
    };
    for (index, piece) in objects.chunks(PIECE).enumerate() {
        if index > 0 {
            out.write_all(separator)?;
        }
        let documents: Vec<_> = piece.par_iter().map(|object| document(object, catalog, format)).collect();
        out.write_all(&documents.join(separator))?;
    }
    out.flush()
}

/// One object, with the end of its last line.
pub(super) fn document(object: &Object, catalog: &Catalog, format: Format) -> Vec<u8> {
    let Identity { api_version, kind, .. } = &object.identity;
    let schema = catalog.cursor(api_version, kind);
    match format {
        Format::Yaml => {
            let mut out = String::new();
            yaml::write(object, schema, &mut out);
            out.into_bytes()
        }
        Format::Json => {
            let mut out = Vec::new();
            json::write(object, schema, &mut out);
            out
        }
    }
}
