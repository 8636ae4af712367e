//! The OpenTelemetry collector.

use serde_json::json;

use super::images::images;
use super::{development, instead, own, pod, started, with};
use crate::sandbox::{Sandbox, said};

#[test]
fn the_collector_validates_its_configuration_and_passes_metrics_on() {
    let objects = development(&[]);
    let pod = pod(&objects, "otel");
    let mut sandbox = Sandbox::new(&objects, images());

    let check = with(&own(&pod), &["validate"]);
    let check: Vec<_> = check.iter().map(String::as_str).collect();
    let checked = instead(&mut sandbox, &pod, &check);
    assert!(checked.status.success(), "{}", said(&checked));
    assert_eq!(String::from_utf8_lossy(&checked.stderr), "", "names that are deprecated are warned of");
    // The negative control: another exporter in a pipeline, which nothing defines.
    let pipeline = "yaml:service::pipelines::traces::exporters: [missing]";
    let wrong = [check.clone(), vec!["--config", pipeline]].concat();
    let wrong = instead(&mut sandbox, &pod, &wrong);
    assert!(!wrong.status.success() && said(&wrong).contains("missing"), "{}", said(&wrong));

    let collector = started(&mut sandbox, &pod);
    let gauge = json!({"resourceMetrics": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "api"}}]},
        "scopeMetrics": [{"metrics": [{"name": "jobs", "gauge": {"dataPoints": [{"asInt": "3"}]}}]}],
    }]});
    let (status, answer) = sandbox.http(&collector, "http", "/v1/metrics", Some(&gauge)).expect("an answer");
    assert_eq!(status, 200, "{answer}");
    let mut metrics = String::new();
    let port = collector.container.ports["metrics"];
    sandbox.until("the metric can be read", |network| {
        metrics =
            network.http(&collector.pod, port, "/metrics", None).map_or_else(|error| error, |(_, body)| body);
        metrics.lines().any(|line| line.starts_with("jobs{") && line.ends_with(" 3"))
    });
    assert!(metrics.contains("deployment_environment_name=\"development\""), "{metrics}");
    assert!(metrics.contains("service_namespace=\"p8fs\""), "{metrics}");

    let stopped = sandbox.stop(&collector);
    assert!(stopped.success(), "{stopped}: {}", sandbox.said(&collector));
}
