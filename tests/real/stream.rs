//! Streams of YAML documents, applied the way `kubectl apply --server-side -f -` does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams};
use kube::client::Body;
use kube::core::{GroupVersionKind, Request, Resource, TypeMeta};
use kube::{Client, discovery};
use serde_json::{Value, json};

const POLLS: u32 = 100;
const POLL_PAUSE: Duration = Duration::from_millis(100);

/// One document: what the server is sent, and what names it.
pub struct Document {
    pub text: String,
    pub object: DynamicObject,
}

/// What the server answered to one document.
#[derive(Debug)]
pub struct Answer {
    /// `kind/name`, with the namespace before it where there is one.
    pub object: String,
    /// The stored object, or the message of the refusal.
    pub result: Result<Box<DynamicObject>, String>,
    pub warnings: Vec<String>,
}

impl Answer {
    pub fn resource_version(&self) -> Option<(&str, &str)> {
        let stored = self.result.as_ref().ok()?;
        Some((&self.object, stored.metadata.resource_version.as_deref()?))
    }
}

impl Document {
    fn new(text: String) -> Self {
        let object = serde_yaml::from_str(&text).expect("a document is an object");
        Self { text, object }
    }

    pub fn kind(&self) -> &TypeMeta {
        self.object.types.as_ref().expect("a document has a kind")
    }

    fn name(&self) -> &str {
        self.object.metadata.name.as_deref().expect("a document has a name")
    }

    fn namespace(&self) -> Option<&str> {
        self.object.metadata.namespace.as_deref()
    }
}

/// Splits at the `---` lines; block scalars are indented, so no such line is part of a value.
pub fn split(stream: &str) -> Vec<Document> {
    let stream = stream.strip_prefix("---\n").unwrap_or(stream);
    stream.split("\n---\n").map(|text| Document::new(text.to_owned())).collect()
}

/// Sends every document in order with strict field validation; refusals do not stop it.
/// `params` may ask for a dry run.
pub async fn apply(client: &Client, documents: &[Document], params: &PatchParams) -> Vec<Answer> {
    let params = params.clone().validation_strict();
    let mut kinds = BTreeMap::new();
    let mut answers = Vec::with_capacity(documents.len());
    for document in documents {
        answers.push(apply_one(client, document, &params, &mut kinds).await);
    }
    answers
}

/// Refusals and warnings, a line each.
pub fn complaints(answers: &[Answer]) -> Vec<String> {
    let refusals = answers.iter().filter_map(|a| Some(format!("{}: {}", a.object, a.result.as_ref().err()?)));
    let warnings = answers.iter().flat_map(|a| a.warnings.iter().map(move |w| format!("{}: {w}", a.object)));
    refusals.chain(warnings).collect()
}

/// The namespaces that the documents are in but do not define.
pub fn missing_namespaces(documents: &[Document]) -> Vec<Document> {
    let mut names: BTreeSet<_> = documents.iter().filter_map(Document::namespace).collect();
    for document in documents.iter().filter(|d| d.kind().kind == "Namespace") {
        names.remove(document.name());
    }
    names
        .into_iter()
        .map(|name| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
        .map(|namespace| Document::new(namespace.to_string()))
        .collect()
}

async fn apply_one(
    client: &Client,
    document: &Document,
    params: &PatchParams,
    kinds: &mut BTreeMap<String, ApiResource>,
) -> Answer {
    let types = document.kind();
    let namespace = document.namespace();
    let mut answer = Answer {
        object: match namespace {
            Some(namespace) => format!("{namespace}/{}/{}", types.kind, document.name()),
            None => format!("{}/{}", types.kind, document.name()),
        },
        result: Err(String::new()),
        warnings: Vec::new(),
    };
    let key = format!("{} {}", types.api_version, types.kind);
    let resource = match kinds.get(&key) {
        Some(resource) => resource.clone(),
        None => match discover(client, types).await {
            Ok(resource) => kinds.entry(key).or_insert(resource).clone(),
            Err(message) => {
                return Answer { result: Err(message), ..answer };
            }
        },
    };

    // The document's own bytes are sent, so that the server's YAML parser reads them.
    let request = Request::new(DynamicObject::url_path(&resource, namespace))
        .patch(document.name(), params, &Patch::Apply(()))
        .expect("a name is valid in a path")
        .map(|_| Body::from(document.text.clone().into_bytes()));
    let response = client.send(request).await.expect("the server answers");

    answer.warnings = response
        .headers()
        .get_all("warning")
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect();
    let accepted = response.status().is_success();
    let body = response.into_body().collect_bytes().await.expect("the answer has an end");
    answer.result = if accepted && types.kind == "CustomResourceDefinition" && !params.dry_run {
        established(client, &resource, document.name()).await
    } else if accepted {
        Ok(serde_json::from_slice(&body).expect("the answer is an object"))
    } else {
        let status: Value = serde_json::from_slice(&body).unwrap_or_default();
        Err(match status["message"].as_str() {
            Some(message) => message.to_owned(),
            None => String::from_utf8_lossy(&body).into_owned(),
        })
    };
    answer
}

/// Waits until a definition is served and the server has stopped writing its status.
async fn established(
    client: &Client,
    resource: &ApiResource,
    name: &str,
) -> Result<Box<DynamicObject>, String> {
    let definitions = Api::<DynamicObject>::all_with(client.clone(), resource);
    let mut last = None;
    for _ in 0..POLLS {
        let definition = definitions.get(name).await.map_err(|e| e.to_string())?;
        let version = definition.metadata.resource_version.clone();
        let conditions = definition.data["status"]["conditions"].as_array();
        let established = conditions
            .is_some_and(|all| all.iter().any(|c| c["type"] == "Established" && c["status"] == "True"));
        if established && version == last {
            return Ok(Box::new(definition));
        }
        last = version;
        tokio::time::sleep(POLL_PAUSE).await;
    }
    Err("is not established".to_owned())
}

/// Asks the server for a kind; one whose definition came a moment ago may not be served yet.
async fn discover(client: &Client, types: &TypeMeta) -> Result<ApiResource, String> {
    let kind = GroupVersionKind::try_from(types).map_err(|e| e.to_string())?;
    let mut last = String::new();
    for _ in 0..POLLS {
        match discovery::oneshot::pinned_kind(client, &kind).await {
            Ok((resource, _)) => return Ok(resource),
            Err(error) => last = format!("{}: {error}", types.kind),
        }
        tokio::time::sleep(POLL_PAUSE).await;
    }
    Err(last)
}
