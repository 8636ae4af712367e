//! `p8fs-gen explain`

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCompleter;

use super::exit::{self, Exit, Failure};
use super::report::{self, Reporter};
use super::{Overrides, complete};
use crate::explain::{Explainer, Question, text};
use crate::k8s::FieldPath;
use crate::pipeline::{Compiled, Compiler};
use crate::template::Recording;
use crate::workspace::Workspace;

#[derive(Debug, Args)]
#[command(after_help = exit::help!(
    "p8fs-gen explain prod deploy/p8fs-api spec.replicas
  p8fs-gen explain prod networkpolicy/p8fs-api"
))]
pub(super) struct Options {
    /// The environment
    #[arg(add = ArgValueCompleter::new(complete::environments))]
    environment: String,
    /// The object, as kubectl names it: `deployment/p8fs-api`, `deploy/p8fs-api` or `deployments.apps/p8fs-api`;
    /// `NAMESPACE/deploy/p8fs-api` where names stand in several namespaces; or a file beside the objects, by its path:
    /// `helm/keda/values.yaml`
    #[arg(add = ArgValueCompleter::new(complete::objects))]
    object: String,
    /// A field of it, as `spec.template.spec.containers[api].image`, `ports[0]` or `labels[app.kubernetes.io/name]`;
    /// all of it when left out
    field: Option<FieldPath>,
    /// The namespace of the object
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// How the answer is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    overrides: Overrides,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON document; `docs/explain.md` describes it
    Json,
}

pub(super) fn run(workspace: &Workspace, options: &Options, reporter: &Reporter) -> Result<Exit, Failure> {
    let mut compiler = Compiler::new(workspace)?;
    compiler.set(&options.overrides.set);
    let compiled = compiler.compile(&options.environment, Recording::Leaves)?;
    compiler.unread_arguments();
    let mut printed = String::new();
    if let Some(Compiled { objects, inputs, .. }) = &compiled {
        let question = Question {
            environment: &options.environment,
            object: &options.object,
            namespace: options.namespace.as_deref(),
            field: options.field.clone().unwrap_or_default(),
        };
        match (Explainer { sources: &compiler.sources, inputs, objects }).answer(&question) {
            Ok(answer) => {
                printed = match options.format {
                    Format::Text => text(&answer),
                    Format::Json => serde_json::to_string_pretty(&answer).unwrap_or_default() + "\n",
                }
            }
            Err(finding) => compiler.sink.push(*finding),
        }
    }
    let exit = reporter.findings(compiler.sink, &compiler.sources);
    if exit == Exit::Success {
        report::output(&printed)?;
    }
    Ok(exit)
}
