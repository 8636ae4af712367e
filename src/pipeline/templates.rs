//! The workspace's templates, which are parsed while its environments are read.

use std::sync::{Arc, LazyLock};

use crate::diag::{Sink, Sources};
use crate::render::{Catalogue, Texts};

type Parsed = (Catalogue, Sink);

/// Templates that are parsed or being parsed: who asks for them first may have to wait.
pub(super) struct Templates {
    parsed: Arc<LazyLock<Parsed, Box<dyn FnOnce() -> Parsed + Send>>>,
    /// Whether it was told what is wrong with them.
    told: bool,
}

impl Templates {
    /// Begins to parse texts, which stand in these sources.
    pub(super) fn parse(texts: Texts, sources: Sources) -> Self {
        let parsed: Arc<LazyLock<_, Box<dyn FnOnce() -> Parsed + Send>>> =
            Arc::new(LazyLock::new(Box::new(move || {
                let mut sink = Sink::default();
                (Catalogue::parse(texts, &sources, &mut sink), sink)
            })));
        let beside = Arc::clone(&parsed);
        rayon::spawn(move || {
            LazyLock::force(&beside);
        });
        Self { parsed, told: false }
    }

    pub(super) fn catalogue(&self) -> &Catalogue {
        &self.parsed.0
    }

    /// What is wrong with them, when it is asked for the first time.
    pub(super) fn findings(&mut self) -> Sink {
        if std::mem::replace(&mut self.told, true) { Sink::default() } else { self.parsed.1.clone() }
    }
}
