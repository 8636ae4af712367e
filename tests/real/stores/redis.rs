//! Redis: one server.

use super::images::images;
use super::{exec, instead, pod, started};
use crate::accepted::render_in;
use crate::container::Objects;
use crate::sandbox::{Sandbox, said};

#[test]
fn redis_takes_its_configuration_and_keeps_what_it_was_told() {
    let objects = Objects::new(&render_in("examples/shop", &["test"]));
    let pod = pod(&objects, "sessions");
    let mut sandbox = Sandbox::new(&objects, images());

    let server = started(&mut sandbox, &pod);
    for (directive, value) in
        [("appendonly", "yes"), ("dir", "/data"), ("save", ""), ("maxmemory-policy", "noeviction")]
    {
        let answer = exec(&server, &["redis-cli", "config", "get", directive]);
        assert_eq!(answer.lines().nth(1).unwrap_or_default(), value, "{directive}");
    }
    // Under the name that others use.
    assert_eq!(exec(&server, &["redis-cli", "-h", "shop-sessions", "set", "key", "value"]), "OK\n");
    let stopped = sandbox.stop(&server);
    assert!(stopped.success(), "{stopped}: {}", sandbox.said(&server));
    let server = started(&mut sandbox, &pod);
    assert_eq!(exec(&server, &["redis-cli", "get", "key"]), "value\n");

    // The negative control: what is not known is refused.
    let wrong =
        instead(&mut sandbox, &pod, &["redis-server", "/etc/redis/redis.conf", "--appendonlyy", "yes"]);
    assert!(!wrong.status.success() && said(&wrong).contains("appendonlyy"), "{}", said(&wrong));
}
